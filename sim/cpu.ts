/**
 * Work behind the `Cpu` port: what a node does keeps it busy, and what arrives meanwhile waits. So overload, time budgets
 * and attacks on the processor show as they would on a machine.
 */

import type { Cpu, Work } from '../node/ports.ts'
import { turnMicros, unitMicros } from '../node/work-costs.ts'
import type { EventQueue, Life } from './events.ts'

export class VirtualCpu implements Cpu {
  /** How many times slower this machine is than the one on which the costs were measured. */
  slowness = 1
  /** All work so far, in milliseconds. */
  spentMs = 0
  readonly #events: EventQueue
  readonly #life: Life
  #freeAtMs = 0

  constructor(events: EventQueue, life: Life) {
    this.#events = events
    this.#life = life
  }

  /** When all that was charged so far is done. */
  get freeAtMs(): number {
    return this.#freeAtMs
  }

  spend(work: Work, units: number): void | Promise<void> {
    const { nowMs } = this.#events
    const costMs = (unitMicros[work] * units * this.slowness) / 1000
    this.spentMs += costMs
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + costMs
    if (this.#freeAtMs - nowMs < turnMicros / 1000) return undefined
    return new Promise(resolve => {
      const done = (): undefined => {
        resolve()
      }
      this.#events.at(this.#freeAtMs, done, this.#life)
    })
  }
}
