/**
 * What happened in a run, line by line, as one hash: two runs that did the same have the same one, on every machine. The
 * last lines are kept, so that a violated check shows what came before it.
 */

import { createHash } from 'node:crypto'

const keptMax = 400
/** Lines that are told of what came before a violated check. */
export const traceLines = 60
/** Characters that are hashed together: a call for each line takes longer than the hash. */
const hashedTogether = 16_384

export class Trace {
  readonly #hash = createHash('sha256')
  readonly #kept: string[] = []
  readonly #linesMax: number
  #lines = 0
  #unhashed = ''

  /** Of what happens after so many lines nothing is written, and nothing hashed. */
  constructor(linesMax = Number.POSITIVE_INFINITY) {
    this.#linesMax = linesMax
  }

  add(nowMs: number, text: string): void {
    if (this.isFull) return
    // Microseconds: what is finer depends on how a sum was rounded, and decides nothing.
    const line = `${nowMs.toFixed(3)} ${text}\n`
    this.#unhashed += line
    if (this.#unhashed.length >= hashedTogether) this.#hashOn()
    this.#kept[this.#lines++ % keptMax] = line
  }

  get isFull(): boolean {
    return this.#lines >= this.#linesMax
  }

  /** How many there are: each is an event, and its number is its place, from 1. */
  get lines(): number {
    return this.#lines
  }

  /** Of all lines so far. */
  get hash(): string {
    this.#hashOn()
    return this.#hash.copy().digest('hex')
  }

  #hashOn(): void {
    this.#hash.update(this.#unhashed)
    this.#unhashed = ''
  }

  /** The last lines, oldest first, each behind its number. */
  last(count: number): readonly string[] {
    const from = Math.max(0, this.#lines - Math.min(count, keptMax))
    return Array.from({ length: this.#lines - from }, (_, at) =>
      `#${from + at + 1} ${this.#kept[(from + at) % keptMax] ?? ''}`.trimEnd(),
    )
  }
}
