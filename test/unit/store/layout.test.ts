import { expect, it } from 'vitest'
import { encode } from '../../../store/codec.ts'
import { checkSchema, hashPart, keyOf, lastPart, partsOf, prefixes, timePart } from '../../../store/layout.ts'
import { openMemoryStore } from '../../../store/memory.ts'

it('makes keys that come apart again, and refuses parts that would not', () => {
  const key = keyOf(prefixes.kept, 'swarm', 'cid')
  expect(partsOf(prefixes.kept, key)).toEqual(['swarm', 'cid'])
  expect(lastPart(key)).toBe('cid')
  for (const part of ['a/b', 'a b', 'ä', '\n']) expect(() => keyOf(prefixes.kept, part)).toThrow(TypeError)
})

it('keeps prefixes apart: none is the beginning of another', () => {
  const all = Object.values(prefixes)
  for (const a of all) for (const b of all) if (a !== b) expect(a.startsWith(b)).toBe(false)
})

it('orders times as numbers, and refuses what is no time', () => {
  const times = [0, 9, 10, 1_700_000_000_000, 99_999_999_999_999]
  expect(times.map(timePart).toSorted()).toEqual(times.map(timePart))
  for (const time of [-1, 1.5, Number.NaN, 1e14]) expect(() => timePart(time)).toThrow(TypeError)
})

it('makes a key part of any text, another for another text', () => {
  const parts = ['', '/', 'ask', 'ask ', 'ä'.repeat(10_000)].map(hashPart)
  expect(new Set(parts).size).toBe(parts.length)
  for (const part of parts) expect(part).toMatch(/^[0-9a-f]{32}$/)
})

it('reports a version row that is damaged', async () => {
  const store = openMemoryStore()
  await store.batch([{ type: 'put', key: 'schema', value: encode({ other: 1 }) }])
  await expect(checkSchema(store, 'folder')).rejects.toMatchObject({ code: 'store-corrupt' })
})

it('brings a folder of the first version up to date, also where that was cut short before', async () => {
  const store = openMemoryStore()
  const rowOf = (id: string): string => keyOf(prefixes.record, 'swarm', id)
  const record = encode({ t: 1, sig: Uint8Array.of(9) })
  const wrapped = encode({ bytes: record, from: 'did:key:z6Mk', receivedAt: 7 })
  await store.batch([
    { type: 'put', key: 'schema', value: encode({ version: 1 }) },
    { type: 'put', key: rowOf('01'), value: record },
    ...['02', '03'].map(id => ({ type: 'put' as const, key: rowOf(id), value: wrapped })),
    { type: 'put', key: keyOf(prefixes.kept, 'swarm', 'cid'), value: wrapped },
  ])
  expect(await checkSchema(store, 'folder')).toMatchObject({ ok: true })
  for (const id of ['01', '02', '03']) expect(store.get(rowOf(id))).toEqual(record)
  expect(store.get(keyOf(prefixes.kept, 'swarm', 'cid'))).toEqual(wrapped)
  expect(store.get('schema')).toEqual(encode({ version: 2 }))
})
