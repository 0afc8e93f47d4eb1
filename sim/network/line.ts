/**
 * A connection between two links: two lanes, each with its own order and its own backlog. What is under way when it breaks
 * does not arrive, and whoever waits on it is told.
 */

import type { PeerId } from '../../protocol/types.ts'
import type { EventQueue, Happening } from '../events.ts'
import type { GossipFrame } from './gossip.ts'
import type { Host } from './host.ts'

/** What one end of a connection knows of the other. */
export interface LineEnd {
  readonly self: PeerId
  readonly address: string
  readonly host: Host
  readonly addresses: () => readonly string[]
  /** The first 32 bits of its place among the keys of the DHT: they tell a million peers apart well enough. */
  readonly place: number
  /** Connected peers, in the order in which they came. */
  readonly neighbours: () => readonly LineEnd[]
  readonly gossip: { receive(from: PeerId, frame: GossipFrame): 'quiet' | undefined }
  readonly requests: {
    answer(protocol: string, bytes: Uint8Array, from: PeerId, gone: AbortController): Promise<Uint8Array>
  }
  /** The other end has gone. */
  gone(line: Line): void
}

/**
 * What a message travels on. `gossip`: a stream that stands, and what gets lost on it is lost. On the others the transport
 * sends until it arrives, or breaks: on one that stands, or on one that both ends agree on first, which takes a round trip.
 */
export type Stream = 'gossip' | 'standing' | 'new'

/** What brings messages along a lane. */
export interface Carrier {
  readonly events: EventQueue
  send(lane: Lane, what: string, bytes: number, stream: Stream, arrive: Happening): void
}

export interface Lane {
  readonly line: Line
  readonly from: LineEnd
  readonly to: LineEnd
  /** When the last message in order arrives. */
  lastArrivalMs: number
  /** Bytes under way. */
  backlogBytes: number
}

export class Line {
  isOpen = true
  readonly openedMs: number
  readonly dialler: LineEnd
  readonly #forth: Lane
  readonly #back: Lane
  /** Told when it breaks. */
  readonly onBreak = new Set<() => void>()

  constructor(dialler: LineEnd, answerer: LineEnd, openedMs: number) {
    this.dialler = dialler
    this.openedMs = openedMs
    this.#forth = { line: this, from: dialler, to: answerer, lastArrivalMs: 0, backlogBytes: 0 }
    this.#back = { line: this, from: answerer, to: dialler, lastArrivalMs: 0, backlogBytes: 0 }
  }

  get ends(): readonly [LineEnd, LineEnd] {
    return [this.#forth.from, this.#forth.to]
  }

  laneFrom(link: LineEnd): Lane {
    return link === this.#forth.from ? this.#forth : this.#back
  }

  break(): void {
    if (!this.isOpen) return
    this.isOpen = false
    for (const tell of [...this.onBreak]) tell()
    this.onBreak.clear()
  }
}
