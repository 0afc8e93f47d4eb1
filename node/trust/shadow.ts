/**
 * Shadow evidence (behaviour.md, "Evidence and trust"): what a stranger said before this node found it out for itself
 * counts for it, or against it where it turned out otherwise. No prompt is touched. Pure; how two lessons stand to each
 * other is decided elsewhere.
 */

import type { EntryCid, PeerId } from '../../protocol/types.ts'

/** A lesson of this node. */
export interface OwnFinding {
  /** Runs with an outcome on which it rests. */
  readonly outcomes: number
  /** Milliseconds: when its first version could first be read by others; undefined while it never could. */
  readonly publishedAt: number | undefined
}

/** A kept lesson of somebody else on the same situation. */
export interface SeenLesson {
  readonly cid: EntryCid
  readonly author: PeerId
  /** Milliseconds: when it came here. */
  readonly seenAt: number
  /** Neither trusted nor blocked: what a trusted author says is judged by what it does. */
  readonly isQuarantined: boolean
  readonly stands: 'agrees' | 'disagrees'
  /** Hash of its normalised text: of equal ones only the first to come can be the original. */
  readonly textKey: string
}

export interface ShadowEvidence {
  readonly author: PeerId
  readonly cid: EntryCid
  readonly outcome: 'helped' | 'hurt'
}

/** At most one outcome for each author, in the order of their ids. */
export function shadowEvidence(own: OwnFinding, seen: Iterable<SeenLesson>): readonly ShadowEvidence[] {
  if (own.outcomes === 0) return []
  const byTime = [...seen].sort((a, b) => a.seenAt - b.seenAt || (a.cid < b.cid ? -1 : 1))
  const texts = new Set<string>()
  const found = new Map<PeerId, ShadowEvidence | 'hedged'>()
  for (const { author, cid, isQuarantined, seenAt, stands, textKey } of byTime) {
    const isCopy = texts.has(textKey)
    texts.add(textKey)
    const couldCopyUs = own.publishedAt !== undefined && seenAt >= own.publishedAt
    if (isCopy || couldCopyUs || !isQuarantined) continue
    const outcome = stands === 'agrees' ? 'helped' : 'hurt'
    const before = found.get(author)
    // Who says both is right in any case: that shows nothing.
    if (before === undefined) found.set(author, { author, cid, outcome })
    else if (before !== 'hedged' && before.outcome !== outcome) found.set(author, 'hedged')
  }
  return [...found.values()].filter(one => one !== 'hedged').sort((a, b) => (a.author < b.author ? -1 : 1))
}
