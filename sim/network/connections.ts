/**
 * The connections of one simulated link: whom it calls and calls again, who is let in, who is sent away, and what happens
 * when a line breaks. Who may connect follows the rules of the real adapter (`gate.ts`).
 */

import type { SwarmOptions } from '../../node/ports.ts'
import { addressesMax } from '../../protocol/limits.ts'
import type { PeerId } from '../../protocol/types.ts'
import type { VirtualClock } from '../clock.ts'
import type { EventQueue } from '../events.ts'
import { between } from '../random.ts'
import { NetworkFailure } from './failure.ts'
import { connectionsMax, type Gate, newcomersMax } from './gate.ts'
import type { Host } from './host.ts'
import { type Lane, Line, type LineEnd } from './line.ts'
import { Redial } from './redial.ts'

/** A link as who calls it finds it. */
export interface Callee extends LineEnd {
  readonly options: SwarmOptions
  readonly connections: Connections
}

/** The network as far as lines are made over it, and break. */
export interface Exchange {
  readonly events: EventQueue
  listening(address: string): Callee | undefined
  isCut(a: Host, b: Host): boolean
  latencyMs(from: Host, to: Host): number
  breakLater(line: Line): void
}

export interface ConnectionsInit {
  readonly network: Exchange
  readonly self: Callee
  readonly clock: VirtualClock
  readonly gate: Gate
  readonly onPeer: (peer: PeerId, state: 'up' | 'down') => void
}

/** How long a call goes unanswered before the caller gives up, unless it says otherwise. */
const dialMsMax = 10_000
/** Round trips until a connection stands: TCP, noise, and the choice of yamux. */
const dialTrips = 2

export class Connections {
  readonly #network: Exchange
  readonly #self: Callee
  readonly #clock: VirtualClock
  readonly #gate: Gate
  readonly #onPeer: ConnectionsInit['onPeer']
  readonly #redial: Redial
  readonly #lines = new Map<PeerId, Line>()
  #isClosed = false

  constructor({ network, self, clock, gate, onPeer }: ConnectionsInit) {
    this.#network = network
    this.#self = self
    this.#clock = clock
    this.#gate = gate
    this.#onPeer = onPeer
    const { life, random } = self.host
    this.#redial = new Redial({
      events: network.events,
      life,
      random,
      connected: () => new Set(this.neighbours().map(({ address }) => address)),
      hasRoom: () => this.hasRoom,
      dial: address => this.call(address),
    })
  }

  get size(): number {
    return this.#lines.size
  }

  get hasRoom(): boolean {
    return this.size < connectionsMax
  }

  get #isCrowded(): boolean {
    return this.size >= connectionsMax + newcomersMax
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  peers(): readonly PeerId[] {
    return [...this.#lines.keys()]
  }

  neighbours(): readonly LineEnd[] {
    return [...this.#lines.values()].map(line => this.#otherEnd(line))
  }

  has(peer: PeerId): boolean {
    return this.#lines.has(peer)
  }

  laneTo(peer: PeerId): Lane | undefined {
    const line = this.#lines.get(peer)
    return line?.isOpen ? line.laneFrom(this.#self) : undefined
  }

  /** Calls it until it answers, and again whenever it is lost. */
  keep(address: string): void {
    this.#redial.want(address, 'always')
  }

  /** Calls one address after the other, until somebody answers. */
  async dial(addresses: readonly string[], signal: AbortSignal): Promise<PeerId> {
    signal.throwIfAborted()
    let failure: unknown = new NetworkFailure('address-invalid', 'None of these is an address of a node.')
    for (const address of addresses.slice(0, addressesMax)) {
      try {
        return await this.call(address, dialMsMax, signal)
      } catch (cause) {
        signal.throwIfAborted()
        failure = cause
      }
    }
    throw failure
  }

  /** Rejects when nobody answers, or who does hangs up. */
  async call(address: string, patienceMs: number = dialMsMax, signal?: AbortSignal): Promise<PeerId> {
    const { host } = this.#self
    const other = this.#network.listening(address)
    if (other === this.#self) throw new NetworkFailure('peer-unreachable', 'That is this node itself.')
    if (other !== undefined && this.laneTo(other.self) !== undefined) return other.self
    const tripMs = other === undefined ? askAroundMs(host) : 2 * this.#network.latencyMs(host, other.host)
    if (other === undefined || !other.host.life.alive) {
      await this.#clock.sleep(tripMs, signal)
      throw new NetworkFailure('peer-unreachable', `No node answers at ${address}.`)
    }
    if (other.host.isBehindNat || this.#network.isCut(host, other.host)) {
      await this.#clock.sleep(patienceMs, signal)
      throw new NetworkFailure('peer-unreachable', `Nothing comes back from ${address}.`)
    }
    await this.#clock.sleep(dialTrips * tripMs, signal)
    return this.#meet(other, address)
  }

  hangUpOn(peer: PeerId): void {
    const line = this.#lines.get(peer)
    if (line !== undefined) this.#sendAway(line)
  }

  /** Whom gossip has no use for any more is kept out for a while, too. */
  expel(isUnfit: (peer: PeerId) => boolean): 'quiet' | undefined {
    let verdict: 'quiet' | undefined = 'quiet'
    for (const [peer, line] of this.#lines) {
      if (!isUnfit(peer)) continue
      this.#gate.shut(peer)
      this.#redial.forgetMet(this.#otherEnd(line).address)
      this.#hangUp(line)
      verdict = undefined
    }
    return verdict
  }

  /** All of them break. */
  dropAll(): void {
    for (const line of this.#lines.values()) this.#network.breakLater(line)
  }

  /** Gives up those over which nothing can come. */
  dropCut(): void {
    for (const line of [...this.#lines.values()]) {
      const [a, b] = line.ends
      if (this.#network.isCut(a.host, b.host)) this.#network.breakLater(line)
    }
  }

  /** The other end has gone. */
  gone(line: Line): void {
    const { self, address } = this.#otherEnd(line)
    if (this.#lines.get(self) !== line) return
    this.#lines.delete(self)
    this.#redial.lost(address)
    this.#onPeer(self, 'down')
  }

  close(): void {
    this.#isClosed = true
    this.#redial.close()
    for (const line of [...this.#lines.values()]) this.#hangUp(line)
  }

  #otherEnd(line: Line): LineEnd {
    return line.laneFrom(this.#self).to
  }

  /** Where both agree that they are of one swarm, and neither keeps the other out, a connection stands. */
  #meet(other: Callee, address: string): PeerId {
    if (this.#isClosed || this.#network.listening(address) !== other)
      throw new NetworkFailure('peer-unreachable', `No node answers at ${address} any more.`)
    if (this.laneTo(other.self) !== undefined) return other.self
    const isShut = this.#gate.isShut(other.self) || other.connections.#gate.isShut(this.#self.self)
    if (!isOneSwarm(this.#self.options, other.options) || isShut || other.connections.#isCrowded)
      throw new NetworkFailure('peer-refused', `The node at ${address} hangs up.`)
    const line = new Line(this.#self, other, this.#network.events.nowMs)
    other.connections.#came(line)
    this.#came(line)
    return other.self
  }

  #came(line: Line): void {
    const { self, address } = this.#otherEnd(line)
    this.#lines.set(self, line)
    this.#redial.want(address, 'while-it-answers')
    this.#redial.came(address)
    this.#onPeer(self, 'up')
    this.#keepRoom()
  }

  /** Later, when the newcomer has had the time to show who it is. */
  #keepRoom(): void {
    if (this.size <= connectionsMax) return
    const tidy = (): 'quiet' | undefined => {
      const surplus = this.#gate.surplus([...this.#lines.values()], this.#self)
      for (const line of surplus) this.#sendAway(line)
      return surplus.length === 0 ? 'quiet' : undefined
    }
    this.#network.events.in(this.#gate.graceMs, tidy, this.#self.host.life)
  }

  /** Hangs up, and does not call again. */
  #sendAway(line: Line): void {
    this.#redial.forget(this.#otherEnd(line).address)
    this.#hangUp(line)
  }

  #hangUp(line: Line): void {
    const other = this.#otherEnd(line)
    if (!line.isOpen) return
    line.break()
    this.gone(line)
    const notice = (): undefined => {
      other.gone(line)
    }
    this.#network.events.in(this.#network.latencyMs(this.#self.host, other.host), notice, other.host.life)
  }
}

/** How long it takes to find in the DHT what is known of a key. */
export function askAroundMs({ random }: Host): number {
  return between(random, 50, 400)
}

function isOneSwarm(a: SwarmOptions, b: SwarmOptions): boolean {
  if (a.id !== b.id) return false
  return a.psk === undefined || b.psk === undefined ? a.psk === b.psk : Buffer.compare(a.psk, b.psk) === 0
}
