/**
 * What happens to lessons on one situation (behaviour.md, "Reconcile", the subjective layer). Those that say the same are
 * merged here, and nowhere else: made anew from the set at every look, never written, never published. Those that say
 * something else compete as arms, ranked by what is expected of each; who has clearly lost is contested.
 */

import type { EntryCid } from '../../protocol/types.ts'
import { expectedHelp, type Outcomes, shareHelped } from '../trust/posterior.ts'

/** One lesson's word in a contest. */
export interface Stake extends Outcomes {
  readonly cid: EntryCid
  readonly trust: number
}

export interface Merge extends Outcomes {
  /** All that it was made from, in the order of CIDs. */
  readonly parents: readonly EntryCid[]
  /** The least of theirs: a merge is believed no more than any part of it. */
  readonly trust: number
}

/** Standard deviations of the difference from which the worse of two arms has lost: 95 of 100, one-sided. */
const lostDeviations = 1.645

export function mergeOf(stakes: readonly Stake[]): Merge {
  const unique = new Map(stakes.map(stake => [stake.cid, stake]))
  const parents = [...unique.values()].sort((a, b) => (a.cid < b.cid ? -1 : 1))
  return {
    parents: parents.map(({ cid }) => cid),
    trust: Math.min(...parents.map(({ trust }) => trust)),
    helped: parents.reduce((sum, { helped }) => sum + helped, 0),
    hurt: parents.reduce((sum, { hurt }) => sum + hurt, 0),
  }
}

export interface Contest<Arm> {
  /** The best first: those that may still be right. */
  readonly open: readonly Arm[]
  /** Those that have lost against the best one. */
  readonly contested: readonly Arm[]
}

/**
 * Ranks arms by the mean of their posterior, `evidenceOf` each; equal ones by their CIDs. `draw` in [0, 1) leads another one
 * than the best, for a node that explores: the one at that place of the list, however it did.
 */
export function contest<Arm>(
  arms: readonly Arm[],
  evidenceOf: (arm: Arm) => Merge,
  draw?: number,
): Contest<Arm> {
  const ranked = arms
    .map(arm => ({ arm, ...posteriorOf(evidenceOf(arm)) }))
    .sort((a, b) => b.mean - a.mean || (a.first < b.first ? -1 : 1))
  const [best] = ranked
  if (best === undefined) return { open: [], contested: [] }
  if (draw !== undefined) {
    const lead = Math.floor(draw * ranked.length)
    return { open: [...ranked.splice(lead, 1), ...ranked].map(({ arm }) => arm), contested: [] }
  }
  const hasLost = ({ share, variance }: Posterior): boolean =>
    best.share - share > lostDeviations * Math.sqrt(best.variance + variance)
  return {
    open: ranked.filter(one => !hasLost(one)).map(({ arm }) => arm),
    contested: ranked.filter(hasLost).map(({ arm }) => arm),
  }
}

interface Posterior {
  /** By it arms are ranked: what their authors are worth, corrected by outcomes. */
  readonly mean: number
  /** What outcomes alone say, and how sure: a name wins nothing for good, whatever it is worth. */
  readonly share: number
  readonly variance: number
  readonly first: EntryCid | ''
}

function posteriorOf(merge: Merge): Posterior {
  const { mean: share, variance } = shareHelped(merge)
  return { mean: expectedHelp(merge), share, variance, first: merge.parents[0] ?? '' }
}
