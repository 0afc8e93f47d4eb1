/** Several values under one key, in the order they came. Lists are short here: most have one item. */

export interface Multimap<K, V> {
  get(key: K): readonly V[]
  put(key: K, value: V): void
  take(key: K, value: V): void
  keys(): Iterable<K>
}

export function createMultimap<K, V>(): Multimap<K, V> {
  const lists = new Map<K, V[]>()
  return {
    get: key => lists.get(key) ?? [],
    put(key, value) {
      const list = lists.get(key)
      if (list === undefined) lists.set(key, [value])
      else list.push(value)
    },
    take(key, value) {
      const left = lists.get(key)?.filter(item => item !== value) ?? []
      if (left.length === 0) lists.delete(key)
      else lists.set(key, left)
    },
    keys: () => lists.keys(),
  }
}
