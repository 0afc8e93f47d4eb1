/** What of a swarm goes on by itself until the swarm is closed: waited for at the end, and what fails is told. */

import type { Log, Stop } from '../ports.ts'

export class Background {
  readonly #log: Log
  readonly #stopping = new AbortController()
  readonly #work = new Set<Promise<void>>()
  readonly #stops: Stop[] = []

  constructor(log: Log) {
    this.#log = log
  }

  /** Aborts when all is to end. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  /** What ends by the stop itself is no failure. */
  run(work: Promise<void>): void {
    const tracked = work
      .catch((cause: unknown) => {
        if (!this.signal.aborted)
          this.#log('error', 'Work in the background ended.', { cause: String(cause) })
      })
      .finally(() => this.#work.delete(tracked))
    this.#work.add(tracked)
  }

  atStop(...stops: readonly Stop[]): void {
    this.#stops.push(...stops)
  }

  stop(): void {
    this.#stopping.abort()
    for (const stop of this.#stops.splice(0)) stop()
  }

  async ended(): Promise<void> {
    await Promise.all(this.#work)
  }
}
