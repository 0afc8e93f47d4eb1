/**
 * Capacity, in entries and bytes: which received entries go when there are too many, and which are not worth fetching
 * while there is no room. The choice is the policy's (`pipeline/refine`); this gathers what it needs and carries it out.
 */

import type { DigestRecord, EntryCid, PeerId } from '../../protocol/types.ts'
import type { Evidence } from '../../store/evidence.ts'
import type { NodeEvent } from '../api.ts'
import type { NodeConfig } from '../config.ts'
import { refinePolicies } from '../pipeline/refine/policies.ts'
import type { Budget, EntryFacts, KeptFacts, Refined } from '../pipeline/refine/policy.ts'
import { isRefuted, posteriorOfHelping } from '../pipeline/refine/usefulness.ts'
import type { Ports } from '../ports.ts'
import { createTurns } from '../queue.ts'
import type { Authors } from '../trust/authors.ts'
import type { BaseRates } from './base-rates.ts'
import type { KeptSet } from './kept-set.ts'
import type { RecentQueries } from './recent-queries.ts'
import type { StrangersRoom } from './strangers-room.ts'
import type { Swarm } from './swarm.ts'
import { today } from './today.ts'

export interface RoomDeps {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly kept: KeptSet
  readonly evidence: Evidence
  readonly authors: Authors
  readonly queries: RecentQueries
  readonly baseRates: BaseRates
  readonly strangersRoom: StrangersRoom
  readonly swarms: () => readonly Swarm[]
  readonly emit: (event: NodeEvent) => void
}

/** When room must be made, this share of the capacity is freed at once, so that the work is done rarely. */
const evictShare = 0.02
/** Entries that go in one batch, and batches that wait for the disk together: more would hold the event loop. */
const evictBatch = 50
const evictBatches = 16
/** Entries whose facts are gathered between two pauses, and microseconds that each takes. */
const factsBatch = 64
const factMicros = 8

export class Room {
  readonly #deps: RoomDeps
  /** Two at once would make the same room twice. */
  readonly #inTurn = createTurns()
  readonly #seed: number
  #isWorth: Refined['isWorth'] | undefined
  #evicted = 0

  constructor(deps: RoomDeps) {
    this.#deps = deps
    this.#seed = deps.ports.random.below(2 ** 32)
  }

  /** How many had to go since the start. */
  get evicted(): number {
    return this.#evicted
  }

  /** What is kept after room was made. */
  #target(): Budget {
    const { capacityBytes, capacityEntries } = this.#deps.config
    const left = (capacity: number): number => capacity - Math.floor(capacity * evictShare)
    return { entries: left(capacityEntries), bytes: left(capacityBytes) }
  }

  #isOver({ bytes, entries }: Budget): boolean {
    return this.#deps.kept.size > entries || this.#deps.kept.bytes > bytes
  }

  #isFull(): boolean {
    const { bytes, entries } = this.#target()
    return this.#deps.kept.size >= entries || this.#deps.kept.bytes >= bytes
  }

  /** Whether an announced entry would be kept, by what is known of it before it is here. */
  isWorth({ envelope: { author, body } }: DigestRecord, trust: number): boolean {
    const { authors, config, evidence, ports, queries } = this.#deps
    const outcomes = evidence.ofEntry(body.cid, today(ports.clock))
    if (isRefuted(outcomes, this.#deps.baseRates.ofEntry(body.cid, author))) return false
    if (!this.#isFull() || this.#isWorth === undefined) return true
    const { blocked } = authors.wordOn(author)
    const unseen: EntryFacts = {
      cid: body.cid,
      author,
      trust: blocked ? 0 : trust,
      ...outcomes,
      createdAt: body.created * 1000,
    }
    if (this.#isWorth(unseen, ports.clock.now())) return true
    const isOfThisSpace = body.space === ports.embedder.space
    return (
      config.refinePolicy === 'demand' &&
      isOfThisSpace &&
      queries.lacks(body.sketch, posteriorOfHelping(unseen))
    )
  }

  /** Where strangers fill what they may, and this one less than another: an entry of that other one goes. */
  makeForStranger(swarm: Swarm, author: PeerId): Promise<void> {
    return this.#inTurn(async () => {
      const yielding = this.#deps.strangersRoom.yieldingTo(swarm, author)
      if (yielding !== undefined) await this.#evict([yielding])
    })
  }

  /** On pressure: evicts when there is more than the capacity. The digests stay. */
  make(): Promise<void> {
    const { capacityBytes: bytes, capacityEntries: entries } = this.#deps.config
    return this.#inTurn(async () => {
      if (this.#isOver({ entries, bytes })) await this.#refine()
    })
  }

  /** When idle: what is refuted goes, and room is made before it is needed. */
  tidy(): Promise<void> {
    return this.#inTurn(async () => {
      const facts = await this.#facts()
      const { baseRates } = this.#deps
      const refuted = facts.filter(
        one => !one.isOwn && isRefuted(one, baseRates.ofEntry(one.cid, one.author)),
      )
      await this.#evict(refuted.map(({ cid }) => cid))
      if (this.#isOver(this.#target())) await this.#refine()
    })
  }

  /** What was evicted before a restart is not fetched again after it: the least useful that is here tells. */
  async rememberEvicted(): Promise<void> {
    if (this.#isFull()) this.#isWorth = (await this.#choose()).isWorth
  }

  async #refine(): Promise<void> {
    const { evicted, isWorth } = await this.#choose()
    this.#isWorth = isWorth
    this.#deps.queries.settle()
    await this.#evict(evicted)
  }

  async #choose(): Promise<Refined> {
    const { config, kept, ports, queries } = this.#deps
    return refinePolicies[config.refinePolicy]({
      facts: await this.#facts(),
      budget: this.#target(),
      nowMs: ports.clock.now(),
      demand: {
        queries: queries.vectors(),
        copySketch: (cid, into, at) => kept.copySketch(cid, into, at),
        cosine: (cid, query) => kept.cosine(cid, query),
      },
      seed: this.#seed,
      pause: units => ports.cpu.spend('refine', units),
    })
  }

  async #evict(cids: readonly EntryCid[]): Promise<void> {
    for (let from = 0; from < cids.length; ) {
      const together: Promise<void>[] = []
      for (; together.length < evictBatches && from < cids.length; from += evictBatch)
        together.push(this.#evictSome(cids.slice(from, from + evictBatch)))
      await Promise.all(together)
    }
  }

  async #evictSome(cids: readonly EntryCid[]): Promise<void> {
    const { cpu, store } = this.#deps.ports
    // What has gone for another reason is not there any more.
    const metas = cids.map(cid => this.#deps.kept.get(cid)).filter(meta => meta !== undefined)
    const changes = metas.map(meta => this.#deps.kept.drop(meta.cid))
    await store.batch(changes.flatMap(change => change.ops))
    // Batches that were written together come back together: each gets its turn.
    await cpu.spend('index', changes.length)
    for (const change of changes) change.apply()
    this.#evicted += metas.length
    for (const { cid, swarm } of metas) {
      this.#deps
        .swarms()
        .find(one => one.id === swarm)
        ?.wanted.evicted(cid)
      this.#deps.emit({ type: 'evicted', cid })
    }
  }

  async #facts(): Promise<readonly KeptFacts[]> {
    const { authors, evidence, kept, ports } = this.#deps
    const day = today(ports.clock)
    const swarms = new Map(
      this.#deps.swarms().map(swarm => [swarm.id, { set: swarm.set, membership: swarm.membership }]),
    )
    const facts: KeptFacts[] = []
    for (const { swarm: id, cid, author, uses, draftKey, lastUsedAt, receivedAt } of kept.all()) {
      if (facts.length % factsBatch === 0) await ports.cpu.spend('refine', factsBatch * factMicros)
      const swarm = swarms.get(id)
      const { blocked } = authors.wordOn(author)
      const created = swarm?.set.digests(cid)[0]?.created
      facts.push({
        cid,
        author,
        bytes: kept.bytesOf(cid),
        isOwn: draftKey !== undefined,
        trust: swarm === undefined || blocked ? 0 : authors.standing(author, swarm.membership).trust,
        ...evidence.ofEntry(cid, day),
        createdAt: created === undefined ? receivedAt : created * 1000,
        uses,
        ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
      })
    }
    return facts
  }
}
