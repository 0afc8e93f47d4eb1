/** What `demo` does: runs the walk, prints it or its report, and leaves nothing behind, however it ends. */

import type { Result } from '../../../../protocol/types.ts'
import { DemoFailure, Fleet } from '../../demo/fleet.ts'
import { type DemoReport, type Teller, walk } from '../../demo/walk.ts'
import type { Context } from '../context.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import type { Output } from '../output.ts'
import { recallLines } from './recall.ts'

/** Goals are a minute on two cores; beyond this something hangs. */
const demoMs = 90_000

export async function demo(context: Context): Promise<Result<ExitStatus>> {
  const { program, out } = context
  const report: DemoReport = {
    ok: false,
    nodes: 0,
    episodesIngested: 0,
    entriesDistilled: 0,
    recalledFromPeer: false,
    conflictShown: false,
    retractionHonoured: false,
    survivedRestart: false,
    caughtUp: false,
    publishToRecallableMs: null,
  }
  const began = performance.now()
  const fleet = await Fleet.create(program)
  const interruption = interrupted()
  let failure: string | undefined
  try {
    await Promise.race([walk(fleet, report, teller(out)), interruption.signal])
  } catch (error) {
    if (!(error instanceof DemoFailure)) throw error
    failure = error.message
  } finally {
    interruption.stop()
    await fleet.end()
  }
  const ok = failure === undefined && report.ok
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  out.show({ ...report, ok, ...(failure !== undefined && { failure }) }, () =>
    failure === undefined ? ['', out.style('green', `All of it worked, in ${seconds} s.`)] : [],
  )
  if (ok) return { ok: true, value: exitStatus.done }
  out.note(`The demo failed: ${failure ?? 'a figure is missing'}`)
  return { ok: true, value: exitStatus.failed }
}

/** Rejects at Ctrl-C and when the demo takes far too long, so that the processes and folders are cleared away. */
function interrupted(): { signal: Promise<never>; stop(): void } {
  let stop = (): void => {}
  const signal = new Promise<never>((_, reject) => {
    const end = (): void => reject(new DemoFailure('It was interrupted.'))
    const late = setTimeout(() => reject(new DemoFailure(`It took longer than ${demoMs / 1000} s.`)), demoMs)
    process.on('SIGINT', end)
    process.on('SIGTERM', end)
    stop = () => {
      clearTimeout(late)
      process.off('SIGINT', end)
      process.off('SIGTERM', end)
    }
  })
  return { signal, stop: () => stop() }
}

function teller(out: Output): Teller {
  let number = 0
  const say = (line: string): void => {
    if (!out.json) out.line(`   ${line}`)
  }
  return {
    step(title) {
      number++
      if (!out.json) out.line(`${number === 1 ? '' : '\n'}${out.style('bold', `${number}. ${title}`)}`)
    },
    say,
    recalled(result) {
      for (const line of recallLines(result, out)) say(line)
      say('What is handed to the model:')
      for (const line of result.prompt.split('\n')) say(out.style('dim', line))
    },
    entry(title, view) {
      say(`${title}: ${view.entry.situation}`)
      say(`   do ${view.entry.insight.action}`)
    },
  }
}
