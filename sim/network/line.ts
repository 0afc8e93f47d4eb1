/**
 * A connection between two links: two lanes, each with its own order and its own backlog. What is under way when it breaks
 * does not arrive, and whoever waits on it is told.
 */

import type { Link } from './link.ts'

export interface Lane {
  readonly line: Line
  readonly from: Link
  readonly to: Link
  /** When the last message in order arrives. */
  lastArrivalMs: number
  /** Bytes under way. */
  backlogBytes: number
}

export class Line {
  isOpen = true
  readonly openedMs: number
  readonly dialler: Link
  readonly #forth: Lane
  readonly #back: Lane
  /** Told when it breaks. */
  readonly onBreak = new Set<() => void>()

  constructor(dialler: Link, answerer: Link, openedMs: number) {
    this.dialler = dialler
    this.openedMs = openedMs
    this.#forth = { line: this, from: dialler, to: answerer, lastArrivalMs: 0, backlogBytes: 0 }
    this.#back = { line: this, from: answerer, to: dialler, lastArrivalMs: 0, backlogBytes: 0 }
  }

  get ends(): readonly [Link, Link] {
    return [this.#forth.from, this.#forth.to]
  }

  laneFrom(link: Link): Lane {
    return link === this.#forth.from ? this.#forth : this.#back
  }

  break(): void {
    if (!this.isOpen) return
    this.isOpen = false
    for (const tell of [...this.onBreak]) tell()
    this.onBreak.clear()
  }
}
