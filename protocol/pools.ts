/**
 * Which of the records that are not live are still remembered. Strangers cost little to make, so what is pending is
 * bounded for each author and for all; an author's other records, for each author. The oldest go first.
 */

import { pendingPerAuthorMax, pendingRecordsMax, waitingPerAuthorMax } from './limits.ts'
import type { PeerId, RecordId } from './types.ts'

export type Pool = 'pending' | 'waiting' | 'none'

export interface Pools {
  /** Moves a record to the young end of a pool, out of the one it was in. */
  move(author: PeerId, id: RecordId, pool: Pool): void
  /** The records to forget so that every pool is within its bound again. */
  overflow(): readonly RecordId[]
}

export function createPools(): Pools {
  const pending = new Set<RecordId>()
  const pendingOf = new Map<PeerId, Set<RecordId>>()
  const waitingOf = new Map<PeerId, Set<RecordId>>()
  const touched = new Set<PeerId>()

  return {
    move(author, id, pool) {
      pending.delete(id)
      dropFrom(pendingOf, author, id)
      dropFrom(waitingOf, author, id)
      if (pool === 'none') return
      touched.add(author)
      if (pool === 'pending') pending.add(id)
      addTo(pool === 'pending' ? pendingOf : waitingOf, author, id)
    },
    overflow() {
      const forget = new Set<RecordId>()
      for (const author of touched) {
        for (const id of oldest(pendingOf.get(author), pendingPerAuthorMax)) forget.add(id)
        for (const id of oldest(waitingOf.get(author), waitingPerAuthorMax)) forget.add(id)
      }
      touched.clear()
      for (const id of oldest(pending, pendingRecordsMax)) forget.add(id)
      return [...forget]
    },
  }
}

/** What exceeds the bound, from the old end. */
function oldest(ids: ReadonlySet<RecordId> | undefined, max: number): readonly RecordId[] {
  const over: RecordId[] = []
  if (ids === undefined) return over
  // A full pool overflows by one or two each time: do not copy all of it.
  for (const id of ids) {
    if (over.length >= ids.size - max) break
    over.push(id)
  }
  return over
}

function addTo(sets: Map<PeerId, Set<RecordId>>, author: PeerId, id: RecordId): void {
  const set = sets.get(author)
  if (set === undefined) sets.set(author, new Set([id]))
  else set.add(id)
}

function dropFrom(sets: Map<PeerId, Set<RecordId>>, author: PeerId, id: RecordId): void {
  const set = sets.get(author)
  set?.delete(id)
  if (set?.size === 0) sets.delete(author)
}
