/**
 * The store's twin without a disk: for the simulator and for tests. It behaves as the Level store does, to the
 * order of keys and the copying of values; one contract suite holds both to it.
 */

import { StoreError } from './errors.ts'
import { compareKeys, prefixEnd } from './order.ts'
import type { Store, StoreOp, StoreRange } from './ports.ts'

/** So many changed keys are put in their places one by one; with more it is faster to sort all of them. */
const movedMax = 64

export function openMemoryStore(): MemoryStore {
  return new MemoryStore()
}

export class MemoryStore implements Store {
  readonly #values = new Map<string, Uint8Array>()
  /** All keys, in order, as they were when a range was read last; and what has changed since. Most changes are read by key alone. */
  #keys: string[] = []
  readonly #added = new Set<string>()
  readonly #removed = new Set<string>()
  #closed = false

  get(key: string): Uint8Array | undefined {
    this.#assertOpen()
    const value = this.#values.get(key)
    return value === undefined ? undefined : copy(value)
  }

  has(key: string): boolean {
    this.#assertOpen()
    return this.#values.has(key)
  }

  async batch(ops: readonly StoreOp[]): Promise<void> {
    this.#assertOpen()
    this.keep(ops.map(op => (op.type === 'put' ? { ...op, value: copy(op.value) } : op)))
  }

  /** As `batch`, and keeps the arrays themselves: nobody may write to them any more. */
  keep(ops: readonly StoreOp[]): void {
    for (const op of ops) {
      if (op.type === 'put') this.#put(op.key, op.value)
      else this.#delete(op.key)
    }
  }

  /** `assertOpen`: asked before each row, of whoever stands before this store. */
  async *entries(
    range: StoreRange,
    assertOpen = () => this.#assertOpen(),
  ): AsyncGenerator<readonly [string, Uint8Array]> {
    assertOpen()
    // Values are never changed in place, so the pairs of this moment are the snapshot.
    const snapshot = this.#keysOf(range).map(key => [key, this.#values.get(key)] as const)
    for (const [key, value] of snapshot) {
      assertOpen()
      if (value !== undefined) yield [key, copy(value)]
    }
  }

  /** Keys alone, in their order. */
  keys(prefix: string): readonly string[] {
    this.#assertOpen()
    return this.#keysOf({ prefix })
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #put(key: string, value: Uint8Array): void {
    // What was removed and comes again still has its place.
    if (!this.#values.has(key) && !this.#removed.delete(key)) this.#added.add(key)
    this.#values.set(key, value)
  }

  #delete(key: string): void {
    if (this.#values.delete(key) && !this.#added.delete(key)) this.#removed.add(key)
  }

  #sort(): void {
    if (this.#added.size + this.#removed.size <= movedMax) {
      for (const key of this.#removed) this.#keys.splice(this.#position(key), 1)
      for (const key of this.#added) this.#keys.splice(this.#position(key), 0, key)
    } else {
      const left = this.#keys.filter(key => !this.#removed.has(key))
      this.#keys = [...left, ...this.#added].sort(compareKeys)
    }
    this.#added.clear()
    this.#removed.clear()
  }

  #keysOf({ prefix, after, limit, reverse }: StoreRange): string[] {
    this.#sort()
    const end = prefixEnd(prefix)
    let from = this.#position(prefix)
    let to = end === undefined ? this.#keys.length : this.#position(end)
    if (after !== undefined) {
      const position = this.#position(after)
      if (reverse) to = Math.min(to, position)
      else from = Math.max(from, this.#keys[position] === after ? position + 1 : position)
    }
    if (from >= to) return []
    const count = Math.min(limit ?? Number.POSITIVE_INFINITY, to - from)
    return reverse ? this.#keys.slice(to - count, to).reverse() : this.#keys.slice(from, from + count)
  }

  /** The position of the first key that is not before `key`. */
  #position(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(this.#keys[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError('store-closed', 'The store is closed.')
  }
}

/** `slice` of a Buffer would share its memory. */
function copy(value: Uint8Array): Uint8Array {
  return new Uint8Array(value)
}
