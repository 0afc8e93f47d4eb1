/**
 * The replicated set as it is kept: the signed bytes of every record, by swarm and record id. They were verified
 * before they were stored, so a start reads them back without verifying again.
 */

import type { PeerId, RecordId, SwarmId } from '../protocol/types.ts'
import { encode, read } from './codec.ts'
import { keyOf, lastPart, prefixes } from './layout.ts'
import type { Store, StoreOp } from './ports.ts'

export interface StoredRecord {
  readonly id: RecordId
  /** The full signed bytes, as they travel. */
  readonly bytes: Uint8Array
  /** The neighbour it came from; absent for own records. */
  readonly from?: PeerId
  /** Milliseconds. */
  readonly receivedAt: number
}

export function putRecordOps(swarm: SwarmId, record: StoredRecord): StoreOp[] {
  const { id, bytes, from, receivedAt } = record
  return [{ type: 'put', key: keyOf(prefixes.record, swarm, id), value: encode({ bytes, from, receivedAt }) }]
}

export function deleteRecordOps(swarm: SwarmId, id: RecordId): StoreOp[] {
  return [{ type: 'del', key: keyOf(prefixes.record, swarm, id) }]
}

export function recordBytes(store: Store, swarm: SwarmId, id: RecordId): Uint8Array | undefined {
  const key = keyOf(prefixes.record, swarm, id)
  const value = store.get(key)
  return value === undefined ? undefined : read(key, value).bytes('bytes')
}

/** All records of a swarm, in the order of their ids; or those alone whose rows hold this ASCII. */
export async function* recordsOf(store: Store, swarm: SwarmId, holding = ''): AsyncGenerator<StoredRecord> {
  for await (const [key, value] of store.entries({ prefix: recordRow(swarm) })) {
    if (!Buffer.from(value.buffer, value.byteOffset, value.length).includes(holding, 0, 'latin1')) continue
    yield storedRecord(key, value)
  }
}

/** What the keys of a swarm's records begin with; behind it stands the record's id. */
export function recordRow(swarm: SwarmId): string {
  return keyOf(prefixes.record, swarm, '')
}

export function storedRecord(key: string, value: Uint8Array): StoredRecord {
  const fields = read(key, value)
  const from = fields.optionalString('from')
  return {
    id: lastPart(key) as RecordId,
    bytes: fields.bytes('bytes'),
    ...(from === undefined ? {} : { from: from as PeerId }),
    receivedAt: fields.number('receivedAt'),
  }
}
