/**
 * What runs on a swarm's network while it is open: what comes by gossip, what neighbours ask for and are asked for, the
 * fetching of entries, and the search for more members. Each is a stage of the pipeline; they are connected here.
 */

import type { KeyPair } from '../../crypto/keys.ts'
import { joinRequestBytesMax } from '../../protocol/limits.ts'
import { streamsOf, topicsOf } from '../../protocol/swarm.ts'
import type {
  Descriptor,
  MemberRecord,
  PeerId,
  RecordId,
  SwarmId,
  SwarmRecord,
} from '../../protocol/types.ts'
import { blockSource } from '../../store/entries.ts'
import type { StoreOp } from '../../store/ports.ts'
import { allInvites, putAddressesOps, redeemedBy, redeemOps } from '../../store/swarms.ts'
import type { NodeConfig } from '../config.ts'
import { createCatchUp } from '../pipeline/catch-up.ts'
import { serveCatchUp } from '../pipeline/catch-up-host.ts'
import { createEntryBatches, type FetchBatch, serveEntryBatches } from '../pipeline/entry-batches.ts'
import type { Callable } from '../pipeline/fetch/author-calls.ts'
import { EntryFetcher, type Fetcher } from '../pipeline/fetch/fetch.ts'
import { createIntroduction } from '../pipeline/introduce.ts'
import { createJoinHost } from '../pipeline/membership.ts'
import { createReceiver, type Offered, type Receiver } from '../pipeline/receive.ts'
import type { Ports, SwarmLink } from '../ports.ts'
import type { Background } from './background.ts'
import { CatchingUp } from './catching-up.ts'
import { Finding } from './finding.ts'
import type { Ledger } from './ledger.ts'
import { watchForSleep } from './resuming.ts'
import type { SwarmEvents } from './swarm-events.ts'
import type { SwarmMembership } from './swarm-membership.ts'
import type { WantedEntries } from './wanted.ts'

export interface SwarmServicesDeps {
  readonly id: SwarmId
  readonly descriptor: Descriptor
  readonly pair: KeyPair
  readonly ports: Ports
  readonly config: NodeConfig
  readonly ledger: Ledger
  readonly membership: SwarmMembership
  readonly wanted: WantedEntries
  readonly background: Background
  /** A record of a peer. */
  readonly offer: (record: SwarmRecord, from: PeerId) => Offered
  /** Members that a peer told of: judged as if gossiped. */
  readonly admitMembers: (records: readonly MemberRecord[], from: PeerId) => void
  readonly publish: (record: SwarmRecord, more: readonly StoreOp[]) => Promise<void>
  readonly events: SwarmEvents
}

export class SwarmServices {
  readonly link: SwarmLink
  readonly fetcher: Fetcher
  readonly #deps: SwarmServicesDeps
  readonly #finding: Finding
  readonly #catchingUp: CatchingUp
  readonly #clockOffsets = new Map<PeerId, number>()

  /** Answers and takes part from now on; asks nobody before `start`. */
  constructor(deps: SwarmServicesDeps, link: SwarmLink) {
    this.#deps = deps
    this.link = link
    this.fetcher = this.#createFetcher(this.#tradeEntries())
    const receiver = this.#createReceiver()
    link.network.weigh(deps.events.score, deps.membership.isMember)
    this.#finding = this.#createFinding()
    this.#catchingUp = this.#serve(receiver)
    for (const topic of topicsOf(deps.id, deps.descriptor.shards)) {
      deps.background.atStop(
        link.network.subscribe(topic, (bytes, from) => receiver.receive(bytes, from, topic)),
      )
    }
  }

  start(): void {
    const { background, id, ledger, ports, wanted } = this.#deps
    background.run(this.#finding.keepOn())
    background.run(this.#catchingUp.keepUp())
    background.run(
      watchForSleep(ports.clock, background.signal, missedMs => {
        ports.log('info', 'The machine was asleep; catching up.', { swarm: id, missedMs })
        background.run(ledger.advance())
        background.run(this.#catchingUp.resume())
      }),
    )
    wanted.fetchWith(this.fetcher)
    for (const peer of this.link.network.peers()) this.#onPeer(peer, 'up')
  }

  /** How far the clock of a peer is ahead of this one's, while it is connected. */
  clockOffsetMs(peer: PeerId): number | undefined {
    return this.#clockOffsets.get(peer)
  }

  #createFetcher(fetchBatch: FetchBatch): Fetcher {
    const { config, descriptor, events, ports } = this.#deps
    const { blocks, network } = this.link
    return new EntryFetcher({
      blocks,
      fetchBatch,
      clock: ports.clock,
      cpu: ports.cpu,
      log: ports.log,
      concurrency: config.fetchConcurrency,
      deadlineMs: config.fetchDeadlineMs,
      shards: descriptor.shards,
      peers: () => network.peers(),
      callable: authors => this.#callable(authors),
      worth: events.worth,
      onEntry: events.onEntry,
      onMismatch: events.onMismatch,
    })
  }

  /** Members that are no neighbours; by whoever is connected they can be found. */
  #callable(authors: readonly PeerId[]): readonly Callable[] {
    const { membership } = this.#deps
    const peers = new Set(this.link.network.peers())
    if (peers.size === 0) return []
    return authors
      .filter(author => author !== membership.self && !peers.has(author) && membership.isMember(author))
      .map(author => ({ author, inviter: membership.inviterOf(author) }))
  }

  /** Hands out entries in batches; returns how they are asked for. */
  #tradeEntries(): FetchBatch {
    const { background, id, ports } = this.#deps
    const { clock, cpu, log, store } = ports
    const { network } = this.link
    const { signal } = background
    const deps = { swarm: id, network, clock, cpu, log, signal, blocks: blockSource(store, id) }
    background.atStop(serveEntryBatches(deps))
    return createEntryBatches(deps)
  }

  #createReceiver(): Receiver {
    const { background, events, id, ledger, offer, ports } = this.#deps
    const { clock, cpu } = ports
    const onRefused = (reason: string): void => {
      events.onRefused(reason)
      if (reason === 'busy') background.run(this.#catchingUp.missed())
    }
    return createReceiver({ swarm: id, clock, cpu, offer, isBusy: () => ledger.isBusy, onRefused })
  }

  #createFinding(): Finding {
    const { background, descriptor, id, membership, ports } = this.#deps
    const { clock, log, random } = ports
    const finding = new Finding({
      swarm: id,
      shards: descriptor.shards,
      network: this.link.network,
      discovery: this.link.discovery,
      clock,
      random,
      log,
      isMember: membership.isMember,
      signal: background.signal,
    })
    background.atStop(finding.stop)
    return finding
  }

  /** What neighbours may ask of this node; returns what it asks of them. */
  #serve(receiver: Receiver): CatchingUp {
    const { admitMembers, background, descriptor, events, id, ledger, membership, ports, wanted } = this.#deps
    const { clock, cpu, log, random } = ports
    const { network } = this.link
    const { signal } = background
    const { ranges } = ledger.set
    const bytesOf = (record: RecordId): Uint8Array | undefined =>
      ledger.set.has(record) ? ledger.bytesOf(record) : undefined
    const common = { swarm: id, network, clock, cpu, random, log, ranges, bytesOf, signal }
    const introduce = createIntroduction({
      swarm: id,
      network,
      clock,
      descriptor,
      chain: () => membership.chain() ?? [],
      onMember: admitMembers,
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
      score: events.score,
      meet: introduce.meet,
      session: createCatchUp({
        ...common,
        take: (records, from) => wanted.together(receiver.take(records, from)),
      }),
      onMet: async peer => {
        await this.#onMet(peer)
        await this.#finding.ask(peer)
      },
      inBackground: work => background.run(work),
    })
    background.atStop(
      network.serve(streamsOf(id).join, { maxBytes: joinRequestBytesMax, perPeer: 1 }, this.#joinHost()),
      introduce.stop,
      serveCatchUp({ ...common, given: receiver.given }),
      network.onPeer((peer, state) => this.#onPeer(peer, state)),
    )
    return catchingUp
  }

  #onPeer(peer: PeerId, state: 'up' | 'down'): void {
    this.#deps.events.onPeer(peer, state)
    if (state === 'down') {
      this.#clockOffsets.delete(peer)
      return
    }
    this.fetcher.retry()
    this.#deps.background.run(this.#catchingUp.greet(peer))
  }

  /** What a member announced is wanted now, and where it can be found is kept. */
  async #onMet(peer: PeerId): Promise<void> {
    const { id, membership, ports, wanted } = this.#deps
    wanted.all()
    if (!membership.isMember(peer)) return
    const addresses = await this.link.network.addressesOf(peer)
    if (addresses.length > 0) await ports.store.batch(putAddressesOps(id, peer, addresses))
  }

  #joinHost(): (bytes: Uint8Array, from: PeerId) => Promise<Uint8Array> {
    const { descriptor, id, membership, pair, ports, publish } = this.#deps
    const { clock, store } = ports
    return createJoinHost({
      swarm: id,
      descriptor,
      self: membership.self,
      pair,
      clock,
      chain: membership.chain,
      inviteOf: async invited => {
        const invite = (await allInvites(store)).find(one => one.id === invited && one.swarm === id)
        return invite === undefined ? undefined : { invite, redeemedBy: await redeemedBy(store, id, invited) }
      },
      memberOf: membership.givenTo,
      admit: (invited, record) => publish(record, redeemOps(id, invited, record.envelope.body.member)),
    })
  }
}
