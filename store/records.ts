/**
 * The replicated set as it is kept: the signed bytes of every record, by swarm and record id. They were verified
 * before they were stored, so a start reads them back without verifying again.
 */

import type { RecordId, SwarmId } from '../protocol/types.ts'
import { keyOf, lastPart, prefixes } from './layout.ts'
import type { Store, StoreOp } from './ports.ts'

export interface StoredRecord {
  readonly id: RecordId
  /** The full signed bytes, as they travel. */
  readonly bytes: Uint8Array
}

export function putRecordOps(swarm: SwarmId, { id, bytes }: StoredRecord): StoreOp[] {
  return [{ type: 'put', key: keyOf(prefixes.record, swarm, id), value: bytes }]
}

export function deleteRecordOps(swarm: SwarmId, id: RecordId): StoreOp[] {
  return [{ type: 'del', key: keyOf(prefixes.record, swarm, id) }]
}

export function recordBytes(store: Store, swarm: SwarmId, id: RecordId): Uint8Array | undefined {
  return store.get(keyOf(prefixes.record, swarm, id))
}

/** All records of a swarm, in the order of their ids; or those alone whose bytes hold this ASCII. */
export async function* recordsOf(store: Store, swarm: SwarmId, holding = ''): AsyncGenerator<StoredRecord> {
  for await (const [key, bytes] of store.entries({ prefix: keyOf(prefixes.record, swarm, '') })) {
    if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(holding, 0, 'latin1')) continue
    yield { id: lastPart(key) as RecordId, bytes }
  }
}
