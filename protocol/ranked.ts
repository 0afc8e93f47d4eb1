/** An allowance as a sorted list, of record ids or of subjects: the lowest are live, whatever order they came in. */

export interface Ranked<Id extends string> {
  add(id: Id): void
  remove(id: Id): void
}

/** `onLive` is told of every id whose place changes sides, and of each id added. */
export function createRanked<Id extends string>(
  allowance: number,
  onLive: (id: Id, live: boolean) => void,
): Ranked<Id> {
  const ids: Id[] = []
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

function placeOf(ids: readonly string[], id: string): number {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ids[middle] ?? '') < id) low = middle + 1
    else high = middle
  }
  return low
}
