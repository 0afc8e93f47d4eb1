import { expect, it } from 'vitest'
import type { PeerId } from '../../../protocol/types.ts'
import { openMemoryStore } from '../../../store/memory.ts'
import { allWords, setWordOps } from '../../../store/words.ts'

it("keeps the owner's word until it is taken back", async () => {
  const store = openMemoryStore()
  const pinned = { pinned: true, blocked: false, trust: 0.9 }
  const blocked = { pinned: false, blocked: true, blockedSince: 1_700_000_000 }
  await store.batch([
    ...setWordOps('did:key:a' as PeerId, pinned),
    ...setWordOps('did:key:b' as PeerId, blocked),
  ])
  expect(Object.fromEntries(await allWords(store))).toEqual({ 'did:key:a': pinned, 'did:key:b': blocked })
  await store.batch(setWordOps('did:key:a' as PeerId, undefined))
  expect([...(await allWords(store)).keys()]).toEqual(['did:key:b'])
})
