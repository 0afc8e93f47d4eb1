/**
 * A bounded memory of pure results: what was not asked for lately goes first. It never changes an answer, only how long
 * it takes, so it may be shared by the whole process.
 */

export interface Memo<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

/** Two generations: when the young one is full it becomes the old one, and what nobody asked of the old one is gone. */
export function createMemo<V>(entriesMax: number): Memo<V> {
  const youngMax = Math.ceil(entriesMax / 2)
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  const set = (key: string, value: V): void => {
    if (young.size >= youngMax && !young.has(key)) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }
  return {
    get(key) {
      const value = young.get(key)
      if (value !== undefined) return value
      const known = old.get(key)
      if (known !== undefined) set(key, known)
      return known
    },
    set,
  }
}
