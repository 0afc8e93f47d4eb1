/**
 * Virtual time behind the `Clock` port: it moves only when it is told to, and wakes sleepers in the order in which
 * they are due. A machine's clock may be wrong, run too fast, or be set anew; sleeping is not shortened by that.
 */

import type { Clock } from '../node/ports.ts'
import { type SetTimer, sleep, within } from '../node/waiting.ts'
import { EventQueue, type Life } from './events.ts'

export class VirtualClock implements Clock {
  readonly events: EventQueue
  /** What it shows beyond the world's time. */
  skewMs = 0
  /** How much too fast it runs, in parts of a million. */
  driftPpm = 0
  readonly #startMs: number
  readonly #life: Life | undefined

  /** A world's own time from its start on, or a machine's in a world. */
  constructor(world: number | EventQueue, life?: Life) {
    this.events = typeof world === 'number' ? new EventQueue(world) : world
    this.#startMs = this.events.nowMs
    this.#life = life
  }

  now(): number {
    const { nowMs } = this.events
    return Math.floor(nowMs + this.skewMs + ((nowMs - this.#startMs) * this.driftPpm) / 1_000_000)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleep(this.#setTimer, ms, signal)
  }

  within<T>(
    ms: number,
    parent: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return within(this.#setTimer, ms, parent, work)
  }

  /** Moves time on, and lets everything that was due run to its next wait before later sleepers wake. */
  advance(ms: number): Promise<void> {
    return this.events.runTo(this.events.nowMs + ms)
  }

  /** The machine was asleep: time has gone on, and timers go on from where they stood, as on most systems. */
  oversleep(ms: number): void {
    this.skewMs += ms
  }

  readonly #setTimer: SetTimer = (ms, ring) => {
    const happen = (): undefined => {
      ring()
    }
    const planned = this.events.in(this.#spanOf(ms), happen, this.#life)
    return () => planned.cancel()
  }

  /** How much of the world's time passes while this clock's moves on by so much. */
  #spanOf(ms: number): number {
    return (Math.max(0, ms) * 1_000_000) / (1_000_000 + this.driftPpm)
  }
}
