/**
 * Whether an author's entries may reach a prompt (behaviour.md, "Receive and admit"). The owner's word wins;
 * then come those whom the owner let in, or who let the owner in; then those whose lessons have been tried
 * often enough. Everybody else is quarantined: visible to people, never in a prompt.
 */

import type { PeerId } from '../../protocol/types.ts'
import type { OwnerWord, Tier } from '../api.ts'
import { type Counts, friendPrior, type Opinion, opinionOf, type Reading, sumOf } from './opinion.ts'

/** Expectation from which an author's own record makes it trusted. */
export const trustedExpectation = 0.7
/**
 * Down to which, and after how many outcomes, it makes a stranger of a friend. Of authors who change nothing, where half of
 * all tasks fail anyway, bad luck alone brings one in sixty there with its first six.
 */
const distrustedExpectation = 0.2
const hurtOutcomes = 6
/** Outcomes (decayed) before the record counts: fewer than this could be luck. */
const triedOutcomes = 4

/** What decides the tier: the word of others does not. */
export interface TierFacts {
  readonly self: PeerId
  /** This node's inviter in the swarm. */
  readonly myInviter?: PeerId
  readonly author: PeerId
  readonly authorInviter?: PeerId
  readonly word: OwnerWord
  /** What its entries did here, decayed. */
  readonly counts: Counts
  readonly reading: Reading
  /** Peers whom the owner pinned. */
  readonly pinned: ReadonlySet<PeerId>
  /** True for a peer whose word of trust is withdrawn by the owner: whom it invited is then a stranger. */
  readonly blocked: ReadonlySet<PeerId>
  /** Whether this node's own experience speaks against a peer: who is next to it through that one is then a stranger. */
  readonly isDiscredited: (peer: PeerId) => boolean
  /** Inviter of a peer, by the member records. */
  readonly inviterOf: (peer: PeerId) => PeerId | undefined
}

export interface AuthorFacts extends TierFacts {
  /** What others attest of it, weighed by their influence: moves its weight, and opens no prompt. */
  readonly attested: Counts
}

export interface Standing {
  readonly tier: Tier
  /** Weight of the author's word in ranking, 0 to 1. */
  readonly trust: number
  readonly opinion: Opinion
  /** One sentence each. */
  readonly why: readonly string[]
}

export function tierOf(facts: TierFacts): Tier {
  const { author, self, word } = facts
  if (author === self) return 'own'
  if (word.blocked && word.blockedSince === undefined) return 'quarantined'
  if (word.trust !== undefined)
    return word.trust >= trustedExpectation || word.pinned ? 'trusted' : 'quarantined'
  const isFriend = friendReason(facts) !== undefined && !isSpent(facts)
  return isFriend || isProven(facts) ? 'trusted' : 'quarantined'
}

export function standingOf(facts: AuthorFacts): Standing {
  const { author, self, word, counts, attested, reading } = facts
  const tier = tierOf(facts)
  const all = sumOf(counts, attested)
  const stranger = opinionOf(all, reading)
  const certain = { expected: 1, uncertainty: 0 }
  if (author === self) return { tier, trust: 1, opinion: certain, why: ['It is this node itself.'] }
  if (word.blocked && word.blockedSince === undefined) {
    return { tier, trust: 0, opinion: stranger, why: ['You blocked this peer.'] }
  }
  const since = word.blocked ? ['You blocked what this peer made since a given time.'] : []
  if (word.trust !== undefined) {
    return {
      tier,
      trust: word.trust,
      opinion: stranger,
      why: [...since, `You set its trust to ${word.trust}.`],
    }
  }
  const near = friendReason(facts)
  const isFriend = near !== undefined && !isSpent(facts)
  const opinion = near === undefined ? stranger : opinionOf(all, reading, friendPrior)
  const reason = isFriend
    ? near
    : isProven(facts)
      ? 'Its lessons have proved themselves here.'
      : near === undefined
        ? 'You do not know this peer: nobody next to you invited it, and its lessons are not yet tried here.'
        : `${near} But its lessons have hurt here more often than they helped; pin it to believe it all the same.`
  return {
    tier,
    trust: opinion.expected,
    opinion,
    why: [...since, reason, recordSentence(counts, opinion)],
  }
}

/** Whether what a friend's lessons did here speaks clearly against it: being next to somebody is a start, and no licence. */
export function hasHurt(counts: Counts, reading: Reading): boolean {
  const isTried = counts.helped + counts.hurt >= hurtOutcomes
  return isTried && opinionOf(counts, reading, friendPrior).expected <= distrustedExpectation
}

function isSpent({ author, counts, pinned, reading }: TierFacts): boolean {
  return !pinned.has(author) && hasHurt(counts, reading)
}

/** Only what was tried here: the word of others brings nobody into a prompt. */
function isProven({ counts, reading }: TierFacts): boolean {
  const tried = counts.helped + counts.hurt >= triedOutcomes
  return tried && opinionOf(counts, reading).expected >= trustedExpectation
}

function friendReason(facts: TierFacts): string | undefined {
  const { author, self, myInviter, authorInviter, pinned, blocked, inviterOf, isDiscredited } = facts
  if (pinned.has(author)) return 'You pinned this peer.'
  if (myInviter === author) return 'It invited you.'
  if (authorInviter === self) return 'You invited it.'
  if (authorInviter === undefined || blocked.has(authorInviter)) return undefined
  if (pinned.has(authorInviter)) return 'A peer that you pinned invited it.'
  if (isDiscredited(authorInviter)) return undefined
  if (authorInviter === myInviter) return 'It was invited by the peer that invited you.'
  if (inviterOf(authorInviter) === self) return 'A peer that you invited invited it.'
  return undefined
}

function recordSentence(counts: Counts, opinion: Opinion): string {
  const outcomes = counts.helped + counts.hurt
  if (outcomes < 0.05) return 'None of its lessons has been tried here yet.'
  return `Its lessons were tried about ${outcomes.toFixed(1)} times here; expectation ${opinion.expected.toFixed(2)} ± ${opinion.uncertainty.toFixed(2)}.`
}
