/**
 * Virtual time behind the `Clock` port: it moves only when it is told to, and wakes sleepers in the order in which
 * they are due. A machine's clock may be wrong, run too fast, or be set anew; sleeping is not shortened by that.
 */

import type { Clock } from '../node/ports.ts'
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
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const abort = (): void => {
        sleeper.cancel()
        reject(signal?.reason)
      }
      const wake = (): undefined => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const sleeper = this.events.in(this.#spanOf(ms), wake, this.#life)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  async within<T>(
    ms: number,
    parent: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController()
    const follow = (): void => controller.abort(parent?.reason)
    const expire = (): undefined => {
      controller.abort(new DOMException(`Not done within ${ms} ms.`, 'TimeoutError'))
    }
    const planned = this.events.in(this.#spanOf(ms), expire, this.#life)
    const forget = (): void => {
      planned.cancel()
      parent?.removeEventListener('abort', follow)
    }
    if (parent?.aborted) follow()
    else parent?.addEventListener('abort', follow, { once: true })
    controller.signal.addEventListener('abort', forget, { once: true })
    try {
      return await work(controller.signal)
    } finally {
      forget()
    }
  }

  /** Moves time on, and lets everything that was due run to its next wait before later sleepers wake. */
  advance(ms: number): Promise<void> {
    return this.events.runTo(this.events.nowMs + ms)
  }

  /** The machine was asleep: time has gone on, and timers go on from where they stood, as on most systems. */
  oversleep(ms: number): void {
    this.skewMs += ms
  }

  /** How much of the world's time passes while this clock's moves on by so much. */
  #spanOf(ms: number): number {
    return (Math.max(0, ms) * 1_000_000) / (1_000_000 + this.driftPpm)
  }
}
