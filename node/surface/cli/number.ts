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

/** A date, or a date with a time of day (UTC where no zone stands), in whole seconds. */
export function dateInSeconds(option: string, text: string): Result<number> {
  const ms = Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text)
  return ms >= 0
    ? { ok: true, value: Math.floor(ms / 1000) }
    : usage(`${option} wants a date such as 2026-03-01 or 2026-03-01T14:05Z, and '${text}' is none.`)
}
