import { Key } from 'interface-datastore/key'
import { expect, it } from 'vitest'
import { DhtStore } from '../../../../node/adapters/dht-store.ts'

const value = new Uint8Array([1])

async function rows(store: DhtStore, prefix: string): Promise<number> {
  let count = 0
  for await (const _ of store.queryKeys({ prefix })) count++
  return count
}

it('keeps of one peer as many announcements as a swarm has shards, of all of them a bounded number', async () => {
  const store = new DhtStore()
  for (let at = 0; at < 500; at++) await store.put(new Key(`/dht/provider/k${at}/one`), value)
  expect(await rows(store, '/dht/provider')).toBe(64)
  for (let at = 0; at < 9_000; at++) await store.put(new Key(`/dht/provider/k/p${at}`), value)
  expect(await rows(store, '/dht/provider')).toBe(8_192)
  expect(await store.has(new Key('/dht/provider/k/p8999'))).toBe(true)
})

it('an announcement made again stays, and one that is taken back makes room', async () => {
  const store = new DhtStore()
  const key = (at: number) => new Key(`/dht/provider/k${at}/one`)
  for (let at = 0; at < 64; at++) await store.put(key(at), value)
  await store.put(key(3), new Uint8Array([2]))
  expect(await store.get(key(3))).toEqual(new Uint8Array([2]))
  await store.put(key(64), value)
  expect(await store.has(key(64))).toBe(false)
  await store.delete(key(3))
  await store.put(key(64), value)
  expect(await store.has(key(64))).toBe(true)
})

it('takes no values, and everything that is not of the DHT', async () => {
  const store = new DhtStore()
  await store.put(new Key('/dht/record/abc'), value)
  await store.put(new Key('/peers/abc'), value)
  expect(await store.has(new Key('/dht/record/abc'))).toBe(false)
  expect(await store.get(new Key('/peers/abc'))).toEqual(value)
})
