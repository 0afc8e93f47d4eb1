/**
 * When several authors say the same (behaviour.md, "corroborated"): how many of them are independent, and how sure that
 * makes it. Pure; who says the same is decided elsewhere.
 */

import type { PeerId } from '../../protocol/types.ts'

/** One author that says so. */
export interface Voice {
  readonly author: PeerId
  /** E of its own lessons here. */
  readonly expected: number
  /** The peer next to me behind whom it stands; undefined when nobody with influence vouches for it. */
  readonly branch: PeerId | undefined
  /** The owner has spoken against it. */
  readonly isSilenced: boolean
}

export interface Agreement {
  /** One voice for each branch: the author of it whose lessons do best. */
  readonly voices: readonly PeerId[]
  /** The chance that at least one of them is right, were each right as often as its lessons help here. */
  readonly expected: number
}

const voicesMin = 2
const expectedMin = 0.7

export function agreementOf(voices: Iterable<Voice>): Agreement {
  const best = new Map<PeerId, Voice>()
  for (const voice of voices) {
    const { author, branch, expected, isSilenced } = voice
    if (branch === undefined || isSilenced) continue
    const other = best.get(branch)
    const isBetter = other === undefined || expected > other.expected
    if (isBetter || (expected === other.expected && author < other.author)) best.set(branch, voice)
  }
  const independent = [...best.values()].sort((a, b) => (a.author < b.author ? -1 : 1))
  let allWrong = 1
  for (const { expected } of independent) allWrong *= 1 - expected
  return { voices: independent.map(voice => voice.author), expected: 1 - allWrong }
}

/** Whether what they say may reach a prompt, marked, though none of them is trusted. */
export function isCorroborated({ voices, expected }: Agreement): boolean {
  return voices.length >= voicesMin && expected >= expectedMin
}
