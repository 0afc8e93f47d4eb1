/** An allowance as a sorted list, of record ids or of subjects: the lowest are live, whatever order they came in. */

export class Ranked<Id extends string> {
  readonly #allowance: number
  readonly #onLive: (id: Id, live: boolean) => void
  readonly #ids: Id[] = []

  /** `onLive` is told of every id whose place changes sides, and of each id added. */
  constructor(allowance: number, onLive: (id: Id, live: boolean) => void) {
    this.#allowance = allowance
    this.#onLive = onLive
  }

  add(id: Id): void {
    const at = placeOf(this.#ids, id)
    if (this.#ids[at] === id) return
    this.#ids.splice(at, 0, id)
    this.#onLive(id, at < this.#allowance)
    const displaced = this.#ids[this.#allowance]
    if (at < this.#allowance && displaced !== undefined) this.#onLive(displaced, false)
  }

  remove(id: Id): void {
    const at = placeOf(this.#ids, id)
    if (this.#ids[at] !== id) return
    this.#ids.splice(at, 1)
    const promoted = this.#ids[this.#allowance - 1]
    if (at < this.#allowance && promoted !== undefined && this.#ids.length >= this.#allowance)
      this.#onLive(promoted, true)
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
