/**
 * One node's place in one swarm: the Network, Blocks and Discovery ports of the node over the simulated network. Who may
 * connect and who is sent away follows the rules of the real adapter.
 */

import { toHex } from '../../crypto/bytes.ts'
import { type KeyPair, keyPairFromSeed, libp2pIdOf } from '../../crypto/keys.ts'
import { createMemo } from '../../crypto/memo.ts'
import type { Provider } from '../../node/first-delivery.ts'
import type {
  Blocks,
  Discovery,
  Network,
  RequestOptions,
  ServeOptions,
  SwarmOptions,
} from '../../node/ports.ts'
import { peerOf } from '../../protocol/identity.ts'
import { addressesMax } from '../../protocol/limits.ts'
import type { PeerId, SwarmId } from '../../protocol/types.ts'
import { VirtualClock } from '../clock.ts'
import { between } from '../random.ts'
import { blockAnswer, createBlocks, readBlockAnswer } from './blocks.ts'
import { Dht } from './dht.ts'
import { createDiscovery, meetingPlace, placeOf } from './discovery.ts'
import { NetworkFailure } from './failure.ts'
import type { Fitted } from './fitted.ts'
import { Gate } from './gate.ts'
import { Gossip } from './gossip.ts'
import { heartbeatMs, thresholds } from './gossip-parameters.ts'
import type { Host } from './host.ts'
import { type Carrier, type Lane, Line, type LineEnd } from './line.ts'
import { Redial } from './redial.ts'
import { Requests } from './requests.ts'

/** The network around a link. */
export interface Surroundings extends Carrier {
  readonly fitted: Fitted
  readonly meetingPlaces: Map<string, Set<LineEnd>>
  listening(address: string): Link | undefined
  /** As the swarm's DHT does: who of it is there, by its name. */
  known(swarm: SwarmId, peer: PeerId): Link | undefined
  forget(link: Link): void
  isCut(a: Host, b: Host): boolean
  latencyMs(from: Host, to: Host): number
  breakLater(line: Line): void
}

export interface LinkInit {
  readonly network: Surroundings
  readonly host: Host
  /** Where it listens, with or without its name. */
  readonly address: string
  readonly options: SwarmOptions
}

/** How long a call goes unanswered before the caller gives up, and before the DHT does. */
const dialMsMax = 10_000
const dhtDialMsMax = 5_000
/** Round trips until a connection stands: TCP, noise, and the choice of yamux. */
const dialTrips = 2
export const blockProtocol = '/sim/block'
/** Wishes of one peer that are served at once. */
const wishesMax = 256
const wishBytesMax = 100

export class Link implements Network, LineEnd {
  readonly self: PeerId
  readonly address: string
  readonly place: number
  readonly host: Host
  readonly options: SwarmOptions
  readonly blocks: Blocks
  readonly discovery: Discovery
  readonly gossip: Gossip
  readonly requests: Requests
  readonly #network: Surroundings
  readonly #clock: VirtualClock
  readonly #lines = new Map<PeerId, Line>()
  readonly #listeners = new Set<Parameters<Network['onPeer']>[0]>()
  readonly #gate: Gate
  readonly #redial: Redial
  readonly #dht: Dht
  #isClosed = false

  constructor({ network, host, address, options }: LinkInit) {
    const pair = pairOf(options.seed)
    const { events } = network
    const { life, random } = host
    this.self = peerOf(pair.publicKey)
    this.address = address.includes('/p2p/') ? address : `${address}/p2p/${libp2pIdOf(pair.publicKey)}`
    this.place = placeOf(pair.publicKey)
    this.host = host
    this.options = options
    this.#network = network
    this.#clock = new VirtualClock(events, life)
    this.#gate = new Gate(this.#clock)
    this.requests = new Requests(network, life, blockProtocol)
    this.discovery = createDiscovery({ pair, linkOf: peer => this.#laneTo(peer)?.to, self: this })
    this.gossip = new Gossip({
      topics: options.topics,
      messageId: options.messageId,
      peers: this.peers,
      send: (peer, frame, bytes) => {
        const lane = this.#laneTo(peer)
        if (lane === undefined) return
        const what = frame.type === 'message' ? `message ${frame.id}` : frame.type
        network.send(lane, what, bytes, frame.type === 'message' ? 'gossip' : 'standing', () =>
          lane.to.gossip.receive(this.self, frame),
        )
      },
      weight: peer => this.#gate.scoreOf(peer),
      random,
      nowMs: () => events.nowMs,
    })
    this.#redial = new Redial({
      events,
      life,
      random,
      connected: () => new Set([...this.#lines.values()].map(line => line.laneFrom(this).to.address)),
      hasRoom: () => this.#lines.size < this.#gate.connectionsMax,
      dial: at => this.#call(at, dialMsMax),
    })
    this.#dht = new Dht({
      self: this,
      events,
      life,
      random,
      connections: () => this.#lines.size,
      isConnected: ({ self }) => this.#lines.has(self),
      call: ({ address: at }) => this.#call(at, dhtDialMsMax),
      ask: peers => this.#roundTrip(peers),
    })
    this.blocks = createBlocks({
      clock: this.#clock,
      ask: async (provider, cid, signal) => {
        const { peer } = provider
        if (this.#laneTo(peer) === undefined) await this.#reach(provider, signal)
        const body = Buffer.from(cid)
        return readBlockAnswer(await this.request(peer, blockProtocol, body, { maxBytes: 2 ** 20, signal }))
      },
    })
  }

  start(): void {
    this.serve(blockProtocol, { maxBytes: wishBytesMax, perPeer: wishesMax }, async bytes => {
      const cid = Buffer.from(bytes).toString('latin1') as Parameters<SwarmOptions['blocks']['get']>[0]
      return blockAnswer(this.options.blocks.get(cid))
    })
    for (const address of this.options.bootstrap) this.#redial.want(address, 'always')
    this.#dht.start()
    const { events, fitted } = this.#network
    const beat = (): 'quiet' | undefined => {
      if (this.#isClosed) return 'quiet'
      this.gossip.heartbeat()
      this.host.sentBytes += (this.#lines.size * fitted.idleBytesPerS * heartbeatMs) / 1000
      this.host.cpu?.hold((fitted.idleMicrosPerS * heartbeatMs) / 1000)
      events.in(heartbeatMs, beat, this.host.life)
      return this.#expelUnfit()
    }
    events.in(between(this.host.random, 0, heartbeatMs), beat, this.host.life)
  }

  addresses = (): readonly string[] => [this.address]
  peers = (): readonly PeerId[] => [...this.#lines.keys()]
  neighbours = (): readonly LineEnd[] => [...this.#lines.values()].map(line => line.laneFrom(this).to)
  addressesOf = async (peer: PeerId): Promise<readonly string[]> => this.#laneTo(peer)?.to.addresses() ?? []

  onPeer(listener: Parameters<Network['onPeer']>[0]) {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Dials all addresses of the first peer named. */
  async dial(addresses: readonly string[], signal: AbortSignal): Promise<PeerId> {
    signal.throwIfAborted()
    let failure: unknown = new NetworkFailure('address-invalid', 'None of these is an address of a node.')
    for (const address of addresses.slice(0, addressesMax)) {
      try {
        return await this.#call(address, dialMsMax, signal)
      } catch (cause) {
        signal.throwIfAborted()
        failure = cause
      }
    }
    throw failure
  }

  async disconnect(peer: PeerId): Promise<void> {
    const line = this.#lines.get(peer)
    if (line === undefined) return
    this.#redial.forget(line.laneFrom(this).to.address)
    this.#hangUp(line)
  }

  async advertise(key: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#dht.lookUp(placeOf(key))
    await this.#clock.sleep(this.#askAroundMs(), signal)
    meetingPlace(this.#network.meetingPlaces, key).add(this)
  }

  /** What is kept in the DHT stands for itself: it is asked for the time of a few round trips, and knows who came. */
  async *discover(key: Uint8Array, signal: AbortSignal): AsyncGenerator<readonly string[]> {
    await this.#clock.sleep(this.#askAroundMs(), signal)
    if (this.#lines.size === 0) return
    for (const link of [...meetingPlace(this.#network.meetingPlaces, key)])
      if (link !== this) yield link.addresses()
  }

  weigh(...[score, isMember]: Parameters<Network['weigh']>): void {
    this.#gate.weigh(score, isMember)
  }

  async publish(topic: string, bytes: Uint8Array): Promise<number> {
    if (this.#isClosed) throw new NetworkFailure('closed', 'The swarm is closed.')
    return this.gossip.publish(topic, bytes)
  }

  subscribe(topic: string, handler: Parameters<Network['subscribe']>[1]) {
    return this.gossip.subscribe(topic, handler)
  }

  async request(peer: PeerId, protocol: string, bytes: Uint8Array, options: RequestOptions) {
    options.signal.throwIfAborted()
    const lane = this.#laneTo(peer)
    if (lane === undefined) throw new NetworkFailure('peer-unreachable', `${peer} is not connected.`)
    return this.requests.ask(lane, protocol, bytes, options)
  }

  serve(protocol: string, options: ServeOptions, handler: Parameters<Network['serve']>[2]) {
    return this.requests.serve(protocol, options, handler)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#listeners.clear()
    this.vanish()
  }

  /** It is gone without a word of its own; the others notice by their broken connections. */
  vanish(): void {
    this.#isClosed = true
    this.#redial.close()
    this.#dht.close()
    this.#network.forget(this)
    for (const line of [...this.#lines.values()]) this.#hangUp(line)
  }

  /** All its connections break. */
  dropAll(): void {
    for (const line of this.#lines.values()) this.#network.breakLater(line)
  }

  /** Gives up connections over which nothing can come. */
  dropCut(): void {
    for (const line of [...this.#lines.values()]) {
      const [a, b] = line.ends
      if (this.#network.isCut(a.host, b.host)) this.#network.breakLater(line)
    }
  }

  /** The other end has gone. */
  gone(line: Line): void {
    const { self, address } = line.laneFrom(this).to
    if (this.#lines.get(self) !== line) return
    this.#lines.delete(self)
    this.gossip.gone(self)
    this.#redial.lost(address)
    this.#tell(self, 'down')
  }

  #laneTo(peer: PeerId): Lane | undefined {
    const line = this.#lines.get(peer)
    return line?.isOpen ? line.laneFrom(this) : undefined
  }

  /** At the addresses named, or else where the DHT knows the peer to listen. */
  async #reach({ peer, addresses }: Provider, signal: AbortSignal): Promise<void> {
    if (this.#lines.size >= this.#gate.connectionsMax)
      throw new NetworkFailure('peer-unreachable', `There is no room for a connection to ${peer}.`)
    await this.dial(addresses ?? (await this.#lookUp(peer, signal)), signal)
  }

  async #lookUp(peer: PeerId, signal: AbortSignal): Promise<readonly string[]> {
    await this.#clock.sleep(this.#askAroundMs(), signal)
    const found = this.#lines.size === 0 ? undefined : this.#network.known(this.options.id, peer)
    return found?.addresses() ?? []
  }

  async #call(address: string, patienceMs: number, signal?: AbortSignal): Promise<PeerId> {
    const other = this.#network.listening(address)
    if (other === this) throw new NetworkFailure('peer-unreachable', 'That is this node itself.')
    if (other !== undefined && this.#laneTo(other.self) !== undefined) return other.self
    const tripMs =
      other === undefined ? this.#askAroundMs() : 2 * this.#network.latencyMs(this.host, other.host)
    if (other === undefined || !other.host.life.alive) {
      await this.#clock.sleep(tripMs, signal)
      throw new NetworkFailure('peer-unreachable', `No node answers at ${address}.`)
    }
    if (other.host.isBehindNat || this.#network.isCut(this.host, other.host)) {
      await this.#clock.sleep(patienceMs, signal)
      throw new NetworkFailure('peer-unreachable', `Nothing comes back from ${address}.`)
    }
    await this.#clock.sleep(dialTrips * tripMs, signal)
    return this.#meet(other, address)
  }

  /** Where both agree that they are of one swarm, and neither keeps the other out, a connection stands. */
  #meet(other: Link, address: string): PeerId {
    if (this.#isClosed || this.#network.listening(address) !== other)
      throw new NetworkFailure('peer-unreachable', `No node answers at ${address} any more.`)
    if (this.#laneTo(other.self) !== undefined) return other.self
    const isOneSwarm = this.options.id === other.options.id && sameKey(this.options.psk, other.options.psk)
    if (!isOneSwarm || this.#gate.isShut(other.self) || other.#gate.isShut(this.self))
      throw new NetworkFailure('peer-refused', `The node at ${address} hangs up.`)
    const line = new Line(this, other, this.#network.events.nowMs)
    other.#came(line)
    this.#came(line)
    return other.self
  }

  #came(line: Line): void {
    const { self, address } = line.laneFrom(this).to
    this.#lines.set(self, line)
    this.#redial.want(address, 'while-it-answers')
    this.#redial.came(address)
    this.gossip.came(self)
    this.#tell(self, 'up')
    this.#keepRoom()
  }

  /** Later, when the newcomer has had the time to show who it is. */
  #keepRoom(): void {
    if (this.#lines.size <= this.#gate.connectionsMax) return
    this.#network.events.in(
      this.#gate.graceMs,
      () => {
        const surplus = this.#gate.surplus([...this.#lines.values()], this)
        for (const line of surplus) {
          this.#redial.forget(line.laneFrom(this).to.address)
          this.#hangUp(line)
        }
        return surplus.length === 0 ? 'quiet' : undefined
      },
      this.host.life,
    )
  }

  #hangUp(line: Line): void {
    const { to } = line.laneFrom(this)
    if (!line.isOpen) return
    line.break()
    this.gone(line)
    const notice = (): undefined => {
      to.gone(line)
    }
    this.#network.events.in(this.#network.latencyMs(this.host, to.host), notice, to.host.life)
  }

  #expelUnfit(): 'quiet' | undefined {
    let verdict: 'quiet' | undefined = 'quiet'
    for (const [peer, line] of this.#lines) {
      if (this.gossip.isFit(peer, thresholds.graylist)) continue
      this.#gate.shut(peer)
      this.#redial.forget(line.laneFrom(this).to.address)
      this.#hangUp(line)
      verdict = undefined
    }
    return verdict
  }

  #tell(peer: PeerId, state: 'up' | 'down'): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(peer, state)
      } catch {
        // A listener's bug stops neither the network nor the others, as in the real adapter, which logs it.
      }
    }
  }

  /** Asks all of them at once; answers with those that did. */
  async #roundTrip(peers: readonly LineEnd[]): Promise<readonly LineEnd[]> {
    const answering = peers.filter(peer => !this.#network.isCut(this.host, peer.host))
    const tripsMs = answering.map(
      ({ host }) => this.#network.latencyMs(this.host, host) + this.#network.latencyMs(host, this.host),
    )
    await this.#clock.sleep(Math.max(0, ...tripsMs))
    return answering.filter(({ self }) => this.#lines.has(self))
  }

  #askAroundMs(): number {
    return between(this.host.random, 50, 400)
  }
}

/** One machine's key is the same after each of its starts, and dear to make. */
const pairs = createMemo<KeyPair>(5_000)

function pairOf(seed: Uint8Array): KeyPair {
  const name = toHex(seed)
  const known = pairs.get(name)
  if (known !== undefined) return known
  const made = keyPairFromSeed(seed)
  pairs.set(name, made)
  return made
}

function sameKey(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0
}
