/**
 * The side that wants records: asks for them page by page, and ends whatever the peer answers. What does not come is
 * missing at this peer, and says nothing about another. SPEC section "Ranges".
 */

import { rangeIdsMax, rangeMessageBytesMax, rangePagesMax, rangesMax } from '../limits.ts'
import type { Failure, Result } from '../types.ts'
import { type Bound, compareBounds } from './bound.ts'
import { outside } from './match.ts'
import { decodeRecordPage, encodeWants } from './page-messages.ts'
import { packedBytesMax, SegmentPacker } from './segments.ts'
import type { Want } from './session.ts'

export interface WantOutcome {
  /** `partial`: there was more than one session takes. */
  readonly end: 'all' | 'partial'
  readonly pages: number
  /** Records that the peer said it has, and did not send: at least so many. */
  readonly missing: number
}

export interface RecordFetch {
  /** The next request; undefined when nothing is left. */
  request(): Uint8Array | undefined
  /** Takes the page that answers the last request; its records are to be judged one by one, in this order. */
  take(bytes: Uint8Array): Result<readonly Uint8Array[], 'range-malformed' | 'range-outside'>
  outcome(): WantOutcome
}

/** Room for the map around the ranges. */
const overheadBytes = 64

/** `salt` is that of the session that found the wants. */
export function fetchRecords(salt: Uint8Array, wants: readonly Want[]): RecordFetch {
  let left = wants
  /** How many of them the last request held. */
  let sent = 0
  let pages = 0
  let came = 0
  const named = wants.reduce((sum, want) => sum + idsOf(want), 0)
  let isOver = false

  const goOnAt = (next: Bound): boolean => {
    const first = left[0]
    const last = left[sent - 1]
    if (first === undefined || last === undefined) return false
    if (compareBounds(next, first.from) <= 0 || compareBounds(next, last.to) >= 0) return false
    left = left
      .filter(want => compareBounds(want.to, next) > 0)
      .map(want => (compareBounds(want.from, next) < 0 ? { ...want, from: next } : want))
    return true
  }

  const fail = <Fault extends string>(failure: Failure<Fault>): Failure<Fault> => {
    isOver = true
    return failure
  }

  return {
    request() {
      if (isOver || left.length === 0 || pages === rangePagesMax) return undefined
      pages++
      const packer = new SegmentPacker()
      let ids = 0
      for (const want of left) {
        ids += idsOf(want)
        const size = packer.size + packedBytesMax(1, idsOf(want)) + overheadBytes
        const isFull = ids > rangeIdsMax || packer.count === rangesMax || size > rangeMessageBytesMax
        if (packer.count > 0 && isFull) break
        packer.add(want)
      }
      sent = packer.count
      return encodeWants(salt, packer.bytes())
    },
    take(bytes) {
      const read = decodeRecordPage(bytes)
      if (!read.ok) return fail(read)
      const { records, next } = read.value
      const asked = left.slice(0, sent)
      const isTooMany = records.length > asked.reduce((sum, want) => sum + idsOf(want), 0)
      if (isTooMany && asked.every(want => want.mode === 'ids'))
        return fail(outside('of more than was wanted'))
      if (next === undefined) left = left.slice(sent)
      else if (!goOnAt(next)) return fail(outside('that goes on elsewhere'))
      sent = 0
      came += records.length
      return { ok: true, value: records }
    },
    outcome: () => ({
      end: left.length === 0 ? 'all' : 'partial',
      pages,
      missing: left.length > 0 ? 0 : Math.max(0, named - came),
    }),
  }
}

function idsOf(want: Want): number {
  return want.mode === 'ids' ? want.ids.length : 0
}
