/**
 * What a command line asks of the simulator, as a whole: which runs, to where, or which run again. Wishes that contradict
 * each other are told before anything runs.
 */

import type { Result } from '../protocol/types.ts'
import { type ReadReplay, readReplay } from './replay.ts'
import type { RunSettings } from './run.ts'
import { readSettings, type WrittenSettings } from './settings.ts'
import { readUntil, type Until } from './until.ts'

export interface WrittenPlan extends WrittenSettings {
  /** The text of a replay file. */
  readonly replay?: string
  readonly until?: string
}

export interface Plan {
  readonly runs: readonly RunSettings[]
  readonly until: Until | undefined
  /** What must come about again. */
  readonly expected: ReadReplay | undefined
}

export function readPlan({ replay, until, ...settings }: WrittenPlan, version: string): Result<Plan> {
  if (until !== undefined && settings.seeds !== undefined)
    return bad('--until stops one run: give --seed instead of --seeds.')
  if (replay === undefined) {
    const place = placeOf(until, undefined)
    if (!place.ok) return place
    const runs = readSettings(settings)
    return runs.ok ? { ok: true, value: { runs: runs.value, until: place.value, expected: undefined } } : runs
  }
  const [given] = Object.entries(settings).flatMap(([name, text]) => (text === undefined ? [] : [name]))
  if (given !== undefined) return bad(`--replay brings its own settings: leave out --${given}.`)
  const read = readReplay(replay, version)
  if (!read.ok) return read
  const place = placeOf(until, read.value)
  if (!place.ok) return place
  return { ok: true, value: { runs: [read.value.settings], until: place.value, expected: read.value } }
}

function placeOf(until: string | undefined, replay: ReadReplay | undefined): Result<Until | undefined> {
  if (until === undefined) return { ok: true, value: undefined }
  if (until !== 'failure') return readUntil(until)
  return replay?.failure
    ? { ok: true, value: { event: replay.failure.event } }
    : bad('--until failure stops where the run of --replay failed: name a file of a run that did.')
}

function bad(message: string): Result<never> {
  return { ok: false, code: 'bad-usage', message }
}
