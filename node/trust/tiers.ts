/**
 * Whether an author's entries may reach a prompt (behaviour.md, "Receive and admit"). The owner's word wins;
 * then come those whom the owner let in, or who let the owner in; then those whose lessons have been tried
 * often enough. Everybody else is quarantined: visible to people, never in a prompt.
 */

import type { PeerId } from '../../protocol/types.ts'
import type { OwnerWord, Tier } from '../api.ts'
import type { Opinion } from './opinion.ts'

/** Expectation from which an author's own record makes it trusted. */
const trustedExpectation = 0.7
/** Outcomes (decayed) before the record counts: fewer than this could be luck. */
const triedOutcomes = 4
/** Trust of an author whom the owner pinned or who stands next to the owner, before there is a record: prior of a friend. */
const friendTrust = 0.75

export interface AuthorFacts {
  readonly self: PeerId
  /** This node's inviter in the swarm. */
  readonly myInviter?: PeerId
  readonly author: PeerId
  readonly authorInviter?: PeerId
  /** The inviter of the author's inviter is not asked: one step beyond those next to me, no further. */
  readonly word: OwnerWord
  readonly opinion: Opinion
  /** Outcomes (helped + hurt, decayed) behind the opinion. */
  readonly outcomes: number
  /** Peers whom the owner pinned. */
  readonly pinned: ReadonlySet<PeerId>
  /** True for a peer whose word of trust is withdrawn by the owner: whom it invited is then a stranger. */
  readonly blocked: ReadonlySet<PeerId>
  /** Inviter of a peer, by the member records. */
  readonly inviterOf: (peer: PeerId) => PeerId | undefined
}

export interface Standing {
  readonly tier: Tier
  /** Weight of the author's word in ranking, 0 to 1. */
  readonly trust: number
  /** One sentence each. */
  readonly why: readonly string[]
}

export function standingOf(facts: AuthorFacts): Standing {
  const { author, self, word } = facts
  if (author === self) return { tier: 'own', trust: 1, why: ['It is this node itself.'] }
  if (word.blocked && word.blockedSince === undefined) {
    return { tier: 'quarantined', trust: 0, why: ['You blocked this peer.'] }
  }
  const since = word.blocked ? ['You blocked what this peer made since a given time.'] : []
  if (word.trust !== undefined) {
    const tier = word.trust >= trustedExpectation || word.pinned ? 'trusted' : 'quarantined'
    return { tier, trust: word.trust, why: [...since, `You set its trust to ${word.trust}.`] }
  }
  const record = recordSentence(facts)
  const friend = friendReason(facts)
  if (friend !== undefined) {
    return { tier: 'trusted', trust: friendWeight(facts), why: [...since, friend, record] }
  }
  const proven = facts.outcomes >= triedOutcomes && facts.opinion.expected >= trustedExpectation
  if (proven) {
    return {
      tier: 'trusted',
      trust: facts.opinion.expected,
      why: [...since, 'Its lessons have proved themselves here.', record],
    }
  }
  return {
    tier: 'quarantined',
    trust: facts.opinion.expected,
    why: [
      ...since,
      'You do not know this peer: nobody next to you invited it, and its lessons are not yet tried here.',
      record,
    ],
  }
}

/** A friend starts with a good name, and its own record takes over as it grows. */
function friendWeight(facts: AuthorFacts): number {
  const unknown = facts.opinion.uncertainty * 2
  return facts.opinion.expected * (1 - unknown) + friendTrust * unknown
}

function friendReason(facts: AuthorFacts): string | undefined {
  const { author, self, myInviter, authorInviter, pinned, blocked, inviterOf } = facts
  if (pinned.has(author)) return 'You pinned this peer.'
  if (myInviter === author) return 'It invited you.'
  if (authorInviter === self) return 'You invited it.'
  if (authorInviter === undefined || blocked.has(authorInviter)) return undefined
  if (pinned.has(authorInviter)) return 'A peer that you pinned invited it.'
  if (authorInviter === myInviter) return 'It was invited by the peer that invited you.'
  if (inviterOf(authorInviter) === self) return 'A peer that you invited invited it.'
  return undefined
}

function recordSentence({ outcomes, opinion }: AuthorFacts): string {
  if (outcomes < 0.05) return 'None of its lessons has been tried here yet.'
  return `Its lessons were tried about ${outcomes.toFixed(1)} times here; expectation ${opinion.expected.toFixed(2)} ± ${opinion.uncertainty.toFixed(2)}.`
}
