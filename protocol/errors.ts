/**
 * Why a record is not taken, as stable codes with a sentence each. `reject` is for what the sender could have
 * seen to be bad: it alone counts against the neighbour. `ignore` is for what may be right elsewhere or later.
 */

export const RejectReason = {
  tooLarge: 'too-large',
  malformed: 'malformed',
  nonCanonical: 'non-canonical',
  badShape: 'bad-shape',
  unknownVersion: 'unknown-version',
  foreignSwarm: 'foreign-swarm',
  badBody: 'bad-body',
  wrongTopic: 'wrong-topic',
  badSignature: 'bad-signature',
  future: 'future',
} as const

export type RejectReason = (typeof RejectReason)[keyof typeof RejectReason]

interface Explanation {
  readonly verdict: 'reject' | 'ignore'
  readonly sentence: string
}

const explanations: Readonly<Record<RejectReason, Explanation>> = {
  'too-large': { verdict: 'reject', sentence: 'The record is larger than its kind may be.' },
  malformed: { verdict: 'reject', sentence: 'The bytes are not one whole dag-cbor value within the limits.' },
  'non-canonical': {
    verdict: 'reject',
    sentence: 'The value could have been written in other bytes: it is not canonical.',
  },
  'bad-shape': {
    verdict: 'reject',
    sentence: 'The envelope lacks a field, has one too many, or has one of a wrong form.',
  },
  'unknown-version': {
    verdict: 'ignore',
    sentence: 'The envelope is of a later version; a newer node can read it.',
  },
  'foreign-swarm': { verdict: 'reject', sentence: 'The record belongs to another swarm.' },
  'bad-body': { verdict: 'reject', sentence: 'The body breaks a rule of its kind.' },
  'wrong-topic': {
    verdict: 'reject',
    sentence: 'The record came on a topic that is not the one of its kind and shard.',
  },
  'bad-signature': { verdict: 'reject', sentence: 'The signature is not the author’s, or not canonical.' },
  future: { verdict: 'ignore', sentence: 'The record is dated more than 900 seconds ahead of this clock.' },
}

export function verdictOf(reason: RejectReason): 'reject' | 'ignore' {
  return explanations[reason].verdict
}

/** One sentence for people. */
export function sentenceOf(reason: RejectReason): string {
  return explanations[reason].sentence
}
