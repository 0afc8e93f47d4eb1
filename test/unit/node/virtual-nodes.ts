/**
 * Whole nodes without the outside: virtual time, a network and stores in memory, an embedder that only hashes. What
 * takes half a year takes no time here, and every run is the same.
 */

import { setImmediate } from 'node:timers/promises'
import { type KeyPair, keyPairFromSeed } from '../../../crypto/keys.ts'
import type { NewEntry, SwarmloreNode, SwarmView } from '../../../node/api.ts'
import { type NodeConfig, nodeConfigSchema } from '../../../node/config.ts'
import { createNode } from '../../../node/node.ts'
import { serveCatchUp } from '../../../node/pipeline/catch-up-host.ts'
import type { Distiller, Embedder, EntryDraft, Log, Ports, SwarmLink } from '../../../node/ports.ts'
import { encodeEntry } from '../../../protocol/entry.ts'
import { messageId, type RecordDraft, signRecord } from '../../../protocol/envelope.ts'
import { encodeHello } from '../../../protocol/hello.ts'
import { peerOf, spaceIdOfHash } from '../../../protocol/identity.ts'
import { readInvitation } from '../../../protocol/invitation.ts'
import { encodeJoinRequest, readJoinResponse } from '../../../protocol/join.ts'
import { placeOf } from '../../../protocol/range/bound.ts'
import { encodeRangeAnswer } from '../../../protocol/range/messages.ts'
import { createRangeIndex } from '../../../protocol/range/range-index.ts'
import { sketchOf } from '../../../protocol/sketch.ts'
import {
  createDescriptor,
  decodeDescriptor,
  encodeDescriptor,
  founderSeed,
  streamsOf,
  swarmIdOf,
  swarmSeed,
  topicOf,
  topicsOf,
} from '../../../protocol/swarm.ts'
import type {
  DigestRecord,
  Entry,
  EntryCid,
  Invitation,
  InvitePolicy,
  MemberRecord,
  PeerId,
  Result,
  SwarmId,
  SwarmRecord,
} from '../../../protocol/types.ts'
import { VirtualClock } from '../../../sim/clock.ts'
import { seededRandom } from '../../../sim/random.ts'
import { openMemoryStore } from '../../../store/memory.ts'
import type { Store } from '../../../store/ports.ts'
import { allSwarms, putSwarmOps } from '../../../store/swarms.ts'
import { filled, t0 } from '../protocol/fixtures.ts'
import { VirtualNetwork } from './virtual-network.ts'

/** Unit vectors out of the words' letters: the same for the same text. */
export const letterEmbedder: Embedder = {
  space: spaceIdOfHash(filled(32, 0xee)),
  dimensions: 32,
  embed: async texts =>
    texts.map(text => {
      const vector = new Float32Array(32)
      for (const [index, byte] of new TextEncoder().encode(text).entries()) {
        const at = (index * 7 + byte) % 32
        vector[at] = (vector[at] ?? 0) + (byte % 2 === 0 ? 1 : -1)
      }
      const length = Math.hypot(...vector)
      return vector.map(component => component / length)
    }),
}

/** Everything but a network. */
export function virtualPorts(clock: VirtualClock, store: Store): Ports {
  return {
    clock,
    random: seededRandom('virtual'),
    cpu: { spend: () => undefined },
    store,
    embedder: letterEmbedder,
    distiller: { id: 'none/1', distil: async () => [] },
    openSwarm: () => Promise.reject(new Error('there is no network')),
    seed: filled(32, 99),
    log: () => undefined,
  }
}

export interface VirtualOptions {
  readonly config?: Partial<NodeConfig>
  readonly ports?: Partial<Ports>
  readonly invite?: InvitePolicy
}

export class VirtualWorld {
  readonly clock = new VirtualClock(t0 * 1000)
  readonly network = new VirtualNetwork()
  #nodes = 0

  get nowS(): number {
    return Math.floor(this.clock.now() / 1000)
  }

  async node(options: VirtualOptions = {}): Promise<VirtualNode> {
    const node = new VirtualNode(this, filled(32, 100 + this.#nodes++), options)
    await node.restart()
    // A node is in its own swarm for a while before it is in another's.
    await this.pass(1_000)
    return node
  }

  /** A founder, and guests whom it has let in and met. */
  async swarm(guests: number, options: VirtualOptions = {}): Promise<readonly VirtualNode[]> {
    const founder = await this.node(options)
    const nodes = [founder]
    for (let i = 0; i < guests; i++) {
      const guest = await this.node()
      await letIn(founder, guest)
      nodes.push(guest)
    }
    return nodes
  }

  /** Lets everything run that waits for nothing but its turn. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await setImmediate()
  }

  /** Time in which the nodes are off: half a year of it takes no time here. */
  async daysOff(days: number, ...nodes: readonly VirtualNode[]): Promise<void> {
    for (const node of nodes) await node.stop()
    await this.clock.advance(days * 86_400_000)
    for (const node of nodes) await node.restart()
  }

  async pass(ms: number): Promise<void> {
    await this.settle()
    await this.clock.advance(ms)
    await this.settle()
  }
}

export class VirtualNode {
  readonly log: { level: Parameters<Log>[0]; message: string }[] = []
  readonly store: Store
  readonly seed: Uint8Array
  readonly #world: VirtualWorld
  readonly #options: VirtualOptions
  #node: SwarmloreNode | undefined

  constructor(world: VirtualWorld, seed: Uint8Array, options: VirtualOptions) {
    this.#world = world
    this.seed = seed
    this.#options = options
    // It outlives its node, as a disk does.
    const memory = openMemoryStore()
    this.store = {
      get: key => memory.get(key),
      has: key => memory.has(key),
      batch: ops => memory.batch(ops),
      entries: range => memory.entries(range),
      close: async () => undefined,
    }
  }

  get node(): SwarmloreNode {
    if (this.#node === undefined) throw new TypeError('the node is stopped')
    return this.#node
  }

  get home(): SwarmView {
    const [home] = this.node.swarms()
    if (home === undefined) throw new TypeError('a node is always in its own swarm')
    return home
  }

  viewOf({ id }: { readonly id: SwarmId }): SwarmView {
    const found = this.node.swarms().find(one => one.id === id)
    if (found === undefined) throw new TypeError('the node is not in that swarm')
    return found
  }

  async stop(): Promise<void> {
    await this.#node?.stop()
    this.#node = undefined
  }

  async load(): Promise<void> {
    const { clock, network } = this.#world
    const ports: Ports = {
      ...virtualPorts(clock, this.store),
      random: seededRandom(`${this.seed[0]} ${clock.now()}`),
      openSwarm: network.open,
      seed: this.seed,
      log: (level, message) => this.log.push({ level, message }),
      ...this.#options.ports,
    }
    await this.#found()
    this.#node = must(await createNode(ports, nodeConfigSchema.parse(this.#options.config ?? {})))
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.load()
    await this.node.start()
    await this.#world.settle()
  }

  said(part: string): boolean {
    return this.log.some(line => line.message.includes(part))
  }

  async isKept(cid: EntryCid): Promise<boolean> {
    return (await this.node.entry(cid)).ok
  }

  /** The key with which it signs in a swarm: for what it has no command for yet. */
  async keyIn(swarm: SwarmId): Promise<KeyPair> {
    const stored = (await allSwarms(this.store)).find(one => one.id === swarm)
    const descriptor = must(decodeDescriptor(stored?.descriptor ?? new Uint8Array()))
    return keyPairFromSeed(swarmSeed(this.seed, descriptor))
  }

  /** A swarm with other rules than the node's own founding gives it. */
  async #found(): Promise<void> {
    const { invite } = this.#options
    if (invite === undefined || (await allSwarms(this.store)).length > 0) return
    const nonce = filled(16, this.seed[0] ?? 0)
    const founder = keyPairFromSeed(founderSeed(this.seed, nonce))
    const draft = { name: 'lab', visibility: 'private', invite, shards: 1, nonce, addresses: [] } as const
    const descriptor = must(createDescriptor(draft, founder))
    const stored = { id: swarmIdOf(descriptor), descriptor: encodeDescriptor(descriptor) }
    const psk = filled(32, 7)
    await this.store.batch(putSwarmOps({ ...stored, psk, listen: [], bootstrap: [], joinedAt: 0 }))
  }
}

export async function letIn(host: VirtualNode, guest: VirtualNode, swarm = host.home): Promise<void> {
  const { text } = must(await host.node.invite({ swarm: swarm.id }))
  must(await guest.node.join(text))
}

/** A peer that is nothing but its link and its key: it says what a test makes it. */
export class VirtualPeer {
  readonly pair: KeyPair
  readonly self: PeerId
  readonly link: SwarmLink
  readonly invitation: Invitation
  readonly swarm: SwarmId
  readonly blocks: Map<EntryCid, Uint8Array>
  readonly #world: VirtualWorld
  /** Founder first; empty until it has redeemed its invitation. */
  chain: readonly MemberRecord[] = []

  private constructor(
    world: VirtualWorld,
    pair: KeyPair,
    invitation: Invitation,
    link: SwarmLink,
    blocks: Map<EntryCid, Uint8Array>,
  ) {
    this.#world = world
    this.pair = pair
    this.self = peerOf(pair.publicKey)
    this.invitation = invitation
    this.swarm = swarmIdOf(invitation.descriptor)
    this.link = link
    this.blocks = blocks
  }

  /** Connected to the host in its home swarm, and not a member. */
  static async connect(world: VirtualWorld, host: VirtualNode, seed: number): Promise<VirtualPeer> {
    const invitation = must(readInvitation(must(await host.node.invite({})).text, world.nowS))
    const { descriptor } = invitation
    const id = swarmIdOf(descriptor)
    const pair = keyPairFromSeed(filled(32, seed))
    const blocks = new Map<EntryCid, Uint8Array>()
    const link = await world.network.open({
      id,
      descriptor,
      seed: pair.seed,
      topics: topicsOf(id, descriptor.shards),
      blocks: { get: cid => blocks.get(cid), has: cid => blocks.has(cid), hasSoon: cid => blocks.has(cid) },
      bootstrap: [],
      messageId,
      listen: [],
    })
    const peer = new VirtualPeer(world, pair, invitation, link, blocks)
    link.network.serve(streamsOf(id).hello, { maxBytes: 2_048, perPeer: 1 }, async () => peer.hello())
    // It asks for nothing, and says that it lacks nothing.
    link.network.serve(streamsOf(id).ranges, { maxBytes: 131_072, perPeer: 1 }, async () =>
      encodeRangeAnswer(new Uint8Array()),
    )
    await peer.dial(host)
    return peer
  }

  hello(): Uint8Array {
    return encodeHello(this.#world.nowS, this.chain)
  }

  async dial(node: VirtualNode): Promise<void> {
    const { addresses } = node.viewOf({ id: this.swarm })
    await this.link.network.dial(addresses, new AbortController().signal)
    await this.#world.settle()
  }

  async redeem(): Promise<void> {
    const { descriptor, inviter } = this.invitation
    const { nowS } = this.#world
    const answer = await this.link.network.request(
      inviter,
      streamsOf(this.swarm).join,
      encodeJoinRequest(this.invitation, nowS, this.pair),
      { maxBytes: 2_048, signal: new AbortController().signal },
    )
    this.chain = must(readJoinResponse(answer, { descriptor, peer: this.self, nowS }))
    await this.#world.settle()
  }

  /** From now on it has these records, and no others, for whoever catches up with it. */
  holds(...records: readonly SwarmRecord[]): void {
    const ranges = createRangeIndex()
    const bytes = new Map(records.map(record => [record.id, record.bytes]))
    for (const record of records) ranges.add(placeOf(record), record.id)
    serveCatchUp({
      swarm: this.swarm,
      network: this.link.network,
      cpu: { spend: () => undefined },
      random: seededRandom('a virtual peer'),
      ranges,
      bytesOf: id => bytes.get(id),
      given: async () => ({ verdict: 'accept' }),
    })
  }

  sign<Draft extends Omit<RecordDraft, 'swarm' | 't'>>(draft: Draft, t = this.#world.nowS, pair = this.pair) {
    return signRecord({ ...draft, swarm: this.swarm, t } as RecordDraft, pair)
  }

  async tell(record: SwarmRecord): Promise<void> {
    await this.link.network.publish(topicOf(record), record.bytes)
    await this.#world.settle()
  }

  /** An entry of its own, served, with the digest that announces it. */
  async written(
    situation: string,
    changes: Partial<Entry> = {},
  ): Promise<{ cid: EntryCid; digest: DigestRecord }> {
    const created = this.#world.nowS
    const day = Math.floor(created / 86_400)
    const entry: Entry = {
      v: 1,
      kind: 'pitfall',
      domains: ['orders'],
      situation,
      insight: { summary: 'It fails.', detail: '', action: 'Look at the record first.' },
      context: {},
      support: { episodes: 2, asks: 2, solved: 2, unsolved: 0, firstSeen: day, lastSeen: day },
      lineage: { parents: [], method: 'owner' },
      author: this.self,
      created,
      ...changes,
    }
    const { bytes, cid } = must(encodeEntry(entry))
    this.blocks.set(cid, bytes)
    const [vector] = await letterEmbedder.embed([situation])
    const body = {
      cid,
      size: bytes.length,
      shard: 0,
      created,
      space: letterEmbedder.space,
      sketch: sketchOf(vector ?? []),
      ...(entry.expires === undefined ? {} : { expires: entry.expires }),
    }
    return { cid, digest: signRecord({ swarm: this.swarm, kind: 'digest', t: created, body }, this.pair) }
  }

  async publish(situation: string, changes: Partial<Entry> = {}) {
    const written = await this.written(situation, changes)
    await this.tell(written.digest)
    return written
  }
}

export function lesson(situation: string, changes: Partial<NewEntry> = {}): NewEntry {
  return {
    kind: 'pitfall',
    domains: ['orders'],
    situation,
    insight: { summary: 'That is what worked.', action: 'Press reset.' },
    ...changes,
  }
}

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`)
  return result.value
}

/** Finds this lesson in any runs, as `lesson` writes it; none in none. */
export function lessonFinder(situation: string): Distiller {
  return {
    id: 'finds-it/1',
    async distil(episodes) {
      const { insight, ...rest } = lesson(situation)
      const draft: EntryDraft = {
        ...rest,
        key: situation,
        pattern: 'repair',
        insight: { detail: '', ...insight },
        context: {},
        support: episodes.map(one => ({ episode: one.id, ask: one.ask, solved: one.outcome?.solved })),
        asksToShare: 1,
        needsSolved: false,
      }
      return episodes.length === 0 ? [] : [draft]
    },
  }
}
