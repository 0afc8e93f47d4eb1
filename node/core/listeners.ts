/** Who wants to hear what happens in the node. A listener that throws is its own bug, and stops neither the node nor others. */

import type { NodeEvent } from '../api.ts'
import type { Log } from '../ports.ts'

export class Listeners {
  readonly #log: Log
  readonly #all = new Set<(event: NodeEvent) => void>()

  constructor(log: Log) {
    this.#log = log
  }

  add(listener: (event: NodeEvent) => void): () => void {
    this.#all.add(listener)
    return () => this.#all.delete(listener)
  }

  tell(event: NodeEvent): void {
    const failed = (cause: unknown): void =>
      this.#log('error', 'A listener to events failed.', { event: event.type, cause: String(cause) })
    for (const listener of this.#all) {
      try {
        // An async function passes for a listener, too.
        const answer: unknown = listener(event)
        if (answer instanceof Promise) answer.catch(failed)
      } catch (cause) {
        failed(cause)
      }
    }
  }
}
