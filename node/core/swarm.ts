/**
 * One swarm of this node: its replicated set, what comes in and goes out over its network, and who its members are.
 * It connects the stages of the pipeline; each decision is made in one of them.
 */

import { type KeyPair, keyPairFromSeed } from '../../crypto/keys.ts'
import { decodeRecord, messageId } from '../../protocol/envelope.ts'
import { peerOf } from '../../protocol/identity.ts'
import { joinRequestBytesMax } from '../../protocol/limits.ts'
import { createReplicatedSet, type ReplicatedSet } from '../../protocol/replicated-set.ts'
import { streamsOf, swarmIdOf, swarmSeed, topicOf, topicsOf } from '../../protocol/swarm.ts'
import type {
  Descriptor,
  DigestRecord,
  Entry,
  EntryCid,
  MemberRecord,
  PeerId,
  RecordId,
  RetractRecord,
  SwarmId,
  SwarmRecord,
} from '../../protocol/types.ts'
import { blockSource } from '../../store/entries.ts'
import type { StoreOp } from '../../store/ports.ts'
import { deleteRecordOps, putRecordOps, recordBytes, recordsOf } from '../../store/records.ts'
import {
  allInvites,
  knownAddresses,
  putAddressesOps,
  putSwarmOps,
  redeemedBy,
  redeemOps,
  type StoredSwarm,
} from '../../store/swarms.ts'
import type { NodeConfig } from '../config.ts'
import { createCatchUp } from '../pipeline/catch-up.ts'
import { createFetcher, type Fetcher, type Wanted } from '../pipeline/fetch.ts'
import { createIntroduction } from '../pipeline/introduce.ts'
import { createJoinHost } from '../pipeline/membership.ts'
import { createReceiver, type Offered } from '../pipeline/receive.ts'
import { keepRendezvous } from '../pipeline/rendezvous.ts'
import type { Ports, Stop, SwarmLink } from '../ports.ts'
import type { Membership } from '../trust/authors.ts'

/** What the node does when something happens in a swarm. */
export interface SwarmEvents {
  /** Whether, and how urgently, a digest's entry is wanted; undefined when it is not. */
  readonly worth: (swarm: Swarm, digest: DigestRecord) => number | undefined
  readonly onEntry: (swarm: Swarm, entry: Entry, bytes: Uint8Array, wanted: Wanted) => Promise<void>
  /** Entries that have left the replicated set: retracted, replaced or expired. Returns the writes that drop them. */
  readonly onGone: (
    swarm: Swarm,
    cids: readonly EntryCid[],
    retraction: RetractRecord | undefined,
  ) => readonly StoreOp[]
  /** The author signed a digest that its own entry does not match. */
  readonly onMismatch: (swarm: Swarm, digest: DigestRecord, reason: string) => Promise<void>
  readonly onPeer: (swarm: Swarm, peer: PeerId, state: 'up' | 'down' | 'member') => void
  readonly onRefused: (reason: string) => void
  readonly score: (swarm: Swarm, peer: PeerId) => number
}

export interface SwarmDeps {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly stored: StoredSwarm
  readonly descriptor: Descriptor
  readonly events: SwarmEvents
}

const dayMs = 86_400_000

export class Swarm {
  readonly id: SwarmId
  readonly descriptor: Descriptor
  readonly pair: KeyPair
  readonly self: PeerId
  readonly set: ReplicatedSet
  readonly #deps: SwarmDeps
  #stored: StoredSwarm
  #link: SwarmLink | undefined
  #fetcher: Fetcher | undefined
  readonly #stops: Stop[] = []
  readonly #stopping = new AbortController()
  /** Writes under way: waited for at the end. */
  readonly #writes = new Set<Promise<void>>()
  readonly #clockOffsets = new Map<PeerId, number>()
  /** Announced, and not kept here: what is fetched when it is wanted and someone has it. */
  readonly #missing = new Map<EntryCid, RecordId>()
  readonly #members = new Set<PeerId>()
  /** Records on their way to the disk. */
  readonly #unwritten = new Map<RecordId, SwarmRecord>()
  #changed: () => void = () => undefined

  constructor(deps: SwarmDeps) {
    this.#deps = deps
    this.#stored = deps.stored
    this.descriptor = deps.descriptor
    this.id = swarmIdOf(deps.descriptor)
    this.pair = keyPairFromSeed(swarmSeed(deps.ports.seed, deps.descriptor))
    this.self = peerOf(this.pair.publicKey)
    this.set = createReplicatedSet(deps.descriptor, this.#today())
  }

  /** Reads the replicated set back. Records were verified before they were stored: a start verifies none again. */
  async load(isKept: (cid: EntryCid) => boolean): Promise<void> {
    const { store, cpu } = this.#deps.ports
    for await (const { bytes } of recordsOf(store, this.id)) {
      const read = decodeRecord(bytes, this.id)
      await cpu.spend('decode', 1)
      if (!read.ok) continue
      this.set.offer(read.claimed)
      if (read.claimed.type === 'member') this.#members.add(read.claimed.envelope.body.member)
      if (read.claimed.type !== 'digest') continue
      const { cid } = read.claimed.envelope.body
      if (!isKept(cid)) this.#missing.set(cid, read.claimed.id)
    }
  }

  get membership(): Membership {
    const inviter = this.set.member(this.self)?.envelope.author
    return { self: this.self, inviter, inviterOf: peer => this.set.member(peer)?.envelope.author }
  }

  /** This node's chain, founder first; undefined when it is no member. */
  chain(): readonly MemberRecord[] | undefined {
    return this.set.chainTo(this.self, Math.floor(this.#deps.ports.clock.now() / 1000))
  }

  get psk(): Uint8Array | undefined {
    return this.#stored.psk
  }

  get bootstrap(): readonly string[] {
    return this.#stored.bootstrap
  }

  /** Who is a member now, the founder included. */
  members(): readonly PeerId[] {
    const nowS = Math.floor(this.#deps.ports.clock.now() / 1000)
    return [this.descriptor.founder, ...this.#members].filter(peer => this.set.isMember(peer, nowS))
  }

  addresses(): readonly string[] {
    return this.#link?.network.addresses() ?? []
  }

  peers(): readonly PeerId[] {
    return this.#link?.network.peers() ?? []
  }

  get waiting(): number {
    return this.#fetcher?.waiting ?? 0
  }

  get failed(): number {
    return this.#fetcher?.failed ?? 0
  }

  clockOffsetMs(peer: PeerId): number | undefined {
    return this.#clockOffsets.get(peer)
  }

  async open(): Promise<void> {
    const { ports, config, descriptor, events } = this.#deps
    const { store, clock, cpu, log } = ports
    const known = await knownAddresses(store, this.id)
    const link = await ports.openSwarm({
      id: this.id,
      descriptor,
      seed: this.pair.seed,
      ...(this.#stored.psk === undefined ? {} : { psk: this.#stored.psk }),
      topics: topicsOf(this.id, descriptor.shards),
      blocks: blockSource(store, this.id),
      bootstrap: [
        ...new Set([
          ...this.#stored.bootstrap,
          ...descriptor.addresses,
          ...known.flatMap(one => one.addresses),
        ]),
      ],
      messageId,
      listen: this.#stored.listen,
    })
    this.#link = link
    const { network } = link
    this.#fetcher = createFetcher({
      blocks: link.blocks,
      clock,
      cpu,
      log,
      concurrency: config.fetchConcurrency,
      deadlineMs: config.fetchDeadlineMs,
      shards: descriptor.shards,
      peers: () => network.peers(),
      worth: digest => events.worth(this, digest),
      onEntry: (entry, bytes, wanted) => events.onEntry(this, entry, bytes, wanted),
      onMismatch: (digest, reason) => events.onMismatch(this, digest, reason),
    })
    const receiver = createReceiver({
      swarm: this.id,
      clock,
      cpu,
      offer: (record, from) => this.#offer(record, from),
      onRefused: events.onRefused,
    })
    network.weigh(peer => events.score(this, peer))
    const catchUp = createCatchUp({
      swarm: this.id,
      network,
      clock,
      cpu,
      log,
      liveIds: () => this.set.live(),
      bytesOf: id => this.#unwritten.get(id)?.bytes ?? recordBytes(store, this.id, id),
      take: receiver.take,
    })
    this.#changed = catchUp.changed
    const introduce = createIntroduction({
      swarm: this.id,
      network,
      clock,
      descriptor,
      chain: () => this.chain() ?? [],
      onMember: (records, from) => {
        for (const record of records) this.#offer(record, from)
      },
      onClock: (peer, offsetMs) => this.#clockOffsets.set(peer, offsetMs),
    })
    this.#stops.push(
      network.serve(streamsOf(this.id).join, { maxBytes: joinRequestBytesMax, perPeer: 1 }, this.#joinHost()),
      introduce.stop,
      catchUp.stop,
      network.onPeer((peer, state) => this.#onPeer(peer, state, link, introduce.meet, catchUp.pull)),
    )
    for (const topic of topicsOf(this.id, descriptor.shards)) {
      this.#stops.push(network.subscribe(topic, (bytes, from) => receiver.receive(bytes, from, topic)))
    }
    await this.#save({ ...this.#stored, listen: network.addresses() })
    this.#inBackground(
      keepRendezvous({ swarm: this.id, network, clock, random: ports.random, log }, this.#stopping.signal),
    )
    this.wantMissing()
    for (const peer of network.peers()) this.#onPeer(peer, 'up', link, introduce.meet, catchUp.pull)
  }

  /** Offers, stores (with `more` in the same batch) and gossips an own record. */
  async publish(record: SwarmRecord, more: readonly StoreOp[] = []): Promise<void> {
    const { outcome, ops } = this.#admit(record, undefined)
    if (outcome.status === 'excluded')
      throw new TypeError(`own ${record.type} record is excluded: ${outcome.reason}`)
    await this.#deps.ports.store.batch([...more, ...ops])
    await this.announce(record)
  }

  async announce(record: SwarmRecord): Promise<void> {
    await this.#link?.network.publish(topicOf(record), record.bytes)
  }

  /** Records from a peer that answered a request: judged as if gossiped. */
  admitMembers(records: readonly MemberRecord[], from: PeerId): void {
    for (const record of records) this.#offer(record, from)
  }

  request(
    peer: PeerId,
    protocol: string,
    bytes: Uint8Array,
    maxBytes: number,
    deadlineMs: number,
  ): Promise<Uint8Array> {
    const link = this.#needLink()
    return this.#within(deadlineMs, signal =>
      link.network.request(peer, protocol, bytes, { maxBytes, signal }),
    )
  }

  dial(addresses: readonly string[], deadlineMs: number): Promise<PeerId> {
    const link = this.#needLink()
    return this.#within(deadlineMs, signal => link.network.dial(addresses, signal))
  }

  async disconnect(peer: PeerId, reason: string): Promise<void> {
    await this.#link?.network.disconnect(peer, reason)
  }

  /** Fetches what is announced and not here, as far as it is wanted. */
  wantMissing(): void {
    for (const id of [...this.#missing.values()]) {
      const record = this.#record(id)
      if (record?.type === 'digest' && this.set.has(id)) this.#want(record, undefined)
    }
  }

  /** A new day: what it ends leaves the set. */
  async advance(): Promise<void> {
    const ops: StoreOp[] = []
    const gone: EntryCid[] = []
    for (const { id, live } of this.set.advance(this.#today())) {
      const record = this.#record(id)
      if (live) {
        if (record?.type === 'digest') this.#want(record, undefined)
        continue
      }
      ops.push(...deleteRecordOps(this.id, id))
      if (record?.type === 'digest') gone.push(record.envelope.body.cid)
    }
    if (ops.length === 0) return
    this.#changed()
    ops.push(...this.#deps.events.onGone(this, gone, undefined))
    await this.#deps.ports.store.batch(ops)
  }

  /** The entry is here now, or is not wanted any more. */
  settled(cid: EntryCid): void {
    this.#missing.delete(cid)
  }

  idle(): Promise<void> {
    return this.#fetcher?.idle() ?? Promise.resolve()
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    for (const stop of this.#stops.splice(0)) stop()
    await this.#fetcher?.close()
    await Promise.all(this.#writes)
    await this.#link?.close()
    this.#link = undefined
  }

  #needLink(): SwarmLink {
    if (this.#link === undefined) throw new TypeError('the swarm is not open')
    return this.#link
  }

  async #within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    using deadline = this.#deps.ports.clock.deadline(ms, this.#stopping.signal)
    return await work(deadline.signal)
  }

  #today(): number {
    return Math.floor(this.#deps.ports.clock.now() / dayMs)
  }

  /** Adds to the replicated set, and says which writes follow. A pending record is kept for when its author is a member. */
  #admit(record: SwarmRecord, from: PeerId | undefined): { outcome: Offered; ops: readonly StoreOp[] } {
    if (this.set.has(record.id)) return { outcome: { status: 'known' }, ops: [] }
    const newMember = record.type === 'member' && this.set.member(record.envelope.body.member) === undefined
    const offered = this.set.offer(record)
    const ops: StoreOp[] = []
    const gone: EntryCid[] = []
    if (offered.status !== 'excluded') {
      const row = { id: record.id, bytes: record.bytes, receivedAt: this.#deps.ports.clock.now() }
      ops.push(...putRecordOps(this.id, from === undefined ? row : { ...row, from }))
    }
    for (const { id, live } of offered.changed) {
      if (id === record.id) continue
      const other = this.#record(id)
      if (live) {
        if (other?.type === 'digest') this.#want(other, undefined)
        continue
      }
      ops.push(...deleteRecordOps(this.id, id))
      if (other?.type === 'digest') gone.push(other.envelope.body.cid)
    }
    for (const cid of gone) this.#missing.delete(cid)
    const retraction = record.type === 'retract' && offered.status === 'live' ? record : undefined
    if (gone.length > 0 || retraction !== undefined)
      ops.push(...this.#deps.events.onGone(this, gone, retraction))
    this.#changed()
    if (offered.status !== 'live') return { outcome: { status: offered.status, reason: offered.reason }, ops }
    if (record.type === 'member') this.#members.add(record.envelope.body.member)
    if (newMember && record.type === 'member')
      this.#deps.events.onPeer(this, record.envelope.body.member, 'member')
    return { outcome: { status: 'live' }, ops }
  }

  #record(id: RecordId): SwarmRecord | undefined {
    const unwritten = this.#unwritten.get(id)
    if (unwritten !== undefined) return unwritten
    const bytes = recordBytes(this.#deps.ports.store, this.id, id)
    const read = bytes === undefined ? undefined : decodeRecord(bytes, this.id)
    return read?.ok === true ? read.claimed : undefined
  }

  /** For a record of a peer: the verdict does not wait for the disk. */
  #offer(record: SwarmRecord, from: PeerId): Offered {
    const { outcome, ops } = this.#admit(record, from)
    if (ops.length > 0) this.#write(record, ops)
    if (outcome.status === 'live' && record.type === 'digest') this.#want(record, from)
    return outcome
  }

  /** Waited for at the end; what ends by the stop itself is no failure. */
  #inBackground(work: Promise<void>): void {
    const tracked = work
      .catch((cause: unknown) => {
        if (!this.#stopping.signal.aborted)
          this.#deps.ports.log('error', 'Work in the background ended.', { cause: String(cause) })
      })
      .finally(() => this.#writes.delete(tracked))
    this.#writes.add(tracked)
  }

  #write(record: SwarmRecord, ops: readonly StoreOp[]): void {
    const { store, log } = this.#deps.ports
    this.#unwritten.set(record.id, record)
    const writing = store
      .batch(ops)
      .catch((cause: unknown) =>
        log('error', 'A record of a peer could not be stored.', { cause: String(cause) }),
      )
      .finally(() => {
        this.#unwritten.delete(record.id)
        this.#writes.delete(writing)
      })
    this.#writes.add(writing)
  }

  #want(digest: DigestRecord, from: PeerId | undefined): void {
    if (digest.envelope.author === this.self) return
    const { cid } = digest.envelope.body
    if (this.#deps.events.worth(this, digest) === undefined) return
    this.#missing.set(cid, digest.id)
    this.#fetcher?.want({ digest, from })
  }

  #onPeer(
    peer: PeerId,
    state: 'up' | 'down',
    link: SwarmLink,
    meet: (peer: PeerId) => Promise<void>,
    pull: (peer: PeerId) => Promise<void>,
  ): void {
    const { ports, events } = this.#deps
    events.onPeer(this, peer, state)
    if (state === 'down') return
    const greet = async (): Promise<void> => {
      await meet(peer)
      await pull(peer)
      this.#fetcher?.retry()
      this.wantMissing()
      const addresses = await link.network.addressesOf(peer)
      if (addresses.length > 0) await ports.store.batch(putAddressesOps(this.id, peer, addresses))
    }
    const greeting = greet()
      .catch((cause: unknown) => {
        if (!this.#stopping.signal.aborted)
          ports.log('debug', 'A peer could not be greeted.', { peer, cause: String(cause) })
      })
      .finally(() => this.#writes.delete(greeting))
    this.#writes.add(greeting)
  }

  #joinHost(): (bytes: Uint8Array, from: PeerId) => Promise<Uint8Array> {
    const { store, clock } = this.#deps.ports
    return createJoinHost({
      swarm: this.id,
      descriptor: this.descriptor,
      self: this.self,
      pair: this.pair,
      clock,
      chain: () => this.chain(),
      inviteOf: async id => {
        const invite = (await allInvites(store)).find(one => one.id === id && one.swarm === this.id)
        return invite === undefined ? undefined : { invite, redeemedBy: await redeemedBy(store, this.id, id) }
      },
      admit: (inviteId, record) =>
        this.publish(record, redeemOps(this.id, inviteId, record.envelope.body.member)),
    })
  }

  async #save(stored: StoredSwarm): Promise<void> {
    this.#stored = stored
    await this.#deps.ports.store.batch(putSwarmOps(stored))
  }
}
