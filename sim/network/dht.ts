/**
 * Whom the DHT connects. kad-dht looks a key up by asking who is nearest to it for peers that are nearer, and calls everyone
 * it is told of before it remembers them, as far as `bounded-dht.ts` lets it. What is kept under a key stands for itself
 * (`discovery.ts`), and who is connected is the routing table.
 */

import type { Random } from '../../node/ports.ts'
import type { EventQueue, Life } from '../events.ts'
import type { LineEnd } from './line.ts'

export interface DhtInit {
  readonly self: LineEnd
  readonly events: EventQueue
  readonly life: Life
  readonly random: Random
  readonly connections: () => number
  readonly isConnected: (peer: LineEnd) => boolean
  /** Connects, so that the peer can be asked. Rejects when it does not answer. */
  readonly call: (peer: LineEnd) => Promise<unknown>
  /** Resolves when the answers of all of them are there, with those that do answer. */
  readonly ask: (peers: readonly LineEnd[]) => Promise<readonly LineEnd[]>
}

/** Peers that a lookup ends with, and that one answer names. */
const lookupPeers = 20
/** With so many connections it calls nobody: the real one's `bounded-dht.ts` (a test holds the two to each other), which counts members alone: here is nobody else. */
export const dhtConnectionsMax = 8
/** Asked at once. */
const askedAtOnce = 10
/** The first lookups of a node, and how often it makes them anew to keep its table fresh. */
const firstMs = 1_000
const refreshMs = 5 * 60_000
/** As many leading bits are told apart when a table is refreshed. */
const prefixBitsMax = 15

export class Dht {
  readonly #init: DhtInit
  readonly #calls = new Map<LineEnd, Promise<boolean>>()
  #isClosed = false

  constructor(init: DhtInit) {
    this.#init = init
  }

  start(): void {
    this.#refreshIn(firstMs)
  }

  close(): void {
    this.#isClosed = true
  }

  /**
   * Asks its way to the peers nearest to a place, and calls whoever is named on the way. Where nobody may be called any more
   * it ends, for whom it asks then makes no difference to anyone.
   */
  async lookUp(target: number): Promise<void> {
    const { self } = this.#init
    const known = new Set(self.neighbours())
    const asked = new Set([self])
    for (;;) {
      const next = nearest(target, known)
        .filter(peer => !asked.has(peer))
        .slice(0, askedAtOnce)
      if (next.length === 0 || !this.#mayCall()) return
      for (const peer of next) asked.add(peer)
      const reached = await Promise.all(next.map(async peer => ((await this.#meet(peer)) ? peer : undefined)))
      const answering = new Set(await this.#init.ask(reached.filter(peer => peer !== undefined)))
      for (const peer of next) if (!answering.has(peer)) known.delete(peer)
      for (const peer of answering)
        for (const named of nearest(target, peer.neighbours())) {
          if (asked.has(named) || known.has(named)) continue
          known.add(named)
          void this.#meet(named)
        }
    }
  }

  /** Whether it is connected, or lets itself be called. */
  #meet(peer: LineEnd): Promise<boolean> {
    const { isConnected } = this.#init
    const called = this.#calls.get(peer)
    if (called !== undefined) return called
    if (isConnected(peer)) return Promise.resolve(true)
    if (!this.#mayCall()) return Promise.resolve(false)
    const call = this.#call(peer).finally(() => this.#calls.delete(peer))
    this.#calls.set(peer, call)
    return call
  }

  #mayCall(): boolean {
    return !this.#isClosed && this.#init.connections() + this.#calls.size < dhtConnectionsMax
  }

  async #call(peer: LineEnd): Promise<boolean> {
    try {
      await this.#init.call(peer)
      return true
    } catch {
      // Nobody answers there, or hangs up: it is not asked, and may be named again.
      return false
    }
  }

  #refreshIn(ms: number): void {
    const { events, life } = this.#init
    const happen = (): undefined => {
      if (!this.#isClosed) void this.#refresh().then(() => this.#refreshIn(refreshMs))
    }
    events.in(ms, happen, life)
  }

  /** Looks for its own place, and for one in each part of the others that it tells apart. */
  async #refresh(): Promise<void> {
    const { random, self } = this.#init
    await this.lookUp(self.place)
    const bits = self.neighbours().map(({ place }) => Math.clz32(place ^ self.place))
    const parts = Math.min(Math.max(0, ...bits), prefixBitsMax)
    for (let bit = 0; bit <= parts; bit++) {
      const below = 2 ** (31 - bit)
      await this.lookUp(((self.place ^ below) & -below) + random.below(below))
    }
  }
}

/** Those nearest to a place, the nearest first. */
function nearest(target: number, peers: Iterable<LineEnd>): readonly LineEnd[] {
  return [...peers]
    .map(peer => ({ peer, far: (peer.place ^ target) >>> 0 }))
    .sort((a, b) => a.far - b.far)
    .slice(0, lookupPeers)
    .map(({ peer }) => peer)
}
