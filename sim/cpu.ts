/**
 * Work behind the `Cpu` port: what a node does keeps it busy, and what arrives meanwhile waits. So overload, time budgets
 * and attacks on the processor show as they would on a machine.
 */

import type { Cpu, Work } from '../node/ports.ts'
import { turnMicros, unitMicros } from '../node/work-costs.ts'
import type { EventQueue, Happening, Life } from './events.ts'

interface Waiting {
  readonly happen: Happening
  readonly ms: number
  readonly life: Life
}

/** What a processor still has to do is noticed from here on. */
const noticedMs = 1

/** Does one thing after the other: of one machine, or of several nodes that share it. */
export class Processor {
  readonly #events: EventQueue
  readonly #waiting: Waiting[] = []
  #freeAtMs = 0

  constructor(events: EventQueue) {
    this.#events = events
  }

  /** When all that was charged so far is done. */
  get freeAtMs(): number {
    return this.#freeAtMs
  }

  hold(ms: number): void {
    this.#freeAtMs = Math.max(this.#events.nowMs, this.#freeAtMs) + ms
  }

  /** Lets something happen that takes so long, when what came before is done. */
  take(happen: Happening, ms: number, life: Life): 'quiet' | undefined {
    if (this.#waiting.length === 0 && this.#freeAtMs <= this.#events.nowMs + noticedMs) {
      this.hold(ms)
      return happen()
    }
    this.#waiting.push({ happen, ms, life })
    if (this.#waiting.length === 1) this.#events.at(this.#freeAtMs, this.#next)
    return 'quiet'
  }

  readonly #next = (): 'quiet' | undefined => {
    const isFree = this.#freeAtMs <= this.#events.nowMs + noticedMs
    const next = isFree ? this.#waiting.shift() : undefined
    if (next?.life.alive) this.hold(next.ms)
    const verdict = next?.life.alive ? next.happen() : 'quiet'
    if (this.#waiting.length > 0) this.#events.at(this.#freeAtMs, this.#next)
    return verdict
  }
}

export class VirtualCpu implements Cpu {
  /** How many times slower this machine is than the one on which the costs were measured. */
  slowness = 1
  /** All work so far, in milliseconds. */
  spentMs = 0
  readonly #events: EventQueue
  readonly #life: Life
  readonly #processor: Processor

  constructor(events: EventQueue, life: Life, processor = new Processor(events)) {
    this.#events = events
    this.#life = life
    this.#processor = processor
  }

  spend(work: Work, units: number): void | Promise<void> {
    const costMs = this.#cost(unitMicros[work] * units)
    this.#processor.hold(costMs)
    const { freeAtMs } = this.#processor
    if (freeAtMs - this.#events.nowMs < turnMicros / 1000) return undefined
    return new Promise(resolve => {
      const done = (): undefined => {
        resolve()
      }
      this.#events.at(freeAtMs, done, this.#life)
    })
  }

  /** What goes on beside the node's own work. */
  hold(micros: number): void {
    this.#processor.hold(this.#cost(micros))
  }

  /** Takes something in that arrived, when what came before is done. */
  take(happen: Happening, micros: number): 'quiet' | undefined {
    return this.#processor.take(happen, this.#cost(micros), this.#life)
  }

  #cost(micros: number): number {
    const ms = (micros * this.slowness) / 1000
    this.spentMs += ms
    return ms
  }
}
