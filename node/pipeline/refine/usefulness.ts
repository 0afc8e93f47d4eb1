/**
 * How useful an entry was here, apart from what is asked for: what nobody used, of authors with little trust, long ago,
 * counts least. And what its outcomes alone say: that it has proved itself, or that it is refuted.
 */

import { expectedHelp, type Outcomes, shareHelped } from '../../trust/posterior.ts'
import type { EntryFacts } from './policy.ts'

export interface Used extends EntryFacts {
  readonly uses: number
  readonly lastUsedAt?: number
}

const dayMs = 86_400_000
/** Days after which an unused entry counts half. */
const halfLifeDays = 30

/** Grows with what an entry did here; a helpful one outweighs any untried one. */
export function usefulness(facts: Used, nowMs: number): number {
  // When it was made and not when it came, so that it compares with what is not here.
  const touchedAt = facts.lastUsedAt ?? facts.createdAt
  const ageDays = Math.max(0, nowMs - touchedAt) / dayMs
  const fresh = halfLifeDays / (halfLifeDays + ageDays)
  const used = 1 + Math.min(facts.uses, 1000) / 10 + facts.helped
  return facts.trust * shareHelped(facts).mean * used * fresh
}

/** The chance that it helps when it is about the question: what its author is worth, corrected by its own outcomes. */
export function posteriorOfHelping(facts: EntryFacts): number {
  // Blocked: whatever it did before, it does no more.
  return facts.trust === 0 ? 0 : expectedHelp(facts)
}

/** It has helped here not long ago (once, within the half-life), and more than it hurt. */
export function isProven({ helped, hurt, trust }: EntryFacts): boolean {
  return trust > 0 && helped >= 0.5 && helped > hurt
}

/** Standard deviations between what is expected and the node's own success rate that make evidence strong. */
const strongDeviations = 3

/**
 * Strong evidence against it: even at the upper end of what its outcomes leave open, tasks go worse with it than they go
 * here anyway (`baseRate`). Where half of all succeed, six failures in a row do; five do not.
 */
export function isRefuted(outcomes: Outcomes, baseRate: number): boolean {
  const { mean, variance } = shareHelped(outcomes)
  return mean + strongDeviations * Math.sqrt(variance) < Math.min(0.5, baseRate)
}
