/**
 * Who each author is to this node, over all its swarms: gathers the owner's word, the evidence and the member
 * records into a standing. Remembered until something changes, since recall asks for every candidate.
 */

import type { Day, PeerId } from '../../protocol/types.ts'
import type { OwnerWord } from '../api.ts'
import type { Counts } from './opinion.ts'
import { type Standing, standingOf } from './tiers.ts'

/** What a swarm's member records say. */
export interface Membership {
  readonly self: PeerId
  readonly inviter: PeerId | undefined
  readonly inviterOf: (peer: PeerId) => PeerId | undefined
}

export interface AuthorsDeps {
  readonly hurtWeight: number
  readonly countsOf: (author: PeerId, today: Day) => Counts
  readonly today: () => Day
}

export const noWord: OwnerWord = { pinned: false, blocked: false }
/** Standings that are remembered; they are cheap to make again. */
const rememberedMax = 100_000

export class Authors {
  readonly #deps: AuthorsDeps
  readonly #words: Map<PeerId, OwnerWord>
  readonly #pinned = new Set<PeerId>()
  readonly #blocked = new Set<PeerId>()
  readonly #remembered = new Map<PeerId, Standing>()
  #rememberedOn: Day = -1

  constructor(words: ReadonlyMap<PeerId, OwnerWord>, deps: AuthorsDeps) {
    this.#deps = deps
    this.#words = new Map(words)
    for (const [peer, word] of words) this.#note(peer, word)
  }

  wordOn(peer: PeerId): OwnerWord {
    return this.#words.get(peer) ?? noWord
  }

  peersWithWord(): readonly PeerId[] {
    return [...this.#words.keys()]
  }

  setWord(peer: PeerId, word: OwnerWord | undefined): void {
    if (word === undefined) this.#words.delete(peer)
    else this.#words.set(peer, word)
    this.#note(peer, word ?? noWord)
    this.changed()
  }

  /** Evidence or member records have changed. */
  changed(): void {
    this.#remembered.clear()
  }

  /** The standing of an author of the swarm with this membership. Ids of peers differ from swarm to swarm. */
  standing(author: PeerId, membership: Membership): Standing {
    const today = this.#deps.today()
    if (today !== this.#rememberedOn) {
      this.changed()
      this.#rememberedOn = today
    }
    const known = this.#remembered.get(author)
    if (known !== undefined) return known
    const { self, inviter, inviterOf } = membership
    const authorInviter = inviterOf(author)
    const standing = standingOf({
      self,
      author,
      ...(inviter === undefined ? {} : { myInviter: inviter }),
      ...(authorInviter === undefined ? {} : { authorInviter }),
      word: this.wordOn(author),
      counts: this.#deps.countsOf(author, today),
      hurtWeight: this.#deps.hurtWeight,
      pinned: this.#pinned,
      blocked: this.#blocked,
      inviterOf,
    })
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear()
    this.#remembered.set(author, standing)
    return standing
  }

  /** Whether the owner blocked this author's entry: all of them, or those created since a time (seconds). */
  isBlocked(author: PeerId, createdS: number): boolean {
    const word = this.wordOn(author)
    return word.blocked && (word.blockedSince === undefined || createdS >= word.blockedSince)
  }

  #note(peer: PeerId, word: OwnerWord): void {
    if (word.pinned) this.#pinned.add(peer)
    else this.#pinned.delete(peer)
    if (word.blocked && word.blockedSince === undefined) this.#blocked.add(peer)
    else this.#blocked.delete(peer)
  }
}
