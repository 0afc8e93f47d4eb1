/**
 * One node's place in one swarm: the Network, Blocks and Discovery ports of the node over the simulated network, tied
 * together from its connections, its gossip, its requests and its part of the DHT.
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
import type { PeerId, SwarmId } from '../../protocol/types.ts'
import { VirtualClock } from '../clock.ts'
import { between } from '../random.ts'
import { type BlocksInit, blockAnswer, createBlocks, readBlockAnswer } from './blocks.ts'
import { askAroundMs, type Callee, Connections, type Exchange } from './connections.ts'
import { Dht } from './dht.ts'
import { createDiscovery, meetingPlace, placeOf } from './discovery.ts'
import { NetworkFailure } from './failure.ts'
import type { Fitted } from './fitted.ts'
import { Gate } from './gate.ts'
import { Gossip } from './gossip.ts'
import { heartbeatMs, thresholds } from './gossip-parameters.ts'
import type { Host } from './host.ts'
import type { Carrier, Line, LineEnd } from './line.ts'
import { Requests } from './requests.ts'

/** The network around a link. */
export interface Surroundings extends Carrier, Exchange {
  readonly fitted: Fitted
  readonly meetingPlaces: Map<string, Set<LineEnd>>
  /** As the swarm's DHT does: who of it is there, by its name. */
  known(swarm: SwarmId, peer: PeerId): LineEnd | undefined
  forget(link: Link): void
}

export interface LinkInit {
  readonly network: Surroundings
  readonly host: Host
  /** Where it listens, with or without its name. */
  readonly address: string
  readonly options: SwarmOptions
}

/** How long a call goes unanswered before the DHT gives up. */
const dhtDialMsMax = 5_000
export const blockProtocol = '/sim/block'
/** Wishes of one peer that are served at once. */
const wishesMax = 256
const wishBytesMax = 100
const blockAnswerBytesMax = 2 ** 20

export class Link implements Network, Callee {
  readonly self: PeerId
  readonly address: string
  readonly place: number
  readonly host: Host
  readonly options: SwarmOptions
  readonly blocks: Blocks
  readonly discovery: Discovery
  readonly gossip: Gossip
  readonly requests: Requests
  readonly connections: Connections
  readonly #network: Surroundings
  readonly #clock: VirtualClock
  readonly #listeners = new Set<Parameters<Network['onPeer']>[0]>()
  readonly #gate: Gate
  readonly #dht: Dht

  constructor({ network, host, address, options }: LinkInit) {
    const pair = pairOf(options.seed)
    const { life } = host
    this.self = peerOf(pair.publicKey)
    this.address = address.includes('/p2p/') ? address : `${address}/p2p/${libp2pIdOf(pair.publicKey)}`
    this.place = placeOf(pair.publicKey)
    this.host = host
    this.options = options
    this.#network = network
    this.#clock = new VirtualClock(network.events, life)
    this.#gate = new Gate(this.#clock)
    this.requests = new Requests(network, life, blockProtocol)
    this.connections = new Connections({
      network,
      self: this,
      clock: this.#clock,
      gate: this.#gate,
      onPeer: (peer, state) => this.#onPeer(peer, state),
    })
    const linkOf = (peer: PeerId): LineEnd | undefined => this.connections.laneTo(peer)?.to
    this.discovery = createDiscovery({ pair, linkOf, self: this })
    this.gossip = this.#createGossip()
    this.#dht = this.#createDht()
    this.blocks = createBlocks({ clock: this.#clock, ask: this.#askForBlock })
  }

  start(): void {
    this.serve(blockProtocol, { maxBytes: wishBytesMax, perPeer: wishesMax }, async bytes => {
      const cid = Buffer.from(bytes).toString('latin1') as Parameters<SwarmOptions['blocks']['get']>[0]
      const { blocks } = this.options
      return blockAnswer((await blocks.hasSoon(cid)) ? blocks.get(cid) : undefined)
    })
    for (const address of this.options.bootstrap) this.connections.keep(address)
    this.#dht.start()
    const { events, fitted } = this.#network
    const beat = (): 'quiet' | undefined => {
      if (this.connections.isClosed) return 'quiet'
      this.gossip.heartbeat()
      this.host.sentBytes += (this.connections.size * fitted.idleBytesPerS * heartbeatMs) / 1000
      this.host.cpu?.hold((fitted.idleMicrosPerS * heartbeatMs) / 1000)
      events.in(heartbeatMs, beat, this.host.life)
      return this.connections.expel(peer => !this.gossip.isFit(peer, thresholds.graylist))
    }
    events.in(between(this.host.random, 0, heartbeatMs), beat, this.host.life)
  }

  addresses = (): readonly string[] => [this.address]
  peers = (): readonly PeerId[] => this.connections.peers()
  neighbours = (): readonly LineEnd[] => this.connections.neighbours()
  addressesOf = async (peer: PeerId): Promise<readonly string[]> =>
    this.connections.laneTo(peer)?.to.addresses() ?? []

  onPeer(listener: Parameters<Network['onPeer']>[0]) {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  dial(addresses: readonly string[], signal: AbortSignal): Promise<PeerId> {
    return this.connections.dial(addresses, signal)
  }

  async disconnect(peer: PeerId): Promise<void> {
    this.connections.hangUpOn(peer)
  }

  async advertise(key: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#dht.lookUp(placeOf(key))
    await this.#clock.sleep(askAroundMs(this.host), signal)
    meetingPlace(this.#network.meetingPlaces, key).add(this)
  }

  /** What is kept in the DHT stands for itself: it is asked for the time of a few round trips, and knows who came. */
  async *discover(key: Uint8Array, signal: AbortSignal): AsyncGenerator<readonly string[]> {
    await this.#clock.sleep(askAroundMs(this.host), signal)
    if (this.connections.size === 0) return
    for (const link of [...meetingPlace(this.#network.meetingPlaces, key)])
      if (link !== this) yield link.addresses()
  }

  weigh(...[score, isMember]: Parameters<Network['weigh']>): void {
    this.#gate.weigh(score, isMember)
  }

  async publish(topic: string, bytes: Uint8Array): Promise<number> {
    if (this.connections.isClosed) throw new NetworkFailure('closed', 'The swarm is closed.')
    return this.gossip.publish(topic, bytes)
  }

  subscribe(topic: string, handler: Parameters<Network['subscribe']>[1]) {
    return this.gossip.subscribe(topic, handler)
  }

  async request(peer: PeerId, protocol: string, bytes: Uint8Array, options: RequestOptions) {
    options.signal.throwIfAborted()
    const lane = this.connections.laneTo(peer)
    if (lane === undefined) throw new NetworkFailure('peer-unreachable', `${peer} is not connected.`)
    return this.requests.ask(lane, protocol, bytes, options)
  }

  serve(protocol: string, options: ServeOptions, handler: Parameters<Network['serve']>[2]) {
    return this.requests.serve(protocol, options, handler)
  }

  async close(): Promise<void> {
    if (this.connections.isClosed) return
    this.#listeners.clear()
    this.vanish()
  }

  /** It is gone without a word of its own; the others notice by their broken connections. */
  vanish(): void {
    this.#dht.close()
    this.#network.forget(this)
    this.connections.close()
  }

  gone(line: Line): void {
    this.connections.gone(line)
  }

  #createGossip(): Gossip {
    const { messageId, topics } = this.options
    return new Gossip({
      topics,
      messageId,
      peers: this.peers,
      send: (peer, frame, bytes) => {
        const lane = this.connections.laneTo(peer)
        if (lane === undefined) return
        const what = frame.type === 'message' ? `message ${frame.id}` : frame.type
        this.#network.send(lane, what, bytes, frame.type === 'message' ? 'gossip' : 'standing', () =>
          lane.to.gossip.receive(this.self, frame),
        )
      },
      weight: peer => this.#gate.scoreOf(peer),
      random: this.host.random,
      nowMs: () => this.#network.events.nowMs,
    })
  }

  #createDht(): Dht {
    const { connections, host } = this
    return new Dht({
      self: this,
      events: this.#network.events,
      life: host.life,
      random: host.random,
      connections: () => connections.size,
      isConnected: ({ self }) => connections.has(self),
      call: ({ address }) => connections.call(address, dhtDialMsMax),
      ask: peers => this.#roundTrip(peers),
    })
  }

  readonly #askForBlock: BlocksInit['ask'] = async (provider, cid, signal) => {
    const { peer } = provider
    if (this.connections.laneTo(peer) === undefined) await this.#reach(provider, signal)
    const options = { maxBytes: blockAnswerBytesMax, signal }
    return readBlockAnswer(await this.request(peer, blockProtocol, Buffer.from(cid), options))
  }

  /** At the addresses named, or else where the DHT knows the peer to listen. */
  async #reach({ peer, addresses }: Provider, signal: AbortSignal): Promise<void> {
    if (!this.connections.hasRoom)
      throw new NetworkFailure('peer-unreachable', `There is no room for a connection to ${peer}.`)
    await this.dial(addresses ?? (await this.#lookUp(peer, signal)), signal)
  }

  async #lookUp(peer: PeerId, signal: AbortSignal): Promise<readonly string[]> {
    await this.#clock.sleep(askAroundMs(this.host), signal)
    const found = this.connections.size === 0 ? undefined : this.#network.known(this.options.id, peer)
    return found?.addresses() ?? []
  }

  #onPeer(peer: PeerId, state: 'up' | 'down'): void {
    if (state === 'up') this.gossip.came(peer)
    else this.gossip.gone(peer)
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
    return answering.filter(({ self }) => this.connections.has(self))
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
