/**
 * What one session of catch-up costs, by the protocol itself: two sets are made, compared, and made equal as two nodes do
 * it, with nothing between them.
 */

import type { Random } from '../node/ports.ts'
import { recordIdOfHash } from '../protocol/identity.ts'
import { rangeSaltBytes } from '../protocol/limits.ts'
import { answerRanges } from '../protocol/range/answer.ts'
import { placeOf } from '../protocol/range/bound.ts'
import { encodeTaken } from '../protocol/range/page-messages.ts'
import { answerWants, pagesOf } from '../protocol/range/pages.ts'
import { createRangeIndex, type RangeIndex } from '../protocol/range/range-index.ts'
import { openRanges } from '../protocol/range/session.ts'
import { fetchRecords } from '../protocol/range/wants.ts'
import type { Seconds } from '../protocol/types.ts'
import { must } from './must.ts'

/** Requests and their answers, without what a connection adds to them. */
export interface SessionCost {
  readonly requests: number
  /** Of requests and answers together. */
  readonly bytes: number
}

/** By what the asking node finds: the peer has the same, it has more, or it lacks what the asking one has and gives it. */
export interface SessionCosts {
  readonly same: SessionCost
  readonly takes: SessionCost
  readonly gives: SessionCost
}

export interface Sets {
  /** What both have: a member record each second, up to now. */
  readonly members: number
  /** What one of them has beside that: digests, of the latest seconds. */
  readonly digests: number
  /** Length of a digest's record. */
  readonly digestBytes: number
}

const until: Seconds = 1_800_000_000

export function sessionCosts({ members, digests, digestBytes }: Sets, random: Random): SessionCosts {
  const less = createRangeIndex()
  const more = createRangeIndex()
  const put = (kind: 'member' | 'digest', t: Seconds, sets: readonly RangeIndex[]): void => {
    const id = recordIdOfHash(random.bytes(32))
    for (const set of sets) set.add(placeOf({ envelope: { kind, t } }), id)
  }
  for (let at = 0; at < members; at++) put('member', until - at, [less, more])
  for (let at = 0; at < digests; at++) put('digest', until - at, [more])
  const record = new Uint8Array(digestBytes)
  const between = (asking: RangeIndex, asked: RangeIndex): SessionCost =>
    costBetween(asking, asked, { record, random })
  return { same: between(less, less), takes: between(less, more), gives: between(more, less) }
}

interface Talk {
  /** Stands for each of them. */
  readonly record: Uint8Array
  readonly random: Random
}

function costBetween(asking: RangeIndex, asked: RangeIndex, { record, random }: Talk): SessionCost {
  const cost = { requests: 0, bytes: 0 }
  const count = (request: Uint8Array, answer: Uint8Array): void => {
    cost.requests++
    cost.bytes += request.length + answer.length
  }
  const salt = random.bytes(rangeSaltBytes)
  const session = openRanges(asking, { salt, until })
  for (let request = session.request(); request !== undefined; request = session.request()) {
    const answer = must(answerRanges(asked, request, random.bytes(rangeSaltBytes))).bytes
    must(session.take(answer))
    count(request, answer)
  }
  const { have, need } = session.outcome()
  const fetch = fetchRecords(salt, need)
  for (let request = fetch.request(); request !== undefined; request = fetch.request()) {
    const answer = must(answerWants(asked, request, () => record)).bytes
    must(fetch.take(answer))
    count(request, answer)
  }
  for (const page of pagesOf(have, () => record)) count(page.bytes, encodeTaken(page.records))
  return cost
}
