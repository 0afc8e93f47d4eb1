/**
 * A bounded memory of pure results: what was not asked for longest goes first. It never changes an answer,
 * only how long it takes, so it may be shared by the whole process.
 */

export interface Memo<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

export function createMemo<V>(entriesMax: number): Memo<V> {
  const kept = new Map<string, V>()
  return {
    get(key) {
      const value = kept.get(key)
      if (value !== undefined) {
        // A Map keeps the order of insertion: inserting again makes this the youngest.
        kept.delete(key)
        kept.set(key, value)
      }
      return value
    },
    set(key, value) {
      kept.delete(key)
      kept.set(key, value)
      if (kept.size <= entriesMax) return
      const oldest = kept.keys().next()
      if (!oldest.done) kept.delete(oldest.value)
    },
  }
}
