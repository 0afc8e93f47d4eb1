/**
 * One swarm of this node: its replicated set, what comes in and goes out over its network, and who its members are.
 * It connects the stages of the pipeline; each decision is made in one of them.
 */

import { type KeyPair, keyPairFromSeed } from '../../crypto/keys.ts'
import { memberMark, messageId, restoreRecord } from '../../protocol/envelope.ts'
import { peerOf } from '../../protocol/identity.ts'
import { joinRequestBytesMax } from '../../protocol/limits.ts'
import { type Change, createReplicatedSet, type ReplicatedSet } from '../../protocol/replicated-set.ts'
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
  readonly isKept: (cid: EntryCid) => boolean
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
/** A peer is asked a second time what this node lacks: what it published while gossip was still being set up. */
const greetAgainMs = 2_000
const greetingsMax = 4
/** Gossip loses now and then; asking a neighbour whose set is the same costs a hundred bytes. */
const catchUpMs = 60_000
/** Rows of records that are not live are looked through for forgotten ones when there are this many. */
const sweepMin = 1_024

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
  /** Digests of entries that are not kept here: what is fetched when it is wanted and someone has it. */
  readonly #missing = new Map<RecordId, EntryCid>()
  readonly #members = new Set<PeerId>()
  /** Records on their way to the disk. */
  readonly #unwritten = new Map<RecordId, SwarmRecord>()
  /** Stored, and not live: rows that go when the set forgets the record. */
  readonly #waiting = new Set<RecordId>()
  #sweepAt = sweepMin
  #wanting: Promise<void> | undefined
  #wantAgain = false
  /** Something did not fit into the queue of fetches: what is missing is gone through again when it has emptied. */
  #isCrowded = false
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
    // Members first, each after who let it in: the set lets few records wait until their author is a member.
    let members: MemberRecord[] = []
    for await (const { id, bytes } of recordsOf(store, this.id, memberMark)) {
      const record = restoreRecord(id, bytes)
      await cpu.spend('decode', 1)
      if (record?.type === 'member') members.push(record)
    }
    for (let found = true; found && members.length > 0; ) {
      const before = members
      members = []
      for (const record of before) {
        if (this.#belongs(record)) this.#restore(record, isKept)
        else members.push(record)
      }
      found = members.length < before.length
    }
    for (const record of members) this.#restore(record, isKept)
    for await (const { id, bytes } of recordsOf(store, this.id)) {
      const record = restoreRecord(id, bytes)
      await cpu.spend('decode', 1)
      if (record !== undefined && record.type !== 'member') this.#restore(record, isKept)
    }
    await store.batch(this.#forgottenOps())
  }

  #belongs({ envelope: { author, t } }: SwarmRecord): boolean {
    return this.set.isMember(author, t)
  }

  #restore(record: SwarmRecord, isKept: (cid: EntryCid) => boolean): void {
    this.set.offer(record)
    if (!this.set.has(record.id)) this.#waiting.add(record.id)
    if (record.type === 'member') this.#members.add(record.envelope.body.member)
    if (record.type === 'digest' && !isKept(record.envelope.body.cid))
      this.#missing.set(record.id, record.envelope.body.cid)
  }

  /** Deletes the rows of records that the set has forgotten, or that the calendar has ended while the node was off. */
  #forgottenOps(): readonly StoreOp[] {
    const ops: StoreOp[] = []
    for (const id of this.#waiting) {
      if (this.set.holds(id)) continue
      this.#waiting.delete(id)
      this.#missing.delete(id)
      ops.push(...deleteRecordOps(this.id, id))
    }
    this.#sweepAt = Math.max(sweepMin, 2 * this.#waiting.size)
    return ops
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
      signal: this.#stopping.signal,
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
      signal: this.#stopping.signal,
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
    this.#inBackground(this.#keepUp(link, catchUp.pull))
    this.wantMissing()
    for (const peer of network.peers()) this.#onPeer(peer, 'up', link, introduce.meet, catchUp.pull)
  }

  /** Stores (with `more` in the same batch), offers and gossips an own record: memory never runs ahead of the disk. */
  async publish(record: SwarmRecord, more: readonly StoreOp[] = []): Promise<void> {
    const { store, clock } = this.#deps.ports
    const row = { id: record.id, bytes: record.bytes, receivedAt: clock.now() }
    await store.batch([...more, ...putRecordOps(this.id, row)])
    const { outcome, ops } = this.#admit(record, undefined)
    await store.batch(ops)
    if (outcome.status === 'excluded')
      throw new TypeError(`own ${record.type} record is excluded: ${outcome.reason}`)
    await this.announce(record)
  }

  /** Who does not hear it now catches up. */
  async announce(record: SwarmRecord): Promise<void> {
    try {
      await this.#link?.network.publish(topicOf(record), record.bytes)
    } catch (cause) {
      this.#deps.ports.log('warn', 'A record could not be gossiped.', { cause: String(cause) })
    }
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
    if (this.#wanting !== undefined) {
      this.#wantAgain = true
      return
    }
    const run = async (): Promise<void> => {
      for (const id of [...this.#missing.keys()]) {
        await this.#deps.ports.cpu.spend('decode', 1)
        if (this.#stopping.signal.aborted) return
        const record = this.set.has(id) ? this.#record(id) : undefined
        if (record?.type === 'digest') {
          // The rest waits until the queue has emptied.
          if (!this.#want(record, undefined)) return
        } else if (!this.set.holds(id)) this.#missing.delete(id)
      }
    }
    this.#wanting = run().finally(() => {
      this.#wanting = undefined
      const again = this.#wantAgain
      this.#wantAgain = false
      if (again) this.wantMissing()
    })
    this.#inBackground(this.#wanting)
  }

  /** A new day: what it ends leaves the set. */
  async advance(): Promise<void> {
    const changes = this.set.advance(this.#today())
    const ops = [...this.#follow(changes, undefined), ...this.#forgottenOps()]
    if (changes.length > 0) this.#changed()
    await this.#deps.ports.store.batch(ops)
  }

  /** The entry is here now. */
  settled(cid: EntryCid): void {
    for (const { id } of this.set.digests(cid)) this.#missing.delete(id)
  }

  /** This digest is not to be believed; another one of the same entry may be. */
  dismiss(digest: DigestRecord): void {
    this.#missing.delete(digest.id)
  }

  /** The entry was here, and is not any more. */
  evicted(cid: EntryCid): void {
    for (const { id } of this.set.digests(cid)) this.#missing.set(id, cid)
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

  /** Adds to the replicated set, and says which writes follow. What may become live later is stored as well. */
  #admit(record: SwarmRecord, from: PeerId | undefined): { outcome: Offered; ops: readonly StoreOp[] } {
    if (this.set.has(record.id)) return { outcome: { status: 'known' }, ops: [] }
    const heldBefore = this.set.holds(record.id)
    const newMember = record.type === 'member' && this.set.member(record.envelope.body.member) === undefined
    const offered = this.set.offer(record)
    const ops: StoreOp[] = []
    if (!heldBefore && this.set.holds(record.id)) {
      const row = { id: record.id, bytes: record.bytes, receivedAt: this.#deps.ports.clock.now() }
      ops.push(...putRecordOps(this.id, from === undefined ? row : { ...row, from }))
      if (offered.status !== 'live') this.#waiting.add(record.id)
    }
    const retraction = record.type === 'retract' && offered.status === 'live' ? record : undefined
    ops.push(...this.#follow(offered.changed, retraction))
    if (this.#waiting.size > this.#sweepAt) ops.push(...this.#forgottenOps())
    this.#changed()
    if (offered.status !== 'live') return { outcome: { status: offered.status, reason: offered.reason }, ops }
    if (newMember) this.#joined(record.envelope.body.member)
    return { outcome: { status: 'live' }, ops }
  }

  /** What entered or left the set because of something else. */
  #follow(changes: readonly Change[], retraction: RetractRecord | undefined): readonly StoreOp[] {
    const ops: StoreOp[] = []
    const gone: EntryCid[] = []
    for (const { id, live } of changes) {
      const record = this.#record(id)
      if (live) this.#waiting.delete(id)
      else if (this.set.holds(id)) this.#waiting.add(id)
      else ops.push(...deleteRecordOps(this.id, id))
      if (record?.type === 'member' && live) this.#joined(record.envelope.body.member)
      if (record?.type !== 'digest') continue
      const { cid } = record.envelope.body
      if (live) this.#want(record, undefined)
      else if (this.set.digests(cid).length === 0) gone.push(cid)
      if (!live) this.#missing.delete(id)
    }
    if (gone.length > 0 || retraction !== undefined)
      ops.push(...this.#deps.events.onGone(this, gone, retraction))
    return ops
  }

  #joined(member: PeerId): void {
    this.#members.add(member)
    this.#deps.events.onPeer(this, member, 'member')
  }

  #record(id: RecordId): SwarmRecord | undefined {
    const unwritten = this.#unwritten.get(id)
    if (unwritten !== undefined) return unwritten
    const bytes = recordBytes(this.#deps.ports.store, this.id, id)
    return bytes === undefined ? undefined : restoreRecord(id, bytes)
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

  /** False when no more can wait to be fetched now. */
  #want(digest: DigestRecord, from: PeerId | undefined): boolean {
    const { events } = this.#deps
    const { cid } = digest.envelope.body
    if (digest.envelope.author === this.self || events.isKept(cid)) return true
    // What is not wanted now may be when the owner says so.
    this.#missing.set(digest.id, cid)
    if (events.worth(this, digest) === undefined || this.#fetcher === undefined) return true
    if (this.#fetcher.want({ digest, from })) return true
    if (!this.#isCrowded) {
      this.#isCrowded = true
      this.#inBackground(this.#wantWhenIdle(this.#fetcher))
    }
    return false
  }

  async #wantWhenIdle(fetcher: Fetcher): Promise<void> {
    await fetcher.idle()
    this.#isCrowded = false
    this.wantMissing()
  }

  #onPeer(
    peer: PeerId,
    state: 'up' | 'down',
    link: SwarmLink,
    meet: (peer: PeerId) => Promise<void>,
    pull: (peer: PeerId) => Promise<void>,
  ): void {
    this.#deps.events.onPeer(this, peer, state)
    if (state === 'down') this.#clockOffsets.delete(peer)
    else this.#inBackground(this.#greet(peer, link, { meet, pull }))
  }

  /** Introduces itself, and takes over what the peer has: twice, and again when the peer is not ready yet. */
  async #greet(
    peer: PeerId,
    { network }: SwarmLink,
    { meet, pull }: Record<'meet' | 'pull', (peer: PeerId) => Promise<void>>,
  ): Promise<void> {
    const { clock, log, store } = this.#deps.ports
    const { signal } = this.#stopping
    let done = 0
    this.#fetcher?.retry()
    for (let tries = 0; tries < greetingsMax && done < 2; tries++) {
      if (tries > 0) await clock.sleep(greetAgainMs, signal)
      if (signal.aborted || !network.peers().includes(peer)) return
      try {
        await meet(peer)
        await pull(peer)
      } catch (cause) {
        log('debug', 'A peer could not be greeted.', { peer, cause: String(cause) })
        continue
      }
      if (++done > 1) return
      this.wantMissing()
      if (!this.set.isMember(peer, Math.floor(clock.now() / 1000))) continue
      const addresses = await network.addressesOf(peer)
      if (addresses.length > 0) await store.batch(putAddressesOps(this.id, peer, addresses))
    }
  }

  /** Now and then one neighbour is asked for what gossip has lost. */
  async #keepUp({ network }: SwarmLink, pull: (peer: PeerId) => Promise<void>): Promise<void> {
    const { clock, log, random } = this.#deps.ports
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await clock.sleep(catchUpMs / 2 + random.below(catchUpMs), signal)
      const peers = network.peers()
      const peer = peers.length === 0 ? undefined : peers[random.below(peers.length)]
      if (peer === undefined) continue
      try {
        await pull(peer)
      } catch (cause) {
        log('debug', 'A neighbour could not be caught up with.', { peer, cause: String(cause) })
      }
    }
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
      memberOf: peer => {
        const record = this.set.member(peer)
        return record?.envelope.author === this.self ? record : undefined
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
