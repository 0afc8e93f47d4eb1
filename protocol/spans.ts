/**
 * Times for which something holds, as a sorted list of spans that neither touch nor overlap: from a second on, and up to,
 * without, another.
 */

import type { Seconds } from './types.ts'

export interface Span {
  readonly from: Seconds
  readonly to: Seconds
}

export type Spans = readonly Span[]

export const never: Spans = []
export const always: Spans = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }]

export function holdsAt(spans: Spans, atS: Seconds): boolean {
  return spans.some(({ from, to }) => from <= atS && atS < to)
}

/** What of the spans lies within one more. */
export function within(spans: Spans, { from, to }: Span): Spans {
  const cut = spans.map(one => ({ from: Math.max(one.from, from), to: Math.min(one.to, to) }))
  return cut.filter(one => one.from < one.to)
}

/** Where any of them holds. */
export function union(parts: readonly Spans[]): Spans {
  if (parts.length === 1) return parts[0] ?? never
  const merged: { from: Seconds; to: Seconds }[] = []
  for (const { from, to } of parts.flat().sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else merged.push({ from, to })
  }
  return merged
}
