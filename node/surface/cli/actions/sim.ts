/** What `sim` does: simulates, and prints the figures of each run; of a failed one also what came before, and how to see it again. */

import type { Result } from '../../../../protocol/types.ts'
import { type Context, given } from '../context.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import type { SimOptions } from '../options.ts'
import { count, type Output } from '../output.ts'
import type { SimulatedRun } from '../program.ts'
import { type Progress, showProgress } from '../progress.ts'

/** Figures that stand in the short report, with their words. */
const SHOWN: readonly (readonly [name: string, words: string])[] = [
  ['simulatedS', 'simulated seconds'],
  ['realS', 'real seconds'],
  ['publishes', 'lessons published'],
  ['delivered10s', 'announcements known within 10 s, share'],
  ['delivered60s', 'announcements known within 60 s, share'],
  ['propagationP50Ms', 'announcement known after, ms (median)'],
  ['propagationP99Ms', 'announcement known after, ms (99th percentile)'],
  ['entries10s', 'lessons stored within 10 s, share'],
  ['entries60s', 'lessons stored within 60 s, share'],
  ['entriesP50Ms', 'lesson stored after, ms (median)'],
  ['entriesP99Ms', 'lesson stored after, ms (99th percentile)'],
  ['bytesPerNodeDay', 'bytes sent a node and day'],
  ['messagesPerNodeDay', 'messages sent a node and day'],
  ['convergedAfterHealS', 'seconds until all held the same'],
  ['recalls', 'recalls'],
  ['badRecalls', 'recalls with something wrong in them'],
  ['recallAccuracy', 'share answered rightly'],
  ['rssMb', 'memory, MB'],
  ['traceHash', 'trace'],
]

/** Of a sweep. */
const MERGED: typeof SHOWN = [
  ['seeds', 'seeds'],
  ['failed', 'seeds that violated a check'],
  ['simulatedS', 'simulated seconds'],
  ['realS', 'real seconds'],
  ['publishes', 'lessons published'],
  ['delivered10s', 'announcements known within 10 s, share'],
  ['delivered60s', 'announcements known within 60 s, share'],
  ['medianPropagationP50Ms', 'announcement known after, ms (median, median)'],
  ['maxPropagationP99Ms', 'announcement known after, ms (99th percentile, worst)'],
  ['entries10s', 'lessons stored within 10 s, share'],
  ['entries60s', 'lessons stored within 60 s, share'],
  ['medianEntriesP50Ms', 'lesson stored after, ms (median, median)'],
  ['maxEntriesP99Ms', 'lesson stored after, ms (99th percentile, worst)'],
  ['bytesPerNodeDay', 'bytes sent a node and day'],
  ['messagesPerNodeDay', 'messages sent a node and day'],
  ['medianConvergedAfterHealS', 'seconds until all held the same (median)'],
  ['maxConvergedAfterHealS', 'seconds until all held the same (worst)'],
  ['recalls', 'recalls'],
  ['badRecalls', 'recalls with something wrong in them'],
  ['recallAccuracy', 'share answered rightly'],
  ['maxRssMb', 'memory, MB (most)'],
  ['traceHashes', 'all traces'],
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
  const failed = await program.simulate({
    written: given(written),
    onRuns: total => {
      runs = total
      progress = showProgress(out, total * stepsOfRun)
    },
    onProgress: share => show(Math.floor((ended + share) * stepsOfRun)),
    onResult: result => {
      ended++
      show(ended * stepsOfRun)
      if (out.json) out.document(documentOf(result))
      void progress?.then(bar => bar.interrupt(() => print(out, result, { written, runs })))
    },
  })
  ;(await progress)?.stop()
  if (!failed.ok) return failed
  return { ok: true, value: failed.value > 0 ? exitStatus.failed : exitStatus.done }
}

export async function runMerge(
  { out, program }: Context,
  files: readonly string[],
  { report }: Pick<SimOptions, 'report'>,
): Promise<Result<ExitStatus>> {
  const merged = await program.mergeSimulated({ files, ...given({ report }) })
  if (!merged.ok) return merged
  const { failing } = merged.value
  out.show(merged.value, () => [
    ...linesOf(merged.value, MERGED),
    ...failing.map(({ checks, command, seed }) => `seed ${seed}: ${checks.join(', ')} violated: ${command}`),
  ])
  return { ok: true, value: failing.length > 0 ? exitStatus.failed : exitStatus.done }
}

function documentOf({ figures, isAgain }: SimulatedRun): object {
  return isAgain === undefined ? figures : { ...figures, isAgain }
}

/** With `--json`, only what a person may want beside the results, on standard error. */
function print(
  out: Output,
  { figures, trace, stopped, isAgain }: SimulatedRun,
  { written, runs }: { readonly written: SimOptions; readonly runs: number },
): void {
  const { command, violations } = figures
  const tell = (line: string): void => (out.json ? out.note(line) : out.line(line))
  if (!out.json && runs === 1) for (const line of linesOf(figures, SHOWN)) tell(line)
  if (!out.json && runs > 1 && violations.length === 0) tell(`seed ${figures.seed}: all checks hold`)
  if (violations.length > 0) tell(`seed ${figures.seed}: ${count(violations.length, 'check')} violated`)
  for (const { check, atMs, event, node, message } of violations)
    tell(
      `  ${check} at ${(atMs / 1000).toFixed(3)} s, event ${event}${node === undefined ? '' : ` (${node})`}: ${message}`,
    )
  if (trace.length > 0) tell('What happened before:')
  for (const line of trace) tell(`  ${line}`)
  if (violations.length > 0) tell(`To see it again: ${command}${dataOf(written)}`)
  else if (stopped) tell('The run was stopped there: its figures are those of its part.')
  else if (written.until !== undefined) tell('The run ended before it came to where --until would stop it.')
  if (isAgain !== undefined) tell(written.until === undefined ? again(isAgain) : failsAgain(isAgain))
}

function again(isAgain: boolean): string {
  return isAgain
    ? 'It is the same run again: the trace hash is the one in the file.'
    : 'It is NOT the same run: the trace hash differs from the one in the file.'
}

function failsAgain(isAgain: boolean): string {
  return isAgain
    ? 'It fails there again, as the file says.'
    : 'It does NOT fail there again, as the file says that it did.'
}

/** The words for where this machine has its data: no part of the run itself, and not told of it elsewhere. */
function dataOf({ workloadData }: SimOptions): string {
  return workloadData === undefined ? '' : ` --workload-data ${quoted(workloadData)}`
}

/** One word to a shell. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function linesOf(figures: Readonly<Record<string, unknown>>, names: typeof SHOWN): readonly string[] {
  const longest = Math.max(...names.map(([, words]) => words.length))
  return names.flatMap(([name, words]) => {
    const figure = figures[name] ?? undefined
    return figure === undefined ? [] : [`${words.padEnd(longest + 2)} ${figureText(figure)}`]
  })
}

function figureText(figure: unknown): string {
  return typeof figure === 'number' && !Number.isInteger(figure) ? figure.toFixed(4) : String(figure)
}
