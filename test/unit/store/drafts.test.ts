import { beforeEach, expect, it } from 'vitest'
import type { EntryCid, SwarmId } from '../../../protocol/types.ts'
import {
  addSupportOps,
  allDrafts,
  draftsOfEpisode,
  dropDraftOps,
  getDraft,
  putDraftOps,
  removeSupportOps,
  type StoredDraft,
  supportOf,
} from '../../../store/drafts.ts'
import { openMemoryStore } from '../../../store/memory.ts'
import type { Store } from '../../../store/ports.ts'
import { collect } from './collect.ts'

let store: Store
beforeEach(() => {
  store = openMemoryStore()
})

const draft: StoredDraft = { key: 'repair: any text / ä', body: Uint8Array.of(1), entries: [] }

it('keeps a draft, its review and the entries that stand for it', async () => {
  await store.batch(putDraftOps(draft))
  expect(getDraft(store, draft.key)).toEqual(draft)
  const entries = [{ swarm: 's' as SwarmId, cid: 'c' as EntryCid }]
  const shared: StoredDraft = { ...draft, review: 'approved', entries }
  await store.batch(putDraftOps(shared))
  expect(getDraft(store, draft.key)).toEqual(shared)
  expect(await collect(allDrafts(store))).toEqual([shared])
  expect(getDraft(store, 'other')).toBeUndefined()
})

it('counts the same episode once, with the outcome that came last', async () => {
  await store.batch(addSupportOps(draft.key, { episode: 'e1', ask: 'a', capturedAt: 5 }))
  await store.batch(addSupportOps(draft.key, { episode: 'e2', ask: 'b', solved: false, capturedAt: 6 }))
  await store.batch(addSupportOps(draft.key, { episode: 'e1', ask: 'a', solved: true, capturedAt: 5 }))
  expect(await supportOf(store, draft.key)).toEqual([
    { episode: 'e1', ask: 'a', solved: true, capturedAt: 5 },
    { episode: 'e2', ask: 'b', solved: false, capturedAt: 6 },
  ])
  expect(await supportOf(store, 'other')).toEqual([])
})

it('finds the drafts that rest on an episode, until their support goes', async () => {
  const support = { episode: 'e1', ask: 'a', capturedAt: 5 }
  await store.batch([...addSupportOps('one', support), ...addSupportOps('two', support)])
  expect((await draftsOfEpisode(store, 'e1')).toSorted()).toEqual(['one', 'two'])
  await store.batch(removeSupportOps('one', 'e1'))
  expect(await draftsOfEpisode(store, 'e1')).toEqual(['two'])
  expect(await supportOf(store, 'one')).toEqual([])
})

it('drops a draft without a trace', async () => {
  await store.batch([
    ...putDraftOps(draft),
    ...addSupportOps(draft.key, { episode: 'e', ask: 'a', capturedAt: 1 }),
  ])
  await store.batch([...dropDraftOps(draft.key), ...removeSupportOps(draft.key, 'e')])
  expect(await collect(store.entries({ prefix: '' }))).toEqual([])
})
