/**
 * Why a peer's word weighs what it weighs, for a person who asks: the owner's word, what happened here, who vouches with
 * what influence, what is attested, and the rule that decided the tier. Built from what decided, when it is asked for.
 */

import type { PeerId } from '../../protocol/types.ts'
import type { OwnerWord, TrustReason } from '../api.ts'
import { type Counts, opinionOf, type Reading } from './opinion.ts'
import type { Standing } from './tiers.ts'
import type { Voucher, Weights, Witness } from './weights.ts'

export interface ExplainedFacts {
  readonly author: PeerId
  readonly self: PeerId
  readonly word: OwnerWord
  readonly standing: Standing
  /** What happened here. */
  readonly counts: Counts
  readonly reading: Reading
  readonly weights: Weights
}

/** Vouchers and attesters that are named; the others are counted. */
const namedMax = 8

export function explainTrust(facts: ExplainedFacts): readonly TrustReason[] {
  return [ofWord(facts), ofExperience(facts), ofVouching(facts), ofAttestations(facts), ofTier(facts)]
}

function ofWord({ word }: ExplainedFacts): TrustReason {
  const blocked = word.blockedSince === undefined ? 'it' : 'what it made since a given time'
  const said = [
    ...(word.blocked ? [`You blocked ${blocked}.`] : []),
    ...(word.pinned ? ['You pinned it.'] : []),
    ...(word.trust === undefined ? [] : [`You set its trust to ${word.trust}.`]),
  ]
  const text = said.length === 0 ? 'You have said nothing about it.' : said.join(' ')
  return { about: 'word', text, details: [] }
}

function ofExperience({ counts, reading }: ExplainedFacts): TrustReason {
  const { helped, hurt } = counts
  if (helped + hurt < 0.05)
    return { about: 'experience', text: 'None of its lessons has been tried here yet.', details: [] }
  const { expected, uncertainty } = opinionOf(counts, reading)
  const rate = Math.round(100 * (reading.baseRate ?? 0.5))
  return {
    about: 'experience',
    text: `Here its lessons helped ${helped.toFixed(1)} and hurt ${hurt.toFixed(1)} times: on their own E = ${figure(expected)} ± ${figure(uncertainty)}.`,
    details: [
      'Outcomes count half after 30 days.',
      `They are read against a success rate of ${rate} % here; failures beyond it and beyond chance weigh ${reading.hurtWeight} times.`,
    ],
  }
}

function ofVouching({ author, weights }: ExplainedFacts): TrustReason {
  const influence = weights.influenceOf(author)
  if (influence === 0)
    return { about: 'vouching', text: 'Nobody with influence here vouches for it: influence 0.', details: [] }
  const branch = weights.branchOf(author)
  const behind =
    branch === author
      ? 'It stands for itself: no single voucher is behind it.'
      : `All vouching for it passes through ${branch}, so the two are not independent.`
  return {
    about: 'vouching',
    text: `Influence ${figure(influence)}, where you have 1. ${behind}`,
    details: named(weights.vouchersOf(author), (one: Voucher) => {
      const who =
        one.influence === 1 ? 'You vouch' : `${one.peer} (influence ${figure(one.influence)}) vouches`
      return `${who} for it with ${figure(one.opinion)}, which passes on ${figure(one.passesOn)}.`
    }),
  }
}

function ofAttestations({ author, weights }: ExplainedFacts): TrustReason {
  const witnesses = weights.witnessesOf(author)
  if (witnesses.length === 0)
    return { about: 'attestations', text: 'No member attests anything of it.', details: [] }
  const { helped, hurt } = weights.attestedOf(author)
  const who = witnesses.length === 1 ? 'One member attests' : `${witnesses.length} members attest`
  return {
    about: 'attestations',
    text: `${who} how it did; weighed by their influence that counts as helped ${figure(helped)}, hurt ${figure(hurt)}.`,
    details: named(witnesses, (one: Witness) => {
      const weight =
        one.influence === 0 ? 'no influence, so it counts nothing' : `influence ${figure(one.influence)}`
      return `${one.peer} says helped ${figure(one.helped)}, hurt ${figure(one.hurt)}: ${weight}.`
    }),
  }
}

function ofTier({ standing }: ExplainedFacts): TrustReason {
  const { tier, trust, why } = standing
  const [rule = ''] = why.slice(-2)
  return { about: 'tier', text: `So it is ${tier}, with trust ${figure(trust)}. ${rule}`, details: [] }
}

function named<T>(all: readonly T[], text: (one: T) => string): readonly string[] {
  const more = all.length - namedMax
  return [...all.slice(0, namedMax).map(text), ...(more > 0 ? [`… and ${more} more.`] : [])]
}

function figure(value: number): string {
  return value.toFixed(value !== 0 && Math.abs(value) < 0.1 ? 3 : 2)
}
