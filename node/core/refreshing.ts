/**
 * Records leave the replicated set after 180 days. A lesson that still stands is announced again before that, under the
 * same CID; one that no run has shown since, and that has helped nobody here, lapses from the swarms and stays here.
 */

import { dayOf } from '../../protocol/body.ts'
import { recordAgeDaysMax } from '../../protocol/limits.ts'
import type { EntryCid } from '../../protocol/types.ts'
import { allDrafts } from '../../store/drafts.ts'
import type { Evidence } from '../../store/evidence.ts'
import type { ShareMode } from '../api.ts'
import { digestOf, heldBackBy } from '../pipeline/publish.ts'
import type { Ports } from '../ports.ts'
import { type FoundDraft, findDraft } from './found-draft.ts'
import type { KeptSet } from './kept-set.ts'
import type { Swarm } from './swarm.ts'
import { today } from './today.ts'

export interface RefreshingDeps {
  readonly ports: Ports
  readonly kept: KeptSet
  readonly evidence: Evidence
  readonly swarms: () => readonly Swarm[]
  readonly shareMode: (swarm: Swarm) => ShareMode
}

/** A month before its end: a node that runs now and then has the time. */
const refreshAfterDays = recordAgeDaysMax - 30

/** Whether a lesson has been shown, or has helped, within the time for which records are kept. What a person wrote stands. */
export function stillStands(
  { draft, lastSeen }: FoundDraft,
  cid: EntryCid | undefined,
  { evidence, ports }: Pick<RefreshingDeps, 'evidence' | 'ports'>,
): boolean {
  const now = today(ports.clock)
  if (draft.support.length === 0 || lastSeen + recordAgeDaysMax >= now) return true
  const { helped, hurt } = cid === undefined ? { helped: 0, hurt: 0 } : evidence.ofEntry(cid, now)
  return helped > hurt
}

/** Returns how many were announced again. The caller takes turns with publishing. */
export async function refresh(deps: RefreshingDeps): Promise<number> {
  const { kept, ports, shareMode, swarms } = deps
  const nowS = Math.floor(ports.clock.now() / 1000)
  const isDue = (swarm: Swarm, cid: EntryCid): boolean => {
    const said = swarm.set.digests(cid).filter(digest => digest.author === swarm.self)
    return said.length > 0 && said.every(({ t }) => dayOf(nowS) - dayOf(t) >= refreshAfterDays)
  }
  let refreshed = 0
  for await (const { key, entries } of allDrafts(ports.store)) {
    for (const { swarm: id, cid } of entries) {
      const swarm = swarms().find(one => one.id === id)
      if (swarm === undefined || swarm.membership.chain() === undefined || !isDue(swarm, cid)) continue
      const found = await findDraft(ports, key)
      const entry = kept.entry(cid)
      const block = kept.block(cid)
      const vector = kept.vector(cid)
      if (found === undefined || entry === undefined || block === undefined || vector === undefined) continue
      if (heldBackBy(found.draft, shareMode(swarm), found.stored.review) !== undefined) continue
      if (!stillStands(found, cid, deps)) continue
      const made = { entry, cid, size: block.length, vector, space: ports.embedder.space, t: nowS }
      await swarm.publish(digestOf(swarm, made))
      refreshed++
    }
  }
  return refreshed
}
