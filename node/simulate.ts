/**
 * Puts a simulation together with the little that it needs of the real world, its time and its memory, and only to be told
 * of: a part of the composition root that only `swarmlore sim` loads.
 */

import type { Result } from '../protocol/types.ts'
import { run } from '../sim/run.ts'
import { commandOf, readSettings } from '../sim/settings.ts'
import { systemClock } from './adapters/system.ts'
import type { SimulateOptions } from './surface/cli/program.ts'

/** Runs one seed after the other. `value` is how many of them violated a check. */
export async function simulate(options: SimulateOptions): Promise<Result<number>> {
  const settings = readSettings(options.written)
  if (!settings.ok) return settings
  options.onRuns(settings.value.length)
  let failed = 0
  for (const one of settings.value) {
    const { trace, ...figures } = await run(one, {
      elapsed: systemClock.now,
      rssBytes: () => process.memoryUsage().rss,
      onProgress: options.onProgress,
    })
    if (figures.violations.length > 0) failed++
    options.onResult({ figures, trace, command: `swarmlore ${commandOf(one)}` })
  }
  return { ok: true, value: failed }
}
