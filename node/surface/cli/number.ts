/** Numbers and times as they stand on a command line. */

import type { Result } from '../../../protocol/types.ts'
import { usage } from './context.ts'

export function wholeNumber(option: string, text: string): Result<number> {
  const value = Number(text)
  return /^\d+$/.test(text) && Number.isSafeInteger(value)
    ? { ok: true, value }
    : usage(`${option} wants a whole number, and '${text}' is none.`)
}

/** As `wholeNumber`, where the option may be absent. */
export function optionalWholeNumber(option: string, text: string | undefined): Result<number | undefined> {
  return text === undefined ? { ok: true, value: undefined } : wholeNumber(option, text)
}

/** A point in time for people, in UTC: `2026-03-01 14:05`. */
export function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}
