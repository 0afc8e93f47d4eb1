/** How much of something came to those who were to have it, and after how long. */

import type { Machine } from './machine.ts'
import { quantile } from './quantile.ts'

/** Of all that came in time: after how many milliseconds 0 %, 1 %, … 100 % had; none where nothing did. */
export interface Spreading {
  /** That came in time; null where there was nobody to come to. */
  readonly share: number | null
  readonly afterMs: readonly number[]
}

export class Arrivals {
  /** In time or not, judged or not. */
  came = 0
  /** Judged: one for each thing and machine. */
  due = 0
  /** Milliseconds, of what came in time. */
  readonly #delays: number[] = []
  #isSorted = true

  /** The first time counts; `whenMs` is undefined for what does not count. */
  arrive(whenMs: Map<Machine, number> | undefined, machine: Machine, nowMs: number): void {
    if (whenMs === undefined || whenMs.has(machine)) return
    whenMs.set(machine, nowMs)
    this.came++
  }

  /** Undefined where it has not come. */
  judge(arrivedMs: number | undefined, sinceMs: number): void {
    this.due++
    if (arrivedMs === undefined) return
    this.#delays.push(arrivedMs - sinceMs)
    this.#isSorted = false
  }

  /** Undefined where there is nothing to take a share of. */
  shareWithin(ms: number): number | undefined {
    if (this.due === 0) return undefined
    return this.#delays.reduce((count, delay) => (delay <= ms ? count + 1 : count), 0) / this.due
  }

  quantile(part: number): number | undefined {
    const found = quantile(this.#sorted(), part)
    return found === undefined ? undefined : Math.round(found)
  }

  spreading(): Spreading {
    const share = this.due === 0 ? null : this.#delays.length / this.due
    if (this.#delays.length === 0) return { share, afterMs: [] }
    return { share, afterMs: Array.from({ length: 101 }, (_, at) => this.quantile(at / 100) ?? 0) }
  }

  #sorted(): readonly number[] {
    if (!this.#isSorted) this.#delays.sort((a, b) => a - b)
    this.#isSorted = true
    return this.#delays
  }
}
