/** The tombstone of an own entry, signed with this node's key in the swarm. */

import { signRecord } from '../../protocol/envelope.ts'
import type { EntryCid, RetractRecord } from '../../protocol/types.ts'
import type { Swarm } from './swarm.ts'

export function retractionOf(swarm: Swarm, cid: EntryCid, nowMs: number): RetractRecord {
  return signRecord(
    { swarm: swarm.id, kind: 'retract', t: Math.floor(nowMs / 1000), body: { cid } },
    swarm.pair,
  )
}
