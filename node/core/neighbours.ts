/** What stands beside one kept entry: who says the same, and what is said otherwise, with how it stands against that. */

import type { EntryCid } from '../../protocol/types.ts'
import type { Evidence } from '../../store/evidence.ts'
import type { Pause } from '../../store/ports.ts'
import type { EntryDetail } from '../api.ts'
import { groupOf, type Known } from '../pipeline/reconcile.ts'
import { isRefuted } from '../pipeline/refine/usefulness.ts'
import type { Ports } from '../ports.ts'
import type { Authors } from '../trust/authors.ts'
import { type Arm, rankClaims } from './arms.ts'
import type { BaseRates } from './base-rates.ts'
import type { KeptSet } from './kept-set.ts'
import type { Swarm } from './swarm.ts'
import { today } from './today.ts'

export interface NeighboursDeps {
  readonly ports: Ports
  readonly kept: KeptSet
  readonly evidence: Evidence
  readonly authors: Authors
  readonly baseRates: BaseRates
  readonly swarms: () => readonly Swarm[]
}

/** Entries that are looked at, of each kind of search. */
const nearMax = 50

/** Entries that say the same as this one, or something else for the same situation. */
export async function neighboursOf(
  deps: NeighboursDeps,
  cid: EntryCid,
): Promise<Pick<EntryDetail, 'alternatives' | 'corroboratedBy' | 'merged' | 'standing'>> {
  const { baseRates, evidence, kept, ports } = deps
  const pause: Pause = units => ports.cpu.spend('scan', units)
  const self = kept.known(cid)
  if (self === undefined) return { alternatives: [], corroboratedBy: [] }
  const near = new Set<EntryCid>()
  if (self.vector !== undefined) {
    for (const hit of await kept.searchMeaning(self.vector, nearMax, pause)) near.add(hit.id as EntryCid)
  }
  for (const hit of await kept.searchWords(self.entry.situation, nearMax, pause)) near.add(hit.id as EntryCid)
  near.delete(cid)
  const others = [...near]
    .sort()
    .map(other => kept.known(other))
    .filter(other => other !== undefined)
  const group = groupOf(self, others)
  const own = new Set(deps.swarms().map(swarm => swarm.self))
  const ranked = group === undefined ? undefined : rankClaims(group, one => claimOf(deps, one))
  const baseRate = baseRates.ofEntry(cid, self.entry.author)
  const isOut = isRefuted(evidence.ofEntry(cid, today(ports.clock)), baseRate)
  const isContested = ranked?.contested.some(one => one.cid === cid) === true
  const merged = ranked?.mergeOf(self).parents ?? []
  return {
    ...(merged.length > 1 ? { merged } : {}),
    ...(isOut ? { standing: 'refuted' } : isContested ? { standing: 'contested' } : {}),
    alternatives: group?.alternatives.map(other => other.cid) ?? [],
    corroboratedBy: group?.corroboratedBy.filter(author => !own.has(author)) ?? [],
  }
}

function claimOf(deps: NeighboursDeps, { cid, entry }: Known): Arm {
  const { authors, evidence, kept, ports, swarms } = deps
  const swarm = swarms().find(one => one.id === kept.get(cid)?.swarm)
  const standing = swarm === undefined ? undefined : authors.standing(entry.author, swarm.membership)
  return {
    ...evidence.ofEntry(cid, today(ports.clock)),
    trust: standing?.trust ?? 0,
    tier: standing?.tier ?? 'quarantined',
  }
}
