/**
 * The part of the capacity that strangers may fill: which of them gets room, whose entry goes for it, and when there is room
 * again for who was turned away. How they share is decided in `strangers.ts`; this knows what is kept of whom.
 */

import type { EntryCid, PeerId, SwarmId } from '../../protocol/types.ts'
import type { Authors, Membership } from '../trust/authors.ts'
import type { KeptSet } from './kept-set.ts'
import { type Shares, sharesOf, yieldsTo } from './strangers.ts'

/** What is looked at of a swarm. */
interface Home {
  readonly id: SwarmId
  readonly membership: Membership
}

export interface StrangersRoomDeps {
  readonly capacityEntries: number
  readonly kept: Pick<KeptSet, 'all' | 'authors' | 'version'>
  readonly authors: Pick<Authors, 'inviterOf' | 'tierOf' | 'version'>
  readonly swarms: () => readonly Home[]
}

/** Of the capacity, what strangers may fill all together (protocol.md, "Two sets"). */
const strangersShare = 0.1
/** What strangers have left of their room when what was turned away is looked through again: all of it, and there may be much. */
const freedShare = 0.1

export class StrangersRoom {
  readonly #deps: StrangersRoomDeps
  /** How they share it, and of which entries and standings that was made. */
  #shares: { readonly madeOf: string; readonly shares: Shares } | undefined
  /** Whether any was turned away since room was freed last. */
  #turnedAway = false

  constructor(deps: StrangersRoomDeps) {
    this.#deps = deps
  }

  /** Whether this author is anything but a stranger, or there is room for one. Else it is turned away, which is remembered. */
  admitOrTurnAway(swarm: Home, author: PeerId): boolean {
    if (!this.#isStranger(swarm, author) || this.#yieldsTo(swarm, author) !== 'full') return true
    this.#turnedAway = true
    return false
  }

  /** Whether strangers left room since one of them was turned away. True once: whoever asks sees to it that it is filled. */
  takeFreed(): boolean {
    if (!this.#turnedAway) return false
    const { room, total } = this.#sharesNow()
    if (total > room * (1 - freedShare)) return false
    this.#turnedAway = false
    return true
  }

  /** The entry that is to go so that this author's finds room: of who has more than its share, the oldest. */
  yieldingTo(swarm: Home, author: PeerId): EntryCid | undefined {
    if (!this.#isStranger(swarm, author)) return undefined
    const greedy = this.#yieldsTo(swarm, author)
    if (greedy === 'nobody' || greedy === 'full') return undefined
    const [oldest] = [...this.#deps.kept.all()]
      .filter(one => one.author === greedy)
      .sort((a, b) => a.receivedAt - b.receivedAt || (a.cid < b.cid ? -1 : 1))
    return oldest?.cid
  }

  #isStranger({ membership }: Home, author: PeerId): boolean {
    return this.#deps.authors.tierOf(author, membership) === 'quarantined'
  }

  #yieldsTo(swarm: Home, author: PeerId): PeerId | 'nobody' | 'full' {
    return yieldsTo(author, this.#deps.authors.inviterOf(author, swarm.membership), this.#sharesNow())
  }

  /** Each is what its own swarm's records make of it: to those of another, this node itself would be a stranger. */
  #sharesNow(): Shares {
    const { authors, capacityEntries, kept, swarms } = this.#deps
    const madeOf = `${swarms().length} ${kept.version} ${authors.version}`
    if (this.#shares?.madeOf === madeOf) return this.#shares.shares
    const counts = new Map<PeerId, number>()
    const homes = new Map<PeerId, Home>()
    for (const home of swarms()) {
      for (const [author, count] of kept.authors(home.id)) {
        if (!this.#isStranger(home, author)) continue
        counts.set(author, (counts.get(author) ?? 0) + count)
        homes.set(author, home)
      }
    }
    const inviterOf = (peer: PeerId) => {
      const home = homes.get(peer)
      return home && authors.inviterOf(peer, home.membership)
    }
    const shares = sharesOf({ room: capacityEntries * strangersShare, kept: counts, inviterOf })
    this.#shares = { madeOf, shares }
    return shares
  }
}
