/**
 * One swarm of this node: its replicated set, what comes in and goes out over its network, and who its members are.
 * It connects the stages of the pipeline; each decision is made in one of them.
 */

import { type KeyPair, keyPairFromSeed } from '../../crypto/keys.ts'
import { messageId } from '../../protocol/envelope.ts'
import { peerOf } from '../../protocol/identity.ts'
import type { ReplicatedSet } from '../../protocol/replicated-set.ts'
import { swarmIdOf, swarmSeed, topicOf, topicsOf } from '../../protocol/swarm.ts'
import type {
  Descriptor,
  EntryCid,
  MemberRecord,
  PeerId,
  SwarmId,
  SwarmRecord,
} from '../../protocol/types.ts'
import { blockSource } from '../../store/entries.ts'
import type { StoreOp } from '../../store/ports.ts'
import { putRecordOps } from '../../store/records.ts'
import { knownAddresses, putSwarmOps, type StoredSwarm } from '../../store/swarms.ts'
import type { Alone } from '../api.ts'
import { isLoopback, type NodeConfig } from '../config.ts'
import { ServedBlocks } from '../pipeline/fetch/served-blocks.ts'
import type { Offered } from '../pipeline/receive.ts'
import type { Network, Ports, SwarmLink } from '../ports.ts'
import { whyAlone } from './alone.ts'
import { Background } from './background.ts'
import { Ledger } from './ledger.ts'
import type { SwarmEvents } from './swarm-events.ts'
import { SwarmMembership } from './swarm-membership.ts'
import { SwarmServices } from './swarm-services.ts'
import { WantedEntries } from './wanted.ts'

export interface SwarmDeps {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly stored: StoredSwarm
  readonly descriptor: Descriptor
  readonly events: (swarm: Swarm) => SwarmEvents
}

export class Swarm {
  readonly id: SwarmId
  readonly descriptor: Descriptor
  readonly pair: KeyPair
  readonly self: PeerId
  readonly membership: SwarmMembership
  /** What is announced and not here. */
  readonly wanted: WantedEntries
  readonly #deps: SwarmDeps
  readonly #events: SwarmEvents
  readonly #ledger: Ledger
  readonly #background: Background
  #stored: StoredSwarm
  /** While it is open. */
  #services: SwarmServices | undefined
  #signedElsewhere = 0

  constructor(deps: SwarmDeps) {
    this.#deps = deps
    this.#stored = deps.stored
    this.descriptor = deps.descriptor
    this.id = swarmIdOf(deps.descriptor)
    this.pair = keyPairFromSeed(swarmSeed(deps.ports.seed, deps.descriptor))
    this.self = peerOf(this.pair.publicKey)
    const { ports } = deps
    const events = deps.events(this)
    this.#events = events
    this.#background = new Background(ports.log)
    const { signal } = this.#background
    this.#ledger = new Ledger({
      ports,
      swarm: this.id,
      descriptor: deps.descriptor,
      onDigest: digest => this.wanted.want(digest, undefined),
      onGone: events.onGone,
      onMember: member => events.onPeer(member, 'member'),
      signal,
    })
    this.membership = new SwarmMembership({
      self: this.self,
      founder: deps.descriptor.founder,
      redeemedOf: deps.stored.inviter,
      ledger: this.#ledger,
      clock: ports.clock,
    })
    this.wanted = new WantedEntries({
      cpu: ports.cpu,
      ledger: this.#ledger,
      signal,
      isKept: events.isKept,
      onKnown: events.onKnown,
      hasRoomFor: events.hasRoomFor,
      worth: events.worth,
      inBackground: work => this.#background.run(work),
    })
  }

  get set(): ReplicatedSet {
    return this.#ledger.set
  }

  load(): Promise<void> {
    return this.#ledger.load(digest => this.wanted.note(digest))
  }

  members(): readonly PeerId[] {
    return this.#ledger.members()
  }

  advance(): Promise<void> {
    return this.#ledger.advance()
  }

  get psk(): Uint8Array | undefined {
    return this.#stored.psk
  }

  get bootstrap(): readonly string[] {
    return this.#stored.bootstrap
  }

  addresses(): readonly string[] {
    return this.#services?.link.network.addresses() ?? []
  }

  peers(): readonly PeerId[] {
    return this.#services?.link.network.peers() ?? []
  }

  /** What keeps this node from the others, where something does. */
  alone(): Alone | undefined {
    if (this.#services === undefined) return undefined
    const { clock } = this.#deps.ports
    const peers = this.peers().length
    const isMember = this.membership.isMember(this.self)
    // As most of the time: nothing more is gathered.
    if (peers > 0 && isMember) return undefined
    return whyAlone({
      nowS: Math.floor(clock.now() / 1000),
      peers,
      others: this.members().filter(peer => peer !== this.self).length,
      isMember,
      membership: this.set.member(this.self),
      listensHereOnly: () => this.addresses().every(isLoopback),
      search: this.#services.link.discovery?.search(),
    })
  }

  get waiting(): number {
    return this.#services?.fetcher.waiting ?? 0
  }

  get failed(): number {
    return this.#services?.fetcher.failed ?? 0
  }

  clockOffsetMs(peer: PeerId): number | undefined {
    return this.#services?.clockOffsetMs(peer)
  }

  /**
   * Records under this node's own key that came from peers and were not here: another node signs with it, too. Begins
   * anew at each start, so that an owner who has stopped the other one is not told of it for ever.
   */
  get signedElsewhere(): number {
    return this.#signedElsewhere
  }

  async open(): Promise<void> {
    const { config, ports } = this.#deps
    const link = await this.#connect()
    const services = new SwarmServices(
      {
        id: this.id,
        descriptor: this.descriptor,
        pair: this.pair,
        ports,
        config,
        ledger: this.#ledger,
        membership: this.membership,
        wanted: this.wanted,
        background: this.#background,
        offer: (record, from) => this.#offer(record, from),
        admitMembers: (records, from) => this.admitMembers(records, from),
        publish: (record, more) => this.publish(record, more),
        events: this.#events,
      },
      link,
    )
    this.#services = services
    await this.#save({ ...this.#stored, listen: link.network.addresses() })
    services.start()
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
      blocks: new ServedBlocks({
        own: blockSource(ports.store, this.id),
        clock: ports.clock,
        arriving: cid => this.#services?.fetcher.arriving(cid),
        signal: this.#background.signal,
      }),
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

  /** Stores (with `more` in the same batch), offers and gossips an own record: memory never runs ahead of the disk. */
  async publish(record: SwarmRecord, more: readonly StoreOp[] = []): Promise<void> {
    const { store } = this.#deps.ports
    await store.batch([...more, ...putRecordOps(this.id, record)])
    const { outcome, ops } = this.#ledger.admit(record)
    await store.batch(ops)
    if (outcome.status === 'excluded')
      throw new TypeError(`own ${record.type} record is excluded: ${outcome.reason}`)
    await this.announce(record)
  }

  /** Who does not hear it now catches up. */
  async announce(record: SwarmRecord): Promise<void> {
    try {
      await this.#services?.link.network.publish(topicOf(record), record.bytes)
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
    const network = this.#needNetwork()
    return this.#within(deadlineMs, signal => network.request(peer, protocol, bytes, { maxBytes, signal }))
  }

  dial(addresses: readonly string[], deadlineMs: number): Promise<PeerId> {
    const network = this.#needNetwork()
    return this.#within(deadlineMs, signal => network.dial(addresses, signal))
  }

  async disconnect(peer: PeerId, reason: string): Promise<void> {
    await this.#services?.link.network.disconnect(peer, reason)
  }

  /** Whether this author announces the entry. */
  announces(author: PeerId, cid: EntryCid): boolean {
    return this.#ledger.announces(author, cid)
  }

  idle(): Promise<void> {
    return this.#services?.fetcher.idle() ?? Promise.resolve()
  }

  async close(): Promise<void> {
    this.#background.stop()
    await this.#services?.fetcher.close()
    await this.#background.ended()
    await this.#ledger.idle()
    await this.#services?.link.close()
    this.#services = undefined
  }

  #needNetwork(): Network {
    if (this.#services === undefined) throw new TypeError('the swarm is not open')
    return this.#services.link.network
  }

  #within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#deps.ports.clock.within(ms, this.#background.signal, work)
  }

  /** For a record of a peer: the verdict does not wait for the disk. */
  #offer(record: SwarmRecord, from: PeerId): Offered {
    const { outcome, ops } = this.#ledger.admit(record)
    if (ops.length > 0) this.#ledger.write(record, ops)
    if (outcome.status === 'live' && record.envelope.author === this.self) this.#foundOwn(record)
    if (outcome.status === 'live' && record.type === 'digest') this.wanted.want(record, from)
    if (outcome.status === 'live' && record.type === 'attest') this.#events.onAttested()
    return outcome
  }

  /** Whatever this node signs is on its disk before anybody hears of it. */
  #foundOwn(record: SwarmRecord): void {
    if (this.#signedElsewhere++ > 0) return
    const message = 'A record under the key of this node came from a peer, and was not here.'
    this.#deps.ports.log('warn', message, { swarm: this.id, id: record.id })
  }

  async #save(stored: StoredSwarm): Promise<void> {
    this.#stored = stored
    await this.#deps.ports.store.batch(putSwarmOps(stored))
  }
}
