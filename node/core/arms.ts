/** The sides of a disagreement that recall found, ranked by `pipeline/contest`: which leads, and which is left out. */

import type { EntryCid, PeerId } from '../../protocol/types.ts'
import { contest, type Merge, mergeOf } from '../pipeline/contest.ts'
import type { Group, Scored } from '../pipeline/recall.ts'
import { type Cluster, relate } from '../pipeline/reconcile.ts'

/** `draw`: chance, where this recall explores. */
export function rankArms(group: Cluster<Scored>, draw: number | undefined): Omit<Group, 'independent'> {
  const { head, alternatives, same, corroboratedBy } = group
  const arms = [head, ...alternatives]
  const merges = new Map<EntryCid, Merge>(arms.map(arm => [arm.cid, mergeOf([arm, ...sayingSo(arm, same)])]))
  const evidenceOf = (arm: Scored): Merge => merges.get(arm.cid) ?? mergeOf([arm])
  const { open, contested } = contest(arms, evidenceOf, draw)
  const lead = open[0] ?? head
  return {
    head: lead,
    alternatives: open.slice(1),
    contested,
    merge: evidenceOf(lead),
    corroboratedBy: lead === head ? corroboratedBy : authorsOf(sayingSo(lead, same), lead),
  }
}

/** An own lesson is backed by this node's own outcomes: others agree with it, and are no part of it. */
function sayingSo(arm: Scored, same: readonly Scored[]): readonly Scored[] {
  return same.filter(one => one.tier !== 'own' && ['duplicate', 'corroborates'].includes(relate(one, arm)))
}

function authorsOf(saying: readonly Scored[], arm: Scored): readonly PeerId[] {
  return [...new Set(saying.map(one => one.entry.author))].filter(author => author !== arm.entry.author)
}
