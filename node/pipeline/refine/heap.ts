/** A heap of numbered items, the highest key first and the lowest number among equals: what lazy evaluation draws from. */

export class Heap {
  readonly #items: number[] = []
  readonly #keys: number[] = []

  get size(): number {
    return this.#items.length
  }

  push(item: number, key: number): void {
    let at = this.#items.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(item, key, parent)) break
      this.#move(parent, at)
      at = parent
    }
    this.#items[at] = item
    this.#keys[at] = key
  }

  /** The first one, or undefined where there is none. */
  pop(): number | undefined {
    const first = this.#items[0]
    const item = this.#items.pop()
    const key = this.#keys.pop()
    const count = this.#items.length
    if (item === undefined || key === undefined || count === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= count) break
      if (child + 1 < count && this.#isBefore(this.#items[child + 1] ?? 0, this.#keys[child + 1] ?? 0, child))
        child++
      if (this.#isBefore(item, key, child)) break
      this.#move(child, at)
      at = child
    }
    this.#items[at] = item
    this.#keys[at] = key
    return first
  }

  /** Whether this key stands before all that are left. */
  isFirst(item: number, key: number): boolean {
    return this.size === 0 || this.#isBefore(item, key, 0)
  }

  #isBefore(item: number, key: number, place: number): boolean {
    const other = this.#keys[place] ?? 0
    return key > other || (key === other && item < (this.#items[place] ?? 0))
  }

  #move(from: number, to: number): void {
    this.#items[to] = this.#items[from] ?? 0
    this.#keys[to] = this.#keys[from] ?? 0
  }
}
