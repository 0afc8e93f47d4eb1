/**
 * What is live of the records on a machine's disk, by the protocol's rules: the yardstick for what its node says. Read once
 * for each set of records, however many machines have it.
 */

import { toHex, utf8Bytes } from '../crypto/bytes.ts'
import { sha256 } from '../crypto/hash.ts'
import { restoreRecord } from '../protocol/envelope.ts'
import { objectiveSet } from '../protocol/objective.ts'
import type { PeerId, RecordId, SwarmRecord } from '../protocol/types.ts'
import { keyOf, lastPart, prefixes } from '../store/layout.ts'
import { recordBytes } from '../store/records.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

interface Known {
  /** Hash of the ids and the day. */
  readonly of: string
  /** By author, whose word a record is. */
  readonly live: ReadonlyMap<RecordId, PeerId>
}

const knownMax = 64
const known = new WeakMap<World, Known[]>()
const read = new WeakMap<World, Map<RecordId, SwarmRecord>>()

export function liveRecords(world: World, machine: Machine): ReadonlyMap<RecordId, PeerId> {
  const { rows } = machine.disk
  const ids = rows.keys(keyOf(prefixes.record, world.swarm, '')).map(key => lastPart(key) as RecordId)
  const today = Math.floor(world.nowMs / 86_400_000)
  const of = toHex(sha256(utf8Bytes(`${today} ${ids.join(' ')}`)))
  const list = known.get(world) ?? []
  known.set(world, list)
  const before = list.find(one => one.of === of)
  if (before !== undefined) return before.live
  const ofWorld = read.get(world) ?? new Map<RecordId, SwarmRecord>()
  read.set(world, ofWorld)
  const records: SwarmRecord[] = []
  for (const id of ids) {
    const bytes = ofWorld.has(id) ? undefined : recordBytes(rows, world.swarm, id)
    const record = bytes === undefined ? ofWorld.get(id) : restoreRecord(id, bytes)
    if (record === undefined) continue
    ofWorld.set(id, record)
    records.push(record)
  }
  const { live: liveIds } = objectiveSet(records, { descriptor: world.descriptor, today })
  const live = new Map<RecordId, PeerId>()
  for (const { id, envelope } of records) if (liveIds.has(id)) live.set(id, envelope.author)
  list.unshift({ of, live })
  list.length = Math.min(list.length, knownMax)
  return live
}
