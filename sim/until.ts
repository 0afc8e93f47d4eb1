/**
 * Where a run is to stop before its end: at an event, which is a line of its trace and is named by its number there, or at
 * a time, counted as in the trace from when the world began.
 */

import type { Result } from '../protocol/types.ts'

export type Until =
  /** That line of the trace is the last one. */
  | { readonly event: number; readonly atMs?: never }
  /** Milliseconds. What is due at that very time still happens. */
  | { readonly atMs: number; readonly event?: never }

export function readUntil(text: string): Result<Until, 'bad-usage'> {
  const [, event] = /^#?([1-9]\d{0,11})$/.exec(text) ?? []
  if (event !== undefined) return { ok: true, value: { event: Number(event) } }
  const [, seconds] = /^(\d{1,9}(?:\.\d{1,6})?)s$/.exec(text) ?? []
  if (seconds !== undefined) return { ok: true, value: { atMs: Number(seconds) * 1000 } }
  return {
    ok: false,
    code: 'bad-usage',
    message: `--until wants the number of an event as it stands in a trace (12345), or simulated seconds (90.5s), and '${text}' is neither.`,
  }
}
