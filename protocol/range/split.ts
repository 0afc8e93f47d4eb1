/**
 * Where a range is cut when two peers differ in it. Each side cuts its own items as it likes: nothing here binds the
 * other one, so it can be changed without a change of the protocol. Chosen by `sync_bytes_…` and `sync_rounds_…`.
 */

import { secondsMax } from '../limits.ts'
import type { Seconds } from '../types.ts'
import { type Bound, boundAt, boundBetween, compareBounds, type Span } from './bound.ts'
import type { RangeIndex } from './range-index.ts'

/** Up to this many items a list of ids costs less than the fingerprints that would spare it. */
export const listedItemsMax = 32
const pieces = 16
/** What peers miss of each other is mostly young: the last day is cut into pieces of this size at once, or into 256. */
const recentPieceItems = 12
const recentPiecesMax = 256
const daySeconds = 86_400

/** A span with the ranks of one's own items in it. */
export interface Ranked extends Span {
  readonly first: number
  readonly end: number
}

export function rankedIn(index: RangeIndex, { from, to }: Span): Ranked {
  return { from, to, first: index.rank(from), end: index.rank(to) }
}

/** In pieces of equal counts; not empty. */
export function cutEvenly(index: RangeIndex, range: Ranked, count = pieces): readonly Ranked[] {
  const { first, end } = range
  const parts = Math.max(1, Math.min(count, end - first))
  const cut: Ranked[] = []
  let from = range.from
  for (let part = 1; part <= parts; part++) {
    const last = first + Math.floor(((end - first) * part) / parts)
    const to = part === parts ? range.to : boundBefore(index, last, range)
    cut.push({ from, to, first: cut.at(-1)?.end ?? first, end: last })
    from = to
  }
  return cut
}

/** For a range that reaches back further than a day: what is older evenly, the rest finely. */
export function cutByAge(index: RangeIndex, range: Ranked, until: Seconds): readonly Ranked[] {
  const recent = recentBound(range, until)
  if (compareBounds(range.from, recent) >= 0 || compareBounds(recent, range.to) >= 0) {
    return cutEvenly(index, range)
  }
  const middle = index.rank(recent)
  const older = { from: range.from, to: recent, first: range.first, end: middle }
  const young = { from: recent, to: range.to, first: middle, end: range.end }
  const count = Math.min(recentPiecesMax, Math.ceil((range.end - middle) / recentPieceItems))
  const oldPieces = middle - range.first <= listedItemsMax ? [older] : cutEvenly(index, older)
  return [...oldPieces, ...cutEvenly(index, young, count)]
}

/** The bound right before the item of this rank; at the ends of the range, its own. */
export function boundBefore(index: RangeIndex, rank: number, range: Ranked): Bound {
  if (rank <= range.first) return range.from
  if (rank >= range.end) return range.to
  return boundBetween(index.item(rank - 1), index.item(rank))
}

/** Members and retractions have a last day of their own. */
function recentBound({ from }: Span, until: Seconds): Bound {
  const restStarts = secondsMax + 1
  const begin = from.place >= restStarts ? restStarts : 0
  return boundAt(begin + Math.max(0, until + 1 - daySeconds))
}
