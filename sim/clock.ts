/**
 * Virtual time behind the `Clock` port: it moves only when it is told to, and wakes sleepers in the order in which
 * they are due. Tests of everything that waits run on it, without waiting.
 */

import type { Clock, DisposableSignal } from '../node/ports.ts'

interface Sleeper {
  dueMs: number
  /** Equal times wake in the order in which they began. */
  readonly order: number
  wake(): void
}

export class VirtualClock implements Clock {
  #nowMs: number
  #order = 0
  readonly #sleepers = new Set<Sleeper>()

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const abort = (): void => {
        this.#sleepers.delete(sleeper)
        reject(signal?.reason)
      }
      const sleeper = this.#add(ms, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  deadline(ms: number, parent?: AbortSignal): DisposableSignal {
    const controller = new AbortController()
    const follow = (): void => controller.abort(parent?.reason)
    const sleeper = this.#add(ms, () =>
      controller.abort(new DOMException(`Not done within ${ms} ms.`, 'TimeoutError')),
    )
    const dispose = (): void => {
      this.#sleepers.delete(sleeper)
      parent?.removeEventListener('abort', follow)
    }
    if (parent?.aborted) follow()
    else parent?.addEventListener('abort', follow, { once: true })
    controller.signal.addEventListener('abort', dispose, { once: true })
    return { signal: controller.signal, [Symbol.dispose]: dispose }
  }

  /** Moves time on, and lets everything that was due run to its next wait before later sleepers wake. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#sleepers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.wake()
      await settle()
    }
    this.#nowMs = endMs
  }

  /** The machine was asleep: time has gone on, and timers go on from where they stood, as on most systems. */
  oversleep(ms: number): void {
    this.#nowMs += ms
    for (const sleeper of this.#sleepers) sleeper.dueMs += ms
  }

  #add(ms: number, wake: () => void): Sleeper {
    const sleeper = { dueMs: this.#nowMs + Math.max(0, ms), order: this.#order++, wake }
    this.#sleepers.add(sleeper)
    return sleeper
  }

  #next(endMs: number): Sleeper | undefined {
    let first: Sleeper | undefined
    for (const sleeper of this.#sleepers) {
      if (sleeper.dueMs > endMs) continue
      if (
        first === undefined ||
        sleeper.dueMs < first.dueMs ||
        (sleeper.dueMs === first.dueMs && sleeper.order < first.order)
      ) {
        first = sleeper
      }
    }
    return first
  }
}

/** Promise jobs that work may take between two waits; the longest chain in the node is far shorter. */
const jobsMax = 200

async function settle(): Promise<void> {
  for (let job = 0; job < jobsMax; job++) await Promise.resolve()
}
