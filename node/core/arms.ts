/** The sides of a disagreement, ranked by `pipeline/contest`: which leads, what is merged into each, and which is left out. */

import type { EntryCid, PeerId } from '../../protocol/types.ts'
import type { Tier } from '../api.ts'
import { type Contest, contest, type Merge, mergeOf } from '../pipeline/contest.ts'
import type { Group, Scored } from '../pipeline/recall.ts'
import { type Cluster, type Known, relate } from '../pipeline/reconcile.ts'

/** What is known of one lesson beside its words. */
export interface Arm {
  readonly tier: Tier
  readonly trust: number
  readonly helped: number
  readonly hurt: number
}

interface Ranked<T> extends Contest<T> {
  readonly mergeOf: (arm: T) => Merge
}

/** Those whose word reaches no prompt neither win nor lend weight. `draw`: chance, where a recall explores. */
export function rankClaims<T extends Known>(
  { head, alternatives, same }: Cluster<T>,
  armOf: (one: T) => Arm,
  draw?: number,
): Ranked<T> {
  const isHeard = (one: T): boolean => one === head || armOf(one).tier !== 'quarantined'
  const arms = [head, ...alternatives].filter(isHeard)
  const claim = (one: T) => ({ ...armOf(one), cid: one.cid })
  const merges = new Map<EntryCid, Merge>(
    arms.map(arm => [arm.cid, mergeOf([arm, ...sayingSo(arm, same.filter(isHeard), armOf)].map(claim))]),
  )
  const merge = (arm: T): Merge => merges.get(arm.cid) ?? mergeOf([claim(arm)])
  return { ...contest(arms, merge, draw), mergeOf: merge }
}

export function rankArms(group: Cluster<Scored>, draw: number | undefined): Omit<Group, 'independent'> {
  const { open, contested, mergeOf: merge } = rankClaims(group, one => one, draw)
  const lead = open[0] ?? group.head
  return {
    head: lead,
    alternatives: open.slice(1),
    contested,
    merge: merge(lead),
    corroboratedBy: authorsOf(group.same, lead),
  }
}

/** An own lesson is backed by this node's own outcomes: others agree with it, and are no part of it, nor it of them. */
function sayingSo<T extends Known>(arm: T, same: readonly T[], armOf: (one: T) => Arm): readonly T[] {
  if (armOf(arm).tier === 'own') return []
  return same.filter(
    one => armOf(one).tier !== 'own' && ['duplicate', 'corroborates'].includes(relate(one, arm)),
  )
}

function authorsOf(same: readonly Scored[], arm: Scored): readonly PeerId[] {
  const saying = same.filter(one => relate(one, arm) === 'corroborates')
  return [...new Set(saying.map(one => one.entry.author))]
}
