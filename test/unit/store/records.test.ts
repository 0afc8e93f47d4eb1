import { expect, it } from 'vitest'
import type { RecordId, SwarmId } from '../../../protocol/types.ts'
import { openMemoryStore } from '../../../store/memory.ts'
import { deleteRecordOps, putRecordOps, recordsOf, type StoredRecord } from '../../../store/records.ts'
import { collect } from './collect.ts'

const swarm = 'ab' as SwarmId

function record(id: string): StoredRecord {
  return { id: id as RecordId, bytes: Uint8Array.of(1, 2) }
}

it('gives the records of one swarm back in the order of their ids', async () => {
  const store = openMemoryStore()
  await store.batch([
    ...putRecordOps(swarm, record('02')),
    ...putRecordOps(swarm, record('01')),
    ...putRecordOps('abc' as SwarmId, record('00')),
  ])
  expect(await collect(recordsOf(store, swarm))).toEqual([record('01'), record('02')])
  const marked = { ...record('03'), bytes: new TextEncoder().encode('a mark in it') }
  await store.batch(putRecordOps(swarm, marked))
  expect(await collect(recordsOf(store, swarm, 'mark'))).toEqual([marked])
  await store.batch(deleteRecordOps(swarm, '03' as RecordId))
  await store.batch(deleteRecordOps(swarm, '01' as RecordId))
  expect((await collect(recordsOf(store, swarm))).map(one => one.id)).toEqual(['02'])
})
