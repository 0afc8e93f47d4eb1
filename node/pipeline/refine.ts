/**
 * Capacity (behaviour.md, "Refine"): which kept entries go when there are too many. The least useful first:
 * what nobody used, of authors with little trust, long ago. What has helped here goes last; own lessons never go.
 * Evicting never touches the replicated set: the digest stays, and the entry can be fetched again.
 */

import type { EntryCid } from '../../protocol/types.ts'

export interface KeptFacts extends Worth {
  readonly cid: EntryCid
}

interface Worth {
  /** Trust of its author, 0 to 1; 0 for a blocked one. */
  readonly trust: number
  /** Decayed outcomes of this entry here. */
  readonly helped: number
  readonly hurt: number
  /** How often it was handed out. */
  readonly uses: number
  /** Milliseconds: when it was made, or last handed out. */
  readonly lastTouchedAt: number
}

const dayMs = 86_400_000
/** Days after which an unused entry counts half. */
const halfLifeDays = 30

/** The `count` least useful entries, least useful first; ties by CID, so that the order is total. */
export function leastUseful(kept: Iterable<KeptFacts>, count: number, nowMs: number): readonly EntryCid[] {
  if (count <= 0) return []
  const ranked = [...kept].map(facts => ({ cid: facts.cid, value: usefulness(facts, nowMs) }))
  ranked.sort((a, b) => a.value - b.value || (a.cid < b.cid ? -1 : 1))
  return ranked.slice(0, count).map(item => item.cid)
}

/** Grows with what an entry did here; a helpful one outweighs any untried one. */
export function usefulness(facts: Worth, nowMs: number): number {
  const ageDays = Math.max(0, nowMs - facts.lastTouchedAt) / dayMs
  const fresh = halfLifeDays / (halfLifeDays + ageDays)
  const posterior = (facts.helped + 1) / (facts.helped + facts.hurt + 2)
  const used = 1 + Math.min(facts.uses, 1000) / 10 + facts.helped
  return facts.trust * posterior * used * fresh
}
