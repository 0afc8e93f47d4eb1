/** What `experiment e7` does: runs it, and prints the figures by name. */

import { existsSync } from 'node:fs'
import type { Result } from '../../../../protocol/types.ts'
import { type Context, done, usage } from '../context.ts'
import type { ExitStatus } from '../exit-status.ts'
import type { E7CommandOptions } from '../options.ts'
import { dataFolder, loadSettings } from '../settings.ts'

/** Figures that stand in the short report, in this order. */
const SHOWN = [
  'episodes',
  'entries',
  'recurring_share',
  'contradictions',
  'leaked_values',
  'outside_vocabulary',
  'recall1_call',
  'recall5_call',
  'recall1_error',
  'recall1_message',
  'ms_per_episode',
  'bytes_per_entry',
]

export async function runE7(context: Context, options: E7CommandOptions): Promise<Result<ExitStatus>> {
  const files = options.data ?? []
  if (files.length === 0)
    return usage('Name the recorded runs with --data FILE; it may be given several times.')
  const missing = files.find(file => !existsSync(file))
  if (missing !== undefined) return usage(`There is no file ${missing}.`)
  const heldOut = Number(options.heldOut)
  if (!Number.isInteger(heldOut) || heldOut < 0) return usage('--held-out wants a whole number.')
  const { program, out } = context
  const folder = await dataFolder(program, undefined)
  const settings = await loadSettings(program, folder, context.settingFlags)
  if (!settings.ok) return settings
  const results = await program.experiment({
    files,
    seed: options.seed,
    heldOut,
    settings: settings.value.settings,
    log: () => undefined,
    onProgress: line => out.note(line),
  })
  if (!results.ok) return results
  out.show(results.value, () => results.value.flatMap(linesOf))
  return done
}

function linesOf(result: Readonly<Record<string, unknown>>): string[] {
  return [`${result.data}`, ...SHOWN.map(name => `  ${name.padEnd(20)} ${JSON.stringify(result[name])}`)]
}
