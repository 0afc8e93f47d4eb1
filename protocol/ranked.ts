/** An allowance as a sorted list of record ids: the lowest are live, whatever order they came in. */

import type { RecordId } from './types.ts'

export interface Ranked {
  add(id: RecordId): void
  remove(id: RecordId): void
}

/** `onLive` is told of every id whose place changes sides, and of each id added. */
export function createRanked(allowance: number, onLive: (id: RecordId, live: boolean) => void): Ranked {
  const ids: RecordId[] = []
  return {
    add(id) {
      const at = placeOf(ids, id)
      if (ids[at] === id) return
      ids.splice(at, 0, id)
      onLive(id, at < allowance)
      const displaced = ids[allowance]
      if (at < allowance && displaced !== undefined) onLive(displaced, false)
    },
    remove(id) {
      const at = placeOf(ids, id)
      if (ids[at] !== id) return
      ids.splice(at, 1)
      const promoted = ids[allowance - 1]
      if (at < allowance && promoted !== undefined && ids.length >= allowance) onLive(promoted, true)
    },
  }
}

function placeOf(ids: readonly RecordId[], id: RecordId): number {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ids[middle] ?? '') < id) low = middle + 1
    else high = middle
  }
  return low
}
