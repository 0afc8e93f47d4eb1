/**
 * Who each author is to this node, over all its swarms: gathers the owner's word, the evidence and the records into a
 * standing. Remembered until something changes, since recall asks for every candidate.
 */

import type { Day, PeerId } from '../../protocol/types.ts'
import type { OwnerWord, Tier, TrustReason } from '../api.ts'
import type { Voice } from './corroboration.ts'
import { explainTrust } from './explain.ts'
import { type Counts, friendPrior, opinionOf, type Reading } from './opinion.ts'
import { hasHurt, type Standing, standingOf, type TierFacts, tierOf, trustedExpectation } from './tiers.ts'
import type { Attested, Member, VouchingInput } from './vouching.ts'
import { type Weights, weighPeers } from './weights.ts'

/** What a swarm's records say. */
export interface Membership {
  readonly self: PeerId
  readonly inviter: PeerId | undefined
  readonly inviterOf: (peer: PeerId) => PeerId | undefined
  /** Those of now, each once. */
  readonly members: () => Iterable<Member>
  readonly attested: () => Iterable<Attested>
  /** How many there are: what is attested is read out of all of them. */
  readonly records: number
}

export interface AuthorsDeps {
  /** How outcomes of its lessons are read; without an author, those that others attest. */
  readonly reading: (author?: PeerId) => Reading
  readonly countsOf: (author: PeerId, today: Day) => Counts
  /** Weight of what happened so many days ago. */
  readonly decay: (days: number) => number
  /** Milliseconds. */
  readonly now: () => number
  readonly today: () => Day
}

interface Weighed {
  readonly weights: Weights
  readonly version: number
  readonly atMs: number
}

/** What was found of authors, until something changes. */
interface Remembered {
  readonly standings: Map<PeerId, Standing>
  readonly tiers: Map<PeerId, Tier>
  readonly inviters: Map<PeerId, PeerId | undefined>
}

export const noWord: OwnerWord = { pinned: false, blocked: false }
/** Standings that are remembered; they are cheap to make again. */
const rememberedMax = 100_000
/**
 * Weighing takes about a microsecond an edge, and a tenth of that for each record in which attestations are looked for.
 * What takes up to a millisecond is weighed anew at once; more rests a thousand times as long after it was.
 */
const recordsPerEdge = 10
const costAtOnce = 1_000

export class Authors {
  readonly #deps: AuthorsDeps
  readonly #words: Map<PeerId, OwnerWord>
  readonly #pinned = new Set<PeerId>()
  readonly #blocked = new Set<PeerId>()
  /** By swarm: one key may be used in two, and be let in by another one there. */
  readonly #remembered = new Map<Membership, Remembered>()
  #rememberedOn: Day = -1
  /** By this node's own id in the swarm. */
  readonly #weighed = new Map<PeerId, Weighed>()
  #version = 0
  /** What is weighed by an older version than this must not be used any more. */
  #versionMin = 0

  constructor(words: ReadonlyMap<PeerId, OwnerWord>, deps: AuthorsDeps) {
    this.#deps = deps
    this.#words = new Map(words)
    for (const [peer, word] of words) this.#note(peer, word)
  }

  /** Another one whenever somebody's standing may have changed. */
  get version(): number {
    this.#beginDay()
    return this.#version
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
    // The owner does not wait for a large graph to have rested.
    this.#versionMin = this.#version
  }

  /** Evidence or memberships have changed. */
  changed(): void {
    this.#remembered.clear()
    this.#version++
  }

  /** Somebody attested something: it counts when the graph is weighed next. */
  attestedAnew(): void {
    for (const { inviters } of this.#remembered.values()) inviters.clear()
    this.#version++
  }

  /** The standing of an author of the swarm with this membership. Ids of peers differ from swarm to swarm. */
  standing(author: PeerId, membership: Membership): Standing {
    const weights = this.weights(membership)
    const { standings } = this.#rememberedOf(membership)
    const known = standings.get(author)
    if (known !== undefined) return known
    const facts = this.#factsOf(author, membership)
    const standing = standingOf({ ...facts, attested: weights.attestedOf(author) })
    remember(standings, author, standing)
    return standing
  }

  /** The tier of its standing, without weighing the vouching graph: gossip asks for every neighbour, all the time. */
  tierOf(author: PeerId, membership: Membership): Tier {
    this.#beginDay()
    const { tiers } = this.#rememberedOf(membership)
    const known = tiers.get(author)
    if (known !== undefined) return known
    const tier = tierOf(this.#factsOf(author, membership))
    remember(tiers, author, tier)
    return tier
  }

  /** Who stands for an author by having let it in. A flood of announcements asks for the same few thousands of times. */
  inviterOf(author: PeerId, membership: Membership): PeerId | undefined {
    this.#beginDay()
    const { inviters } = this.#rememberedOf(membership)
    const known = inviters.get(author)
    if (known !== undefined || inviters.has(author)) return known
    const inviter = membership.inviterOf(author)
    remember(inviters, author, inviter)
    return inviter
  }

  /** What the vouching graph says; of a large one perhaps as it was some seconds ago. */
  weights(membership: Membership): Weights {
    const today = this.#beginDay()
    const known = this.#weighed.get(membership.self)
    const nowMs = this.#deps.now()
    if (known !== undefined && !this.#isDue(known, membership, nowMs)) return known.weights
    const weights = weighPeers(this.#vouchingOf(membership, today))
    this.#weighed.set(membership.self, { weights, version: this.#version, atMs: nowMs })
    const { inviters, standings } = this.#rememberedOf(membership)
    // A membership may have begun or ended by the clock alone.
    inviters.clear()
    standings.clear()
    return weights
  }

  /** As one that says something, for counting independent ones. */
  voice(author: PeerId, membership: Membership): Voice {
    const { blocked, trust = 1 } = this.wordOn(author)
    return {
      author,
      expected: this.standing(author, membership).opinion.expected,
      branch: this.weights(membership).branchOf(author),
      isSilenced: blocked || trust < trustedExpectation,
    }
  }

  /** The whole reason for a peer's standing. */
  explain(author: PeerId, membership: Membership): readonly TrustReason[] {
    return explainTrust({
      author,
      self: membership.self,
      word: this.wordOn(author),
      standing: this.standing(author, membership),
      counts: this.#deps.countsOf(author, this.#deps.today()),
      reading: this.#deps.reading(author),
      weights: this.weights(membership),
    })
  }

  /** Whether the owner blocked this author's entry: all of them, or those created since a time (seconds). */
  isBlocked(author: PeerId, createdS: number): boolean {
    const word = this.wordOn(author)
    return word.blocked && (word.blockedSince === undefined || createdS >= word.blockedSince)
  }

  #rememberedOf(membership: Membership): Remembered {
    const known = this.#remembered.get(membership)
    if (known !== undefined) return known
    const nothing = { standings: new Map(), tiers: new Map(), inviters: new Map() }
    this.#remembered.set(membership, nothing)
    return nothing
  }

  #beginDay(): Day {
    const today = this.#deps.today()
    if (today !== this.#rememberedOn) {
      this.changed()
      this.#rememberedOn = today
    }
    return today
  }

  #factsOf(author: PeerId, membership: Membership): TierFacts {
    const { self, inviter } = membership
    const inviterOf = (peer: PeerId) => this.inviterOf(peer, membership)
    const authorInviter = inviterOf(author)
    return {
      self,
      author,
      ...(inviter === undefined ? {} : { myInviter: inviter }),
      ...(authorInviter === undefined ? {} : { authorInviter }),
      word: this.wordOn(author),
      counts: this.#deps.countsOf(author, this.#deps.today()),
      reading: this.#deps.reading(author),
      pinned: this.#pinned,
      blocked: this.#blocked,
      isDiscredited: peer => hasHurt(this.#deps.countsOf(peer, this.#deps.today()), this.#deps.reading(peer)),
      inviterOf,
    }
  }

  #isDue({ weights, version, atMs }: Weighed, { records }: Membership, nowMs: number): boolean {
    if (version === this.#version) return false
    const cost = weights.edges + records / recordsPerEdge
    if (version < this.#versionMin || cost <= costAtOnce) return true
    // A clock that was set back is no reason to wait.
    return nowMs - atMs >= cost || nowMs < atMs
  }

  #vouchingOf(membership: Membership, today: Day): VouchingInput {
    const { self, members, attested } = membership
    const { decay, reading } = this.#deps
    return {
      self,
      members: members(),
      ownEdge: member => this.#ownEdge(member, membership, today),
      attested: attested(),
      wordOn: peer => {
        const { blocked, trust } = this.wordOn(peer)
        // A key that is blocked since a time may be in other hands, which can sign with any earlier time.
        return blocked ? 'blocked' : trust === undefined ? 'none' : 'spoken'
      },
      today,
      decay,
      reading: reading(),
    }
  }

  #ownEdge({ peer, inviter }: Member, membership: Membership, today: Day): number | undefined {
    const { trust } = this.wordOn(peer)
    if (trust !== undefined) return trust
    const counts = this.#deps.countsOf(peer, today)
    const isNext = this.#pinned.has(peer) || peer === membership.inviter || inviter === membership.self
    const reading = this.#deps.reading(peer)
    if (isNext) return opinionOf(counts, reading, friendPrior).expected
    const { expected } = opinionOf(counts, reading)
    return expected > 0.5 ? expected : undefined
  }

  #note(peer: PeerId, word: OwnerWord): void {
    if (word.pinned) this.#pinned.add(peer)
    else this.#pinned.delete(peer)
    if (word.blocked && word.blockedSince === undefined) this.#blocked.add(peer)
    else this.#blocked.delete(peer)
  }
}

function remember<T>(known: Map<PeerId, T>, author: PeerId, value: T): void {
  if (known.size >= rememberedMax) known.clear()
  known.set(author, value)
}
