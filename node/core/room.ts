/**
 * Capacity: which received entries go when there are too many, and which are not worth fetching while there is no
 * room. The ranking is `pipeline/refine`'s.
 */

import type { EntryCid } from '../../protocol/types.ts'
import type { Evidence } from '../../store/evidence.ts'
import type { NodeEvent } from '../api.ts'
import { type KeptFacts, leastUseful, usefulness } from '../pipeline/refine.ts'
import type { Ports } from '../ports.ts'
import { createTurns } from '../queue.ts'
import type { Authors } from '../trust/authors.ts'
import type { KeptSet } from './kept-set.ts'
import type { Swarm } from './swarm.ts'
import { today } from './today.ts'

export interface RoomDeps {
  readonly ports: Ports
  readonly capacityEntries: number
  readonly kept: KeptSet
  readonly evidence: Evidence
  readonly authors: Authors
  readonly swarms: () => readonly Swarm[]
  readonly emit: (event: NodeEvent) => void
}

/** Of the capacity, what strangers may fill all together (protocol.md, "Two sets"). */
const strangersShare = 0.1
/** When room must be made, this share of the capacity is freed at once, so that the work is done rarely. */
const evictShare = 0.02

export class Room {
  readonly #deps: RoomDeps
  /** Two at once would make the same room twice. */
  readonly #inTurn = createTurns()
  /** Usefulness of the best entry that had to go: what is worth no more is not fetched while there is no room. */
  #evictedBelow = 0

  constructor(deps: RoomDeps) {
    this.#deps = deps
  }

  #isFull(): boolean {
    const { capacityEntries } = this.#deps
    return this.#deps.kept.size >= capacityEntries - Math.floor(capacityEntries * evictShare)
  }

  /** Whether an entry that is not here would be kept before the best of those that had to go. */
  isWorth(trust: number, createdS: number): boolean {
    return !this.#isFull() || this.#valueUnseen(trust, createdS) > this.#evictedBelow
  }

  /** What an entry that is not here would count for: as much as an unused one of that time that is. */
  #valueUnseen(trust: number, createdS: number): number {
    const lastTouchedAt = createdS * 1000
    const facts = { trust, helped: 0, hurt: 0, uses: 0, lastTouchedAt }
    return usefulness(facts, this.#deps.ports.clock.now())
  }

  hasRoomForStrangers(swarm: Swarm): boolean {
    const { membership } = swarm
    const strangers = this.#deps.kept.countWhere(
      author => this.#deps.authors.standing(author, membership).tier === 'quarantined',
    )
    return strangers < this.#deps.capacityEntries * strangersShare
  }

  /** Evicts the least useful of peers' entries when there are more than the capacity. The digests stay. */
  make(): Promise<void> {
    return this.#inTurn(() => this.#evict())
  }

  async #evict(): Promise<void> {
    const { capacityEntries } = this.#deps
    const over = this.#deps.kept.size - capacityEntries
    if (over <= 0) return
    const now = this.#deps.ports.clock.now()
    const facts = await this.#factsOfReceived()
    const count = over + Math.floor(capacityEntries * evictShare)
    const evicted = leastUseful(facts.values(), count, now)
    const metas = evicted.map(cid => this.#deps.kept.get(cid)).filter(meta => meta !== undefined)
    const changes = metas.map(meta => this.#deps.kept.drop(meta.cid))
    await this.#deps.ports.store.batch(changes.flatMap(change => change.ops))
    for (const change of changes) change.apply()
    const last = facts.get(evicted.at(-1) ?? ('' as EntryCid))
    if (last !== undefined) this.#evictedBelow = usefulness(last, now)
    for (const { cid, swarm } of metas) {
      this.#deps
        .swarms()
        .find(one => one.id === swarm)
        ?.evicted(cid)
      this.#deps.emit({ type: 'evicted', cid })
    }
  }

  /** Own lessons are never evicted: no peer has them for this node. */
  async #factsOfReceived(): Promise<ReadonlyMap<EntryCid, KeptFacts>> {
    const day = today(this.#deps.ports.clock)
    const swarms = new Map(this.#deps.swarms().map(swarm => [swarm.id, swarm]))
    const facts = new Map<EntryCid, KeptFacts>()
    for (const { swarm: id, cid, author, uses, draftKey, lastUsedAt, receivedAt } of this.#deps.kept.all()) {
      if (draftKey !== undefined) continue
      await this.#deps.ports.cpu.spend('refine', 1)
      const swarm = swarms.get(id)
      const { blocked } = this.#deps.authors.wordOn(author)
      const trust =
        swarm === undefined || blocked ? 0 : this.#deps.authors.standing(author, swarm.membership).trust
      const { helped, hurt } = this.#deps.evidence.ofEntry(cid, day)
      // When it was made and not when it came, so that it compares with what is not here.
      const created = swarm?.set.digests(cid)[0]?.created
      const lastTouchedAt = lastUsedAt ?? (created === undefined ? receivedAt : created * 1000)
      facts.set(cid, { cid, uses, trust, helped, hurt, lastTouchedAt })
    }
    return facts
  }

  /** What was evicted before a restart is not fetched again after it: the least useful that is here tells. */
  async rememberEvicted(): Promise<void> {
    if (!this.#isFull()) return
    const now = this.#deps.ports.clock.now()
    for (const facts of (await this.#factsOfReceived()).values()) {
      const value = usefulness(facts, now)
      if (this.#evictedBelow === 0 || value < this.#evictedBelow) this.#evictedBelow = value
    }
  }
}
