/**
 * Whether an answer is one to what was asked: each of its ranges within a range of the request, a difference with one
 * mark for each id listed, and something answered at all. SPEC section "Ranges".
 */

import type { Failure, Result } from '../types.ts'
import { compareBounds, type Span } from './bound.ts'
import type { Segment } from './segments.ts'

/** `listed`: the ids behind the short ones, 32 bytes each. */
export type Asked = Span &
  (
    | { readonly mode: 'sum'; readonly sum: Uint8Array }
    | { readonly mode: 'ids'; readonly ids: readonly number[]; readonly listed: Uint8Array }
  )

export type Answer = Segment & { readonly mode: 'sum' | 'ids' | 'diff' }

export interface Matched {
  readonly pairs: readonly { readonly segment: Answer; readonly asked: Asked }[]
  /** Ranges of the request that the answerer has not looked at. */
  readonly later: readonly Asked[]
}

/** Both in order. */
export function matchAnswer(
  asked: readonly Asked[],
  segments: readonly Segment[],
): Result<Matched, 'range-outside' | 'range-stalled'> {
  const pairs: { segment: Answer; asked: Asked }[] = []
  let at = 0
  for (const segment of segments) {
    for (
      let one = asked[at];
      one !== undefined && compareBounds(one.to, segment.from) <= 0;
      one = asked[at]
    ) {
      at++
    }
    const one = asked[at]
    if (one === undefined || compareBounds(segment.from, one.from) < 0) return outside('of another range')
    if (segment.mode === 'later') {
      if (at === 0) return stalled('It answers nothing of what was asked')
      if (compareBounds(segment.from, one.from) !== 0) return outside('of half a range')
      return { ok: true, value: { pairs, later: asked.slice(at) } }
    }
    if (compareBounds(segment.to, one.to) > 0) return outside('of another range')
    if (segment.mode === 'skip' || segment.mode === 'all') return outside('of a mode that is no answer')
    const isWhole = compareBounds(segment.from, one.from) === 0 && compareBounds(segment.to, one.to) === 0
    if (segment.mode === 'diff') {
      const isLike = one.mode === 'ids' && isWhole && segment.lacks.length === one.ids.length
      if (!isLike) return outside('to a list that was not sent')
    }
    if (segment.mode === 'sum' && one.mode === 'ids' && isWhole) return stalled('It does not look at a list')
    pairs.push({ segment, asked: one })
  }
  return { ok: true, value: { pairs, later: [] } }
}

export function outside(what: string): Failure<'range-outside'> {
  return { ok: false, code: 'range-outside', message: `The peer gives an answer ${what}.` }
}

function stalled(why: string): Failure<'range-stalled'> {
  return { ok: false, code: 'range-stalled', message: `The peer does not go on: ${why}.` }
}
