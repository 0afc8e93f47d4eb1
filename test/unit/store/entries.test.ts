import { beforeEach, expect, it } from 'vitest'
import type { EntryCid, PeerId, SwarmId } from '../../../protocol/types.ts'
import {
  allEntries,
  blockSource,
  deleteEntryOps,
  getBlock,
  type KeptEntry,
  putEntryOps,
  updateEntryOps,
} from '../../../store/entries.ts'
import { openMemoryStore } from '../../../store/memory.ts'
import type { Store } from '../../../store/ports.ts'
import { collect } from './collect.ts'

let store: Store
beforeEach(() => {
  store = openMemoryStore()
})

const swarm = 'ab' as SwarmId
const cid = 'bafkreia' as EntryCid
const block = Uint8Array.of(1, 2, 3)
const kept: KeptEntry = { swarm, cid, author: 'did:key:z6Mk' as PeerId, shared: true, receivedAt: 5, uses: 0 }

it('keeps an entry with its block, and serves it to the peers of its swarm only', async () => {
  await store.batch(putEntryOps(kept, block))
  expect(await collect(allEntries(store))).toEqual([{ entry: kept, block }])
  expect(getBlock(store, swarm, cid)).toEqual(block)
  expect(blockSource(store, swarm).get(cid)).toEqual(block)
  expect(blockSource(store, swarm).has(cid)).toBe(true)
  expect(blockSource(store, 'other' as SwarmId).get(cid)).toBeUndefined()
  expect(blockSource(store, 'other' as SwarmId).has(cid)).toBe(false)
})

it('never serves an entry that is held back, until it is shared', async () => {
  await store.batch(putEntryOps({ ...kept, shared: false, draftKey: 'key' }, block))
  const source = blockSource(store, swarm)
  expect(source.get(cid)).toBeUndefined()
  expect(source.has(cid)).toBe(false)
  expect(getBlock(store, swarm, cid)).toEqual(block)
  await store.batch(putEntryOps({ ...kept, draftKey: 'key' }, block))
  expect(source.get(cid)).toEqual(block)
  await store.batch(putEntryOps({ ...kept, shared: false, draftKey: 'key' }, block))
  expect(source.has(cid)).toBe(false)
})

it('lists shared and held-back entries of several swarms with the block of each', async () => {
  const all = ['ab', 'cd'].flatMap(id =>
    ['a', 'b', 'c', 'd'].map((name, at): { entry: KeptEntry; block: Uint8Array } => ({
      entry: { ...kept, swarm: id as SwarmId, cid: `bafkrei${name}` as EntryCid, shared: at % 2 === 0 },
      block: Uint8Array.of(at, id.length, id.charCodeAt(0)),
    })),
  )
  for (const { entry, block: bytes } of all) await store.batch(putEntryOps(entry, bytes))
  expect(await collect(allEntries(store))).toEqual(all)
})

it('notes its use without touching its block', async () => {
  await store.batch(putEntryOps(kept, block))
  const used: KeptEntry = { ...kept, from: 'did:key:z6Mx' as PeerId, uses: 3, lastUsedAt: 9 }
  await store.batch(updateEntryOps(used))
  expect(await collect(allEntries(store))).toEqual([{ entry: used, block }])
})

it('deletes an entry without a trace, shared or not', async () => {
  await store.batch(putEntryOps(kept, block))
  await store.batch(putEntryOps({ ...kept, cid: 'bafkreib' as EntryCid, shared: false }, block))
  await store.batch([...deleteEntryOps(swarm, cid), ...deleteEntryOps(swarm, 'bafkreib' as EntryCid)])
  expect(await collect(store.entries({ prefix: '' }))).toEqual([])
})
