/** What `sim` does: simulates, and prints the figures of each run; of a failed one also what came before, and how to see it again. */

import type { Result } from '../../../../protocol/types.ts'
import type { Context } from '../context.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import type { SimOptions } from '../options.ts'
import { count } from '../output.ts'
import type { SimulatedRun } from '../program.ts'
import { type Progress, showProgress } from '../progress.ts'

/** Figures that stand in the short report, with their words. */
const SHOWN: readonly (readonly [name: string, words: string])[] = [
  ['simulatedS', 'simulated seconds'],
  ['realS', 'real seconds'],
  ['publishes', 'lessons published'],
  ['delivered10s', 'share delivered within 10 s'],
  ['delivered60s', 'share delivered within 60 s'],
  ['propagationP50Ms', 'median delivery, ms'],
  ['propagationP99Ms', '99th percentile, ms'],
  ['bytesPerNodeDay', 'bytes sent a node and day'],
  ['convergedAfterHealS', 'seconds until all held the same'],
  ['recalls', 'recalls'],
  ['recallAccuracy', 'share answered on the topic'],
  ['rssMb', 'memory, MB'],
  ['traceHash', 'trace'],
]

/** Steps of the progress bar that one run has. */
const stepsOfRun = 1_000

export async function runSim(context: Context, written: SimOptions): Promise<Result<ExitStatus>> {
  const { out, program } = context
  let progress: Promise<Progress> | undefined
  let shown = 0
  let runs = 0
  let ended = 0
  const show = (steps: number): void => {
    const more = steps - shown
    if (more <= 0) return
    shown = steps
    void progress?.then(bar => bar.add(more))
  }
  const results: SimulatedRun[] = []
  const failed = await program.simulate({
    written,
    onRuns: total => {
      runs = total
      progress = showProgress(out, total * stepsOfRun)
    },
    onProgress: share => show(Math.floor((ended + share) * stepsOfRun)),
    onResult: result => {
      ended++
      show(ended * stepsOfRun)
      results.push(result)
      if (out.json) out.document({ ...result.figures, command: result.command })
    },
  })
  ;(await progress)?.stop()
  if (!failed.ok) return failed
  if (!out.json) for (const result of results) print(context, result, runs)
  return { ok: true, value: failed.value > 0 ? exitStatus.failed : exitStatus.done }
}

function print({ out }: Context, { figures, trace, command }: SimulatedRun, runs: number): void {
  const { violations } = figures
  if (runs === 1) {
    for (const [name, words] of SHOWN) {
      const figure = figures[name]
      if (figure !== undefined) out.line(`${words.padEnd(34)} ${figureText(figure)}`)
    }
  } else if (violations.length === 0) {
    out.line(`seed ${figures.seed}: all checks hold`)
  }
  if (violations.length === 0) return
  out.line(`seed ${figures.seed}: ${count(violations.length, 'check')} violated`)
  for (const { check, atMs, node, message } of violations)
    out.line(
      `  ${check} at ${(atMs / 1000).toFixed(3)} s${node === undefined ? '' : ` (${node})`}: ${message}`,
    )
  out.line('What happened before:')
  for (const line of trace) out.line(`  ${line}`)
  out.line(`To see it again: ${command}`)
}

function figureText(figure: unknown): string {
  return typeof figure === 'number' && !Number.isInteger(figure) ? figure.toFixed(4) : String(figure)
}
