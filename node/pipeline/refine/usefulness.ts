/**
 * How useful an entry was here, apart from what is asked for: what nobody used, of authors with little trust, long ago,
 * counts least. And what its outcomes alone say: that it has proved itself, or that it is refuted.
 */

import type { EntryFacts } from './policy.ts'

export interface Used extends EntryFacts {
  readonly uses: number
  readonly lastUsedAt?: number
}

interface Outcomes {
  readonly helped: number
  readonly hurt: number
}

const dayMs = 86_400_000
/** Days after which an unused entry counts half. */
const halfLifeDays = 30
/** What an author's trust says of an untried entry weighs as much as so many outcomes. */
const priorOutcomes = 2

/** Grows with what an entry did here; a helpful one outweighs any untried one. */
export function usefulness(facts: Used, nowMs: number): number {
  // When it was made and not when it came, so that it compares with what is not here.
  const touchedAt = facts.lastUsedAt ?? facts.createdAt
  const ageDays = Math.max(0, nowMs - touchedAt) / dayMs
  const fresh = halfLifeDays / (halfLifeDays + ageDays)
  const posterior = (facts.helped + 1) / (facts.helped + facts.hurt + 2)
  const used = 1 + Math.min(facts.uses, 1000) / 10 + facts.helped
  return facts.trust * posterior * used * fresh
}

/** The chance that it helps when it is about the question: what its author is worth, corrected by its own outcomes. */
export function posteriorOfHelping({ trust, helped, hurt }: EntryFacts): number {
  // Blocked: whatever it did before, it does no more.
  if (trust === 0) return 0
  return (helped + priorOutcomes * trust) / (helped + hurt + priorOutcomes)
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
export function isRefuted({ helped, hurt }: Outcomes, baseRate: number): boolean {
  const total = helped + hurt + 2
  const mean = (helped + 1) / total
  const deviation = Math.sqrt((mean * (1 - mean)) / (total + 1))
  return mean + strongDeviations * deviation < Math.min(0.5, baseRate)
}
