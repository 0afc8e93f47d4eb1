/**
 * A run that failed, as a file: all that it follows from, and what came of it, so that anybody can see whether it comes
 * about again. Files come from elsewhere: they are read strictly, and only by the version that wrote them.
 */

import { z } from 'zod'
import type { Failure, Result } from '../protocol/types.ts'
import type { RunResult, RunSettings } from './run.ts'
import { readSettings, writtenOf } from './settings.ts'
import type { Until } from './until.ts'

const format = 'swarmlore-sim-replay/2'
export const replayBytesMax = 64 * 1024
/** A peer's text may stand in it: cut, so that what is written can be read again. */
const messageCharsMax = 2_048

const place = z.int().positive()
const replaySchema = z.strictObject({
  format: z.literal(format),
  version: z.string().max(64),
  settings: z.record(z.string().max(32), z.string().max(2_048)),
  traceHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Lines of the whole trace. */
  events: place,
  /** The first violated check, and its place in the trace; null where none was. */
  failure: z.strictObject({ check: z.string().max(64), event: place, message: z.string() }).nullable(),
})
type Replay = z.infer<typeof replaySchema>
/** Read before the rest: another version may write another form. */
const versionSchema = z.looseObject({ version: z.string() })

export interface ReadReplay extends Omit<Replay, 'settings'> {
  readonly settings: RunSettings
}

export function replayOf(settings: RunSettings, version: string, result: RunResult): Replay {
  const { events, traceHash, violations } = result
  const [first] = violations
  const failure =
    first === undefined
      ? null
      : { check: first.check, event: first.event, message: first.message.slice(0, messageCharsMax) }
  return { format, version, settings: { ...writtenOf(settings) }, traceHash, events, failure }
}

export function readReplay(text: string, version: string): Result<ReadReplay, 'bad-input'> {
  if (text.length > replayBytesMax) return fail('The replay file is too long to be one.')
  const value = parsed(text)
  if (value === undefined) return fail('The replay file is damaged or none: it is no JSON.')
  const its = versionSchema.safeParse(value)
  if (its.success && its.data.version !== version)
    return fail(
      `The replay file is of version ${its.data.version.slice(0, 64)}, and this is ${version}: only the version that wrote it runs the same.`,
    )
  const read = replaySchema.safeParse(value)
  if (!read.success) {
    const [issue] = read.error.issues
    const where = issue === undefined || issue.path.length === 0 ? '' : ` at '${issue.path.join('.')}'`
    return fail(`The replay file is damaged or none${where}: ${issue?.message ?? 'it cannot be read'}.`)
  }
  const settings = settingsIn(read.data.settings)
  return settings.ok ? { ok: true, value: { ...read.data, settings: settings.value } } : settings
}

/** Whether a run is the one of the file, or fails where that did; undefined where it was stopped somewhere else. */
export function comesAgain(
  { traceHash, violations: [first] }: RunResult,
  { failure, ...whole }: ReadReplay,
  until: Until | undefined,
): boolean | undefined {
  if (until === undefined) return traceHash === whole.traceHash
  if (failure === null || until.event !== failure.event) return undefined
  return first?.check === failure.check && first.event === failure.event
}

/** Exactly what a run is written as: what is missing would get another default some day, what is more is not understood. */
function settingsIn(written: Readonly<Record<string, string>>): Result<RunSettings, 'bad-input'> {
  const read = readSettings(written)
  if (!read.ok) return fail(`The replay file cannot be run. ${read.message}`)
  const [settings] = read.value
  if (settings === undefined) return fail('The replay file names no run.')
  const names = Object.keys(writtenOf(settings))
  const missing = names.find(name => written[name] === undefined)
  if (missing !== undefined) return fail(`The replay file is damaged: it does not say '${missing}'.`)
  const unknown = Object.keys(written).find(name => !names.includes(name))
  if (unknown !== undefined)
    return fail(`The replay file cannot be run: there is no setting '${unknown}' of one run.`)
  return { ok: true, value: settings }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Told to the caller as a damaged file.
    return undefined
  }
}

function fail(message: string): Failure<'bad-input'> {
  return { ok: false, code: 'bad-input', message }
}
