/**
 * Places and bounds. An item of the reconciled set is a record's id at a place: its signed second, with members and
 * retractions in front of all others, so that every list and every page has them first. SPEC section "Ranges".
 */

import { compareBytes } from '../../crypto/bytes.ts'
import { secondsMax } from '../limits.ts'
import type { Seconds, SwarmRecord } from '../types.ts'

/** Where a range begins or ends: before the first item with this place and an id not below the prefix, padded with zeros. */
export interface Bound {
  readonly place: number
  /** 0 to 32 bytes, the last of them not zero, so that a bound has one spelling. */
  readonly prefix: Uint8Array
}

/** From a bound up to, and without, another. */
export interface Span {
  readonly from: Bound
  readonly to: Bound
}

const noPrefix = new Uint8Array()
const restStarts = secondsMax + 1

export function boundAt(place: number, prefix: Uint8Array = noPrefix): Bound {
  return { place, prefix }
}

/** What a record's place follows from. */
interface Placed {
  readonly envelope: Pick<SwarmRecord['envelope'], 'kind' | 't'>
}

/** Decided by the kind's name, as it stands: so also for versions of its body that this node does not know. */
export function placeOf({ envelope: { kind, t } }: Placed): number {
  return kind === 'member' || kind === 'retract' ? t : t + restStarts
}

/** All that was signed up to, and in, this second: members and retractions, then the rest. */
export function spansUntil(until: Seconds): readonly [Span, Span] {
  return [
    { from: boundAt(0), to: boundAt(until + 1) },
    { from: boundAt(restStarts), to: boundAt(restStarts + until + 1) },
  ]
}

export function compareBounds(a: Bound, b: Bound): number {
  return a.place - b.place || compareBytes(a.prefix, b.prefix)
}

export function areApart(a: Span, b: Span): boolean {
  return compareBounds(a.to, b.from) <= 0 || compareBounds(b.to, a.from) <= 0
}

/** What of the first span lies outside the second: nothing, or one or two pieces. */
export function without(span: Span, hole: Span): readonly Span[] {
  if (areApart(span, hole)) return [{ from: span.from, to: span.to }]
  const pieces: Span[] = []
  if (compareBounds(span.from, hole.from) < 0) pieces.push({ from: span.from, to: hole.from })
  if (compareBounds(hole.to, span.to) < 0) pieces.push({ from: hole.to, to: span.to })
  return pieces
}

/** The shortest bound between two neighbouring items. */
export function boundBetween(
  before: { place: number; id: Uint8Array },
  item: { place: number; id: Uint8Array },
): Bound {
  if (before.place !== item.place) return boundAt(item.place)
  let length = 0
  while (length < item.id.length && before.id[length] === item.id[length]) length++
  // This byte is greater than the other's, so it is not zero.
  return boundAt(item.place, item.id.slice(0, length + 1))
}
