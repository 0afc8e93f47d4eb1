/**
 * What happened in a run, line by line, as one hash: two runs that did the same have the same one, on every machine. The
 * last lines are kept, so that a violated check shows what came before it.
 */

import { createHash } from 'node:crypto'

const keptMax = 400

export class Trace {
  readonly #hash = createHash('sha256')
  readonly #kept: string[] = []
  #lines = 0

  add(nowMs: number, text: string): void {
    // Microseconds: what is finer depends on how a sum was rounded, and decides nothing.
    const line = `${nowMs.toFixed(3)} ${text}\n`
    this.#hash.update(line)
    this.#kept[this.#lines++ % keptMax] = line
  }

  get lines(): number {
    return this.#lines
  }

  /** Of all lines so far. */
  get hash(): string {
    return this.#hash.copy().digest('hex')
  }

  /** The last lines, oldest first. */
  last(count: number): readonly string[] {
    const from = Math.max(0, this.#lines - Math.min(count, keptMax))
    return Array.from({ length: this.#lines - from }, (_, at) =>
      (this.#kept[(from + at) % keptMax] ?? '').trimEnd(),
    )
  }
}
