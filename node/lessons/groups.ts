/** Disjoint sets of numbers, each known by its first member. */

export class Groups {
  readonly #parents: number[]

  constructor(size: number) {
    this.#parents = Array.from({ length: size }, (_, at) => at)
  }

  first(at: number): number {
    let top = at
    for (let up = this.#up(top); up !== top; up = this.#up(top)) {
      this.#parents[top] = this.#up(up)
      top = this.#up(up)
    }
    return top
  }

  same(a: number, b: number): boolean {
    return this.first(a) === this.first(b)
  }

  join(a: number, b: number): void {
    const [first, second] = [this.first(a), this.first(b)].sort((one, other) => one - other)
    if (first !== undefined && second !== undefined) this.#parents[second] = first
  }

  #up(at: number): number {
    return this.#parents[at] ?? at
  }
}
