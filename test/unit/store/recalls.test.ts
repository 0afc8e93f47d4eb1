import { expect, it } from 'vitest'
import type { EntryCid, PeerId, SwarmId } from '../../../protocol/types.ts'
import { Evidence } from '../../../store/evidence.ts'
import { openMemoryStore } from '../../../store/memory.ts'
import { forgetRecallsOps, getRecall, putRecallOps, type StoredRecall } from '../../../store/recalls.ts'
import { collect } from './collect.ts'

const item = { cid: 'bafkreia' as EntryCid, swarm: 'ab' as SwarmId, author: 'did:key:z6Mk' as PeerId }
const recall: StoredRecall = { id: 'r1', at: 5, items: [item] }

it('remembers what a recall handed out, and of its query only a hash', async () => {
  const store = openMemoryStore()
  await store.batch(putRecallOps(recall, 'a private question'))
  expect(getRecall(store, 'r1')).toEqual(recall)
  await store.batch(putRecallOps({ ...recall, id: 'r2', side: 'withheld' }, 'a private question'))
  expect(getRecall(store, 'r2')).toEqual({ ...recall, id: 'r2', side: 'withheld' })
  const withheld = [{ cid: item.cid, author: item.author }]
  await store.batch(putRecallOps({ ...recall, id: 'r3', side: 'withheld', items: [], withheld }, 'q'))
  expect(getRecall(store, 'r3')).toEqual({ id: 'r3', at: 5, side: 'withheld', items: [], withheld })
  for (const [key, value] of await collect(store.entries({ prefix: '' })))
    expect(key + Buffer.from(value).toString('latin1')).not.toContain('private')
})

it('knows no recall under an id that it never gave, whatever its characters', () => {
  const store = openMemoryStore()
  for (const id of ['r2', '', '../x', 'a/b', 'ä', 'x'.repeat(1000)])
    expect(getRecall(store, id)).toBeUndefined()
})

it('forgets old recalls with the feedback on them', async () => {
  const store = openMemoryStore()
  await store.batch(putRecallOps(recall, 'q'))
  await store.batch(putRecallOps({ ...recall, id: 'r2', at: 50 }, 'q'))
  const evidence = await Evidence.load(store)
  await store.batch(evidence.feedback({ recallId: 'r1', ...item, outcome: 'unused', day: 1 }).ops)
  await store.batch(await forgetRecallsOps(store, 50, 10))
  expect(getRecall(store, 'r1')).toBeUndefined()
  expect(await collect(store.entries({ prefix: 'recall/feedback/' }))).toEqual([])
  expect(getRecall(store, 'r2')).toMatchObject({ id: 'r2' })
})
