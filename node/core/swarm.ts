/**
 * One swarm of this node: its replicated set, what comes in and goes out over its network, and who its members are.
 * It connects the stages of the pipeline; each decision is made in one of them.
 */

import { type KeyPair, keyPairFromSeed } from '../../crypto/keys.ts'
import { secondsPerDay } from '../../protocol/body.ts'
import { isInForce } from '../../protocol/chain.ts'
import { messageId } from '../../protocol/envelope.ts'
import { peerOf } from '../../protocol/identity.ts'
import { joinRequestBytesMax } from '../../protocol/limits.ts'
import type { ReplicatedSet } from '../../protocol/replicated-set.ts'
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
import { putRecordOps } from '../../store/records.ts'
import {
  allInvites,
  knownAddresses,
  putAddressesOps,
  putSwarmOps,
  redeemedBy,
  redeemOps,
  type StoredSwarm,
} from '../../store/swarms.ts'
import type { Alone } from '../api.ts'
import { isLoopback, type NodeConfig } from '../config.ts'
import { createCatchUp } from '../pipeline/catch-up.ts'
import { serveCatchUp } from '../pipeline/catch-up-host.ts'
import { createEntryBatches, type FetchBatch, serveEntryBatches } from '../pipeline/entry-batches.ts'
import { createFetcher, type Fetcher, type Wanted } from '../pipeline/fetch.ts'
import { createIntroduction } from '../pipeline/introduce.ts'
import { createJoinHost } from '../pipeline/membership.ts'
import { createReceiver, type Offered, type Receiver } from '../pipeline/receive.ts'
import type { Network, Ports, Stop, SwarmLink } from '../ports.ts'
import type { Membership } from '../trust/authors.ts'
import { whyAlone } from './alone.ts'
import { CatchingUp } from './catching-up.ts'
import { Finding } from './finding.ts'
import { type Gone, Ledger } from './ledger.ts'
import { watchForSleep } from './resuming.ts'
import { WantedEntries } from './wanted.ts'

/** What the node does when something happens in a swarm. */
export interface SwarmEvents {
  readonly isKept: (cid: EntryCid) => boolean
  /** Whether, and how urgently, a digest's entry is wanted; undefined when it is not. */
  readonly worth: (swarm: Swarm, digest: DigestRecord) => number | undefined
  readonly onEntry: (swarm: Swarm, entry: Entry, bytes: Uint8Array, wanted: Wanted) => Promise<void>
  /** A digest of an entry that is kept already. */
  readonly onKnown: (swarm: Swarm, digest: DigestRecord) => Promise<void>
  /** Entries that have left the replicated set: retracted, replaced or expired. Returns the writes that drop them. */
  readonly onGone: (
    swarm: Swarm,
    gone: readonly Gone[],
    retraction: RetractRecord | undefined,
  ) => readonly StoreOp[]
  /** The author signed a digest that its own entry does not match. */
  readonly onMismatch: (swarm: Swarm, digest: DigestRecord, reason: string) => Promise<void>
  readonly onPeer: (swarm: Swarm, peer: PeerId, state: 'up' | 'down' | 'member') => void
  /** A member said how another's lessons did with it. */
  readonly onAttested: () => void
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

export class Swarm {
  readonly id: SwarmId
  readonly descriptor: Descriptor
  readonly pair: KeyPair
  readonly self: PeerId
  readonly #deps: SwarmDeps
  #stored: StoredSwarm
  #link: SwarmLink | undefined
  #fetcher: Fetcher | undefined
  readonly #stops: Stop[] = []
  readonly #stopping = new AbortController()
  /** Work under way: waited for at the end. */
  readonly #work = new Set<Promise<void>>()
  readonly #clockOffsets = new Map<PeerId, number>()
  #signedElsewhere = 0
  readonly #ledger: Ledger
  readonly #wanted: WantedEntries

  constructor(deps: SwarmDeps) {
    this.#deps = deps
    this.#stored = deps.stored
    this.descriptor = deps.descriptor
    this.id = swarmIdOf(deps.descriptor)
    this.pair = keyPairFromSeed(swarmSeed(deps.ports.seed, deps.descriptor))
    this.self = peerOf(this.pair.publicKey)
    const { events, ports } = deps
    this.#ledger = new Ledger({
      ports,
      swarm: this.id,
      descriptor: deps.descriptor,
      onDigest: digest => this.#wanted.want(digest, undefined),
      onGone: (gone, retraction) => events.onGone(this, gone, retraction),
      onMember: member => events.onPeer(this, member, 'member'),
      signal: this.#stopping.signal,
    })
    this.#wanted = new WantedEntries({
      cpu: ports.cpu,
      ledger: this.#ledger,
      signal: this.#stopping.signal,
      isKept: events.isKept,
      onKnown: digest => events.onKnown(this, digest),
      worth: digest => events.worth(this, digest),
      inBackground: work => this.#inBackground(work),
    })
  }

  get set(): ReplicatedSet {
    return this.#ledger.set
  }

  load(): Promise<void> {
    return this.#ledger.load(digest => this.#wanted.note(digest))
  }

  members(): readonly PeerId[] {
    return this.#ledger.members()
  }

  advance(): Promise<void> {
    return this.#ledger.advance()
  }

  get membership(): Membership {
    const inviter = this.set.member(this.self)?.envelope.author
    return {
      self: this.self,
      inviter,
      inviterOf: peer => this.#voucherOf(peer),
      members: () => this.members().map(peer => ({ peer, inviter: this.set.member(peer)?.envelope.author })),
      attested: () => this.set.attested(),
      records: this.set.ranges.size,
    }
  }

  /**
   * Who stands for a peer by having let it in. Nobody does for a peer that was put out, itself or with who let it in;
   * a membership that only ran out takes no good name with it.
   */
  #voucherOf(peer: PeerId): PeerId | undefined {
    const record = this.set.member(peer)
    if (record === undefined) return undefined
    const nowS = Math.floor(this.#deps.ports.clock.now() / 1000)
    const isPutOut = isInForce(record, nowS) && !this.set.isMember(peer, nowS)
    return isPutOut ? undefined : record.envelope.author
  }

  /** This node's chain, founder first; undefined when it is no member. */
  chain(): readonly MemberRecord[] | undefined {
    return this.set.chainTo(this.self, Math.floor(this.#deps.ports.clock.now() / 1000))
  }

  /** Milliseconds: when this node's membership runs out; undefined for a founder, and for who is no member. */
  get memberUntil(): number | undefined {
    const record = this.chain() === undefined ? undefined : this.set.member(this.self)
    return record && (record.envelope.body.expires + 1) * secondsPerDay * 1000
  }

  get psk(): Uint8Array | undefined {
    return this.#stored.psk
  }

  get bootstrap(): readonly string[] {
    return this.#stored.bootstrap
  }

  addresses(): readonly string[] {
    return this.#link?.network.addresses() ?? []
  }

  peers(): readonly PeerId[] {
    return this.#link?.network.peers() ?? []
  }

  /** What keeps this node from the others, where something does. */
  alone(): Alone | undefined {
    if (this.#link === undefined) return undefined
    const { clock } = this.#deps.ports
    return whyAlone({
      nowS: Math.floor(clock.now() / 1000),
      peers: this.peers().length,
      others: this.members().filter(peer => peer !== this.self).length,
      isMember: this.chain() !== undefined,
      membership: this.set.member(this.self),
      listensHereOnly: this.addresses().every(isLoopback),
      search: this.#link.discovery?.search(),
    })
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

  /** Records under this node's own key that came from peers and were not here: another node signs with it, too. */
  get signedElsewhere(): number {
    return this.#signedElsewhere
  }

  async open(): Promise<void> {
    const link = await this.#connect()
    this.#link = link
    const { network } = link
    this.#fetcher = this.#createFetcher(link, this.#tradeEntries(network))
    const receiver = this.#createReceiver()
    network.weigh(
      peer => this.#score(peer),
      peer => this.#isMember(peer),
    )
    const finding = this.#createFinding(link)
    const catchingUp = this.#serve(network, receiver, finding)
    for (const topic of topicsOf(this.id, this.descriptor.shards)) {
      this.#stops.push(network.subscribe(topic, (bytes, from) => receiver.receive(bytes, from, topic)))
    }
    await this.#save({ ...this.#stored, listen: network.addresses() })
    this.#inBackground(finding.keepOn())
    this.#inBackground(catchingUp.keepUp())
    this.#inBackground(
      watchForSleep(this.#deps.ports.clock, this.#stopping.signal, missedMs => {
        this.#deps.ports.log('info', 'The machine was asleep; catching up.', { swarm: this.id, missedMs })
        this.#inBackground(this.advance())
        this.#inBackground(catchingUp.resume())
      }),
    )
    this.#wanted.fetchWith(this.#fetcher)
    for (const peer of network.peers()) this.#onPeer(peer, 'up', catchingUp)
  }

  async #connect(): Promise<SwarmLink> {
    const { ports, descriptor } = this.#deps
    const known = await knownAddresses(ports.store, this.id)
    return ports.openSwarm({
      id: this.id,
      descriptor,
      seed: this.pair.seed,
      ...(this.#stored.psk === undefined ? {} : { psk: this.#stored.psk }),
      topics: topicsOf(this.id, descriptor.shards),
      blocks: blockSource(ports.store, this.id),
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
  }

  #createFetcher({ blocks, network }: SwarmLink, fetchBatch: FetchBatch): Fetcher {
    const { ports, config, descriptor, events } = this.#deps
    return createFetcher({
      blocks,
      fetchBatch,
      clock: ports.clock,
      cpu: ports.cpu,
      log: ports.log,
      concurrency: config.fetchConcurrency,
      deadlineMs: config.fetchDeadlineMs,
      shards: descriptor.shards,
      peers: () => network.peers(),
      worth: digest => events.worth(this, digest),
      onEntry: (entry, bytes, wanted) => events.onEntry(this, entry, bytes, wanted),
      onMismatch: (digest, reason) => events.onMismatch(this, digest, reason),
    })
  }

  #createFinding({ network, discovery }: SwarmLink): Finding {
    const { clock, random, log } = this.#deps.ports
    const finding = new Finding({
      swarm: this.id,
      shards: this.descriptor.shards,
      network,
      discovery,
      clock,
      random,
      log,
      isMember: peer => this.#isMember(peer),
      signal: this.#stopping.signal,
    })
    this.#stops.push(finding.stop)
    return finding
  }

  /** Hands out entries in batches; returns how they are asked for. */
  #tradeEntries(network: Network): FetchBatch {
    const { clock, cpu, log, store } = this.#deps.ports
    const { signal } = this.#stopping
    const deps = { swarm: this.id, network, clock, cpu, log, signal, blocks: blockSource(store, this.id) }
    this.#stops.push(serveEntryBatches(deps))
    return createEntryBatches(deps)
  }

  #createReceiver(): Receiver {
    const { clock, cpu } = this.#deps.ports
    return createReceiver({
      swarm: this.id,
      clock,
      cpu,
      offer: (record, from) => this.#offer(record, from),
      isBusy: () => this.#ledger.isBusy,
      onRefused: this.#deps.events.onRefused,
    })
  }

  /** What neighbours may ask of this node; returns what it asks of them. */
  #serve(network: Network, receiver: Receiver, finding: Finding): CatchingUp {
    const { clock, cpu, log, random } = this.#deps.ports
    const { signal } = this.#stopping
    const { ranges } = this.set
    const bytesOf = (id: RecordId): Uint8Array | undefined =>
      this.set.has(id) ? this.#ledger.bytesOf(id) : undefined
    const common = { swarm: this.id, network, clock, cpu, random, log, ranges, bytesOf, signal }
    const introduce = createIntroduction({
      swarm: this.id,
      network,
      clock,
      descriptor: this.descriptor,
      chain: () => this.chain() ?? [],
      onMember: (records, from) => this.admitMembers(records, from),
      onClock: (peer, offsetMs) => {
        // Its answer may come when it has gone, and nothing would forget it any more.
        if (network.peers().includes(peer)) this.#clockOffsets.set(peer, offsetMs)
      },
      signal,
    })
    const catchingUp = new CatchingUp({
      clock,
      random,
      log,
      signal,
      peers: () => network.peers(),
      score: peer => this.#score(peer),
      meet: introduce.meet,
      session: createCatchUp({ ...common, take: receiver.take }),
      onMet: async peer => {
        await this.#onMet(peer, network)
        await finding.ask(peer)
      },
      inBackground: work => this.#inBackground(work),
    })
    this.#stops.push(
      network.serve(streamsOf(this.id).join, { maxBytes: joinRequestBytesMax, perPeer: 1 }, this.#joinHost()),
      introduce.stop,
      serveCatchUp({ ...common, given: receiver.given }),
      network.onPeer((peer, state) => this.#onPeer(peer, state, catchingUp)),
    )
    return catchingUp
  }

  /** Stores (with `more` in the same batch), offers and gossips an own record: memory never runs ahead of the disk. */
  async publish(record: SwarmRecord, more: readonly StoreOp[] = []): Promise<void> {
    const { store, clock } = this.#deps.ports
    const row = { id: record.id, bytes: record.bytes, receivedAt: clock.now() }
    await store.batch([...more, ...putRecordOps(this.id, row)])
    const { outcome, ops } = this.#ledger.admit(record, undefined)
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

  /** Whether this author announces the entry. */
  announces(author: PeerId, cid: EntryCid): boolean {
    return this.#ledger.announces(author, cid)
  }

  /** What is announced and not here, as far as it is wanted. */
  wantMissing(): void {
    this.#wanted.all()
  }

  settled(cid: EntryCid): void {
    this.#wanted.settled(cid)
  }

  dismiss(digest: DigestRecord): void {
    this.#wanted.dismiss(digest)
  }

  evicted(cid: EntryCid): void {
    this.#wanted.evicted(cid)
  }

  idle(): Promise<void> {
    return this.#fetcher?.idle() ?? Promise.resolve()
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    for (const stop of this.#stops.splice(0)) stop()
    await this.#fetcher?.close()
    await Promise.all(this.#work)
    await this.#ledger.idle()
    await this.#link?.close()
    this.#link = undefined
  }

  #needLink(): SwarmLink {
    if (this.#link === undefined) throw new TypeError('the swarm is not open')
    return this.#link
  }

  #within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#deps.ports.clock.within(ms, this.#stopping.signal, work)
  }

  /** For a record of a peer: the verdict does not wait for the disk. */
  #offer(record: SwarmRecord, from: PeerId): Offered {
    const { outcome, ops } = this.#ledger.admit(record, from)
    if (ops.length > 0) this.#ledger.write(record, ops)
    if (outcome.status === 'live' && record.envelope.author === this.self) this.#foundOwn(record)
    if (outcome.status === 'live' && record.type === 'digest') this.#wanted.want(record, from)
    if (outcome.status === 'live' && record.type === 'attest') this.#deps.events.onAttested()
    return outcome
  }

  /** Whatever this node signs is on its disk before anybody hears of it. */
  #foundOwn(record: SwarmRecord): void {
    if (this.#signedElsewhere++ > 0) return
    const message = 'A record under the key of this node came from a peer, and was not here.'
    this.#deps.ports.log('warn', message, { swarm: this.id, id: record.id })
  }

  /** Waited for at the end; what ends by the stop itself is no failure. */
  #inBackground(work: Promise<void>): void {
    const tracked = work
      .catch((cause: unknown) => {
        if (!this.#stopping.signal.aborted)
          this.#deps.ports.log('error', 'Work in the background ended.', { cause: String(cause) })
      })
      .finally(() => this.#work.delete(tracked))
    this.#work.add(tracked)
  }

  #onPeer(peer: PeerId, state: 'up' | 'down', catchingUp: CatchingUp): void {
    this.#deps.events.onPeer(this, peer, state)
    if (state === 'down') {
      this.#clockOffsets.delete(peer)
      return
    }
    this.#fetcher?.retry()
    this.#inBackground(catchingUp.greet(peer))
  }

  /** What a member announced is wanted now, and where it can be found is kept. */
  async #onMet(peer: PeerId, network: Network): Promise<void> {
    const { store } = this.#deps.ports
    this.#wanted.all()
    if (!this.#isMember(peer)) return
    const addresses = await network.addressesOf(peer)
    if (addresses.length > 0) await store.batch(putAddressesOps(this.id, peer, addresses))
  }

  #isMember(peer: PeerId): boolean {
    return this.set.isMember(peer, Math.floor(this.#deps.ports.clock.now() / 1000))
  }

  #score(peer: PeerId): number {
    return this.#deps.events.score(this, peer)
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
