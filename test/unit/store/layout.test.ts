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

const rowOf = (at: number): string => keyOf(prefixes.record, 'swarm', String(at).padStart(5, '0'))
/** It looks like a row of the first version: what a record holds tells nothing about its row. */
const record = encode({ bytes: Uint8Array.of(6), receivedAt: 5, sig: Uint8Array.of(9) })
const wrapped = encode({ bytes: record, from: 'did:key:z6Mk', receivedAt: 7 })

async function ofFirstVersion(records: number) {
  const store = openMemoryStore()
  await store.batch([
    { type: 'put', key: 'schema', value: encode({ version: 1 }) },
    ...Array.from({ length: records }, (_, at) => ({
      type: 'put' as const,
      key: rowOf(at),
      value: wrapped,
    })),
    { type: 'put', key: keyOf(prefixes.kept, 'swarm', 'cid'), value: wrapped },
  ])
  return store
}

it('brings a folder of the first version up to date, and leaves what else is there', async () => {
  const store = await ofFirstVersion(3)
  expect(await checkSchema(store, 'folder')).toMatchObject({ ok: true })
  expect([0, 1, 2].map(at => store.get(rowOf(at)))).toEqual([record, record, record])
  expect(store.get(keyOf(prefixes.kept, 'swarm', 'cid'))).toEqual(wrapped)
  expect(store.get('schema')).toEqual(encode({ version: 2 }))
})

it('goes on where it was cut short, whatever a record that was brought up to date looks like', async () => {
  const store = await ofFirstVersion(2_500)
  const { batch } = store
  let batches = 0
  store.batch = async ops => {
    if (++batches > 2) throw new Error('the power is out')
    return batch.call(store, ops)
  }
  await expect(checkSchema(store, 'folder')).rejects.toThrow('the power is out')
  expect(store.get(rowOf(1_999))).toEqual(record)
  expect(store.get(rowOf(2_000))).toEqual(wrapped)
  // A program of the first version would misread what is new.
  expect(store.get('schema')).toEqual(encode({ version: 2, upgradedTo: rowOf(1_999) }))
  store.batch = batch
  expect(await checkSchema(store, 'folder')).toMatchObject({ ok: true })
  for (let at = 0; at < 2_500; at++) expect(store.get(rowOf(at))).toEqual(record)
  expect(store.get('schema')).toEqual(encode({ version: 2 }))
})
