/** What is read back of the kept set, and when. */

import { expect, test } from 'vitest'
import { KeptSet } from '../../../../node/core/kept-set.ts'
import { encodeEntry } from '../../../../protocol/entry.ts'
import { spaceIdOfHash } from '../../../../protocol/identity.ts'
import type { Entry, EntryCid } from '../../../../protocol/types.ts'
import { openMemoryStore } from '../../../../store/memory.ts'
import { entry, filled, swarm } from '../../protocol/fixtures.ts'

const space = spaceIdOfHash(filled(32, 7))
const noPause = (): void => {}

function keeping(kept: KeptSet, value: Entry) {
  const encoded = encodeEntry(value)
  if (!encoded.ok) throw new TypeError(encoded.message)
  const { bytes, cid } = encoded.value
  const meta = { swarm, cid, author: value.author, shared: true, receivedAt: 1, uses: 0 }
  return { cid, change: kept.put(meta, value, bytes, undefined) }
}

async function stored(situations: readonly string[]) {
  const store = openMemoryStore()
  const { kept } = await KeptSet.load(store, space, 8, noPause)
  for (const situation of situations) {
    const { change } = keeping(kept, { ...entry, situation })
    await store.batch(change.ops)
    change.apply()
  }
  return store
}

const found = async (kept: KeptSet, words: string) =>
  (await kept.searchWords(words, 10, noPause)).map(hit => kept.entry(hit.id as EntryCid)?.situation)

test('entries are known at once, and found by their words when these are read', async () => {
  const store = await stored(['the printer jams', 'the kettle leaks'])
  const { kept } = await KeptSet.load(store, space, 8, noPause)
  expect(kept.size).toBe(2)
  expect(await found(kept, 'printer')).toEqual([])
  await kept.readWords(noPause, new AbortController().signal)
  expect(await found(kept, 'printer')).toEqual(['the printer jams'])
})

test('what changes while the words are read is found as it stands', async () => {
  const store = await stored(['the printer jams', 'the kettle leaks', 'the lamp flickers'])
  const { kept } = await KeptSet.load(store, space, 8, noPause)
  const [first, ...others] = [...kept.all()]
  if (first === undefined) throw new TypeError('nothing was kept')
  let steps = 0
  await kept.readWords(async () => {
    if (++steps > 1) return
    for (const { cid } of [first, ...others.slice(0, 1)]) {
      const dropping = kept.drop(cid)
      await store.batch(dropping.ops)
      dropping.apply()
    }
    const { change } = keeping(kept, { ...entry, situation: 'the fan rattles' })
    await store.batch(change.ops)
    change.apply()
  }, new AbortController().signal)
  const left = [...kept.all()].map(meta => kept.entry(meta.cid)?.situation).toSorted()
  expect(left).toHaveLength(2)
  expect((await found(kept, 'printer kettle lamp fan')).toSorted()).toEqual(left)
})

test('reading ends when it is told to', async () => {
  const store = await stored(['the printer jams', 'the kettle leaks'])
  const { kept } = await KeptSet.load(store, space, 8, noPause)
  await kept.readWords(noPause, AbortSignal.abort())
  expect(await found(kept, 'printer kettle')).toEqual([])
})

test('what is made of the entries that are here is made anew when one comes or goes, and not before', async () => {
  const store = await stored(['the printer jams'])
  const { kept } = await KeptSet.load(store, space, 8, noPause)
  const before = kept.version
  expect(kept.authors(swarm)).toEqual(new Map([[entry.author, 1]]))
  const { change, cid } = keeping(kept, { ...entry, situation: 'the kettle leaks' })
  expect(kept.version).toBe(before)
  change.apply()
  const after = kept.version
  expect(after).not.toBe(before)
  expect(kept.authors(swarm)).toEqual(new Map([[entry.author, 2]]))
  kept.drop(cid).apply()
  expect(kept.version).not.toBe(after)
  expect(kept.authors(swarm)).toEqual(new Map([[entry.author, 1]]))
})
