/**
 * The network port in memory: swarms of one test, joined without a socket, and nothing in them waits for real time.
 * Gossip can be made to lose what is said, or to fail, so that a test decides what the rest has to make good.
 */

import { keyPairFromSeed } from '../../../crypto/keys.ts'
import type { Network, OpenSwarm, SwarmLink, SwarmOptions } from '../../../node/ports.ts'
import { peerOf } from '../../../protocol/identity.ts'
import type { PeerId } from '../../../protocol/types.ts'

type Listener = Parameters<Network['onPeer']>[0]
type Subscriber = Parameters<Network['subscribe']>[1]
type Served = { readonly maxBytes: number; readonly handler: Parameters<Network['serve']>[2] }

export class VirtualNetwork {
  /** `lose`: what is published reaches nobody. `fail`: publishing rejects. */
  gossip: 'work' | 'lose' | 'fail' = 'work'
  readonly #links = new Map<string, VirtualLink>()
  #ports = 4_000

  readonly open: OpenSwarm = async options => {
    const address = options.listen[0] ?? `/ip4/127.0.0.1/tcp/${this.#ports++}`
    const link = new VirtualLink(this, address, options)
    this.#links.set(address, link)
    for (const known of options.bootstrap) {
      const other = this.find(known, link)
      if (other !== undefined) join(link, other)
    }
    return { network: link, blocks: link.blocks, close: async () => this.#close(link) } satisfies SwarmLink
  }

  /** Who listens there in the same swarm. */
  find(address: string, asker: VirtualLink): VirtualLink | undefined {
    const found = this.#links.get(address)
    return found !== asker && found?.options.id === asker.options.id ? found : undefined
  }

  #close(link: VirtualLink): void {
    this.#links.delete(link.address)
    for (const other of [...link.neighbours.values()]) part(link, other)
  }
}

class VirtualLink implements Network {
  readonly self: PeerId
  readonly address: string
  readonly options: SwarmOptions
  readonly neighbours = new Map<PeerId, VirtualLink>()
  readonly listeners = new Set<Listener>()
  readonly #world: VirtualNetwork
  readonly #subscribers = new Map<string, Subscriber>()
  readonly #served = new Map<string, Served>()
  readonly #seen = new Set<string>()

  constructor(world: VirtualNetwork, address: string, options: SwarmOptions) {
    this.#world = world
    this.address = address
    this.options = options
    this.self = peerOf(keyPairFromSeed(options.seed).publicKey)
  }

  readonly blocks: SwarmLink['blocks'] = {
    fetch: async (cid, { providers, maxBytes }) => {
      for (const { peer } of providers) {
        const bytes = this.neighbours.get(peer)?.options.blocks.get(cid)
        if (bytes !== undefined && bytes.length <= maxBytes) return { bytes, from: peer, failed: [] }
      }
      throw new Error(`No provider delivered ${cid}.`)
    },
  }

  addresses = (): readonly string[] => [this.address]
  peers = (): readonly PeerId[] => [...this.neighbours.keys()]
  addressesOf = async (peer: PeerId): Promise<readonly string[]> => {
    const other = this.neighbours.get(peer)
    return other === undefined ? [] : [other.address]
  }

  onPeer(listener: Listener) {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  async dial(addresses: readonly string[]): Promise<PeerId> {
    for (const address of addresses) {
      const other = this.#world.find(address, this)
      if (other === undefined) continue
      join(this, other)
      return other.self
    }
    throw new Error(`No node answers at ${addresses.join(', ')}.`)
  }

  async disconnect(peer: PeerId): Promise<void> {
    const other = this.neighbours.get(peer)
    if (other !== undefined) part(this, other)
  }

  async advertise(): Promise<void> {}
  async *discover(): AsyncGenerator<readonly string[]> {}
  weigh(): void {}

  async publish(topic: string, bytes: Uint8Array): Promise<number> {
    if (this.#world.gossip === 'fail') throw new Error('gossip is out of order')
    if (this.#world.gossip === 'lose') return 0
    this.#seen.add(this.#nameOf(bytes))
    return this.#pass(topic, bytes, undefined)
  }

  subscribe(topic: string, handler: Subscriber) {
    this.#subscribers.set(topic, handler)
    return () => void this.#subscribers.delete(topic)
  }

  async request(...[peer, protocol, bytes, options]: Parameters<Network['request']>): Promise<Uint8Array> {
    const other = this.neighbours.get(peer)
    const served = other === undefined ? undefined : other.#served.get(protocol)
    if (served === undefined) throw new Error(`${peer} does not serve ${protocol}`)
    if (bytes.length > served.maxBytes) throw new Error('the request is too large')
    const answering = served.handler(new Uint8Array(bytes), this.self, options.signal)
    const answer = await Promise.race([answering, aborted(options.signal)])
    if (answer.length > options.maxBytes) throw new Error('the answer is too large')
    return new Uint8Array(answer)
  }

  serve(...[protocol, { maxBytes }, handler]: Parameters<Network['serve']>) {
    this.#served.set(protocol, { maxBytes, handler })
    return () => void this.#served.delete(protocol)
  }

  async #hear(topic: string, bytes: Uint8Array, from: PeerId): Promise<void> {
    const name = this.#nameOf(bytes)
    const handler = this.#subscribers.get(topic)
    if (this.#seen.has(name) || handler === undefined) return
    this.#seen.add(name)
    const { verdict } = await handler(new Uint8Array(bytes), from)
    if (verdict === 'accept') this.#pass(topic, bytes, from)
  }

  #pass(topic: string, bytes: Uint8Array, from: PeerId | undefined): number {
    const receivers = [...this.neighbours.values()].filter(other => other.self !== from)
    for (const other of receivers) void other.#hear(topic, bytes, this.self)
    return receivers.length
  }

  #nameOf(bytes: Uint8Array): string {
    return Buffer.from(this.options.messageId(bytes)).toString('hex')
  }
}

/** Rejects when the asker gives up, whether or not the other side ever answers. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

function join(a: VirtualLink, b: VirtualLink): void {
  if (a.neighbours.has(b.self)) return
  a.neighbours.set(b.self, b)
  b.neighbours.set(a.self, a)
  for (const listener of [...a.listeners]) listener(b.self, 'up')
  for (const listener of [...b.listeners]) listener(a.self, 'up')
}

function part(a: VirtualLink, b: VirtualLink): void {
  if (!a.neighbours.delete(b.self)) return
  b.neighbours.delete(a.self)
  for (const listener of [...a.listeners]) listener(b.self, 'down')
  for (const listener of [...b.listeners]) listener(a.self, 'down')
}
