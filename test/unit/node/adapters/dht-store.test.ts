import { peerIdFromString } from '@libp2p/peer-id'
import { Key } from 'interface-datastore/key'
import { afterEach, expect, it } from 'vitest'
import { keyPairFromSeed, libp2pIdOf } from '../../../../crypto/keys.ts'
import { DhtStore } from '../../../../node/adapters/dht-store.ts'

const value = new Uint8Array([1])
const hour = 3_600_000

let nowMs = 0
const connected = new Set<string>()
afterEach(() => {
  nowMs = 0
  connected.clear()
})

const openStore = () => new DhtStore({ now: () => nowMs, isConnected: peer => connected.has(peer) })

/** A peer of the address book: its id, and its row. */
function bookRow(at: number): { peer: string; row: Key } {
  const seed = new Uint8Array(32)
  new DataView(seed.buffer).setUint32(0, at)
  const peer = libp2pIdOf(keyPairFromSeed(seed).publicKey)
  return { peer, row: new Key(`/peers/${peerIdFromString(peer).toCID()}`) }
}

async function handedOut(store: DhtStore, prefix: string): Promise<string[]> {
  const names: string[] = []
  for await (const { key } of store.query({ prefix })) names.push(key.name())
  return names
}

async function rows(store: DhtStore, prefix: string): Promise<number> {
  let count = 0
  for await (const _ of store.queryKeys({ prefix })) count++
  return count
}

it('keeps of one peer as many announcements as a swarm has shards, of all of them a bounded number', async () => {
  const store = openStore()
  for (let at = 0; at < 500; at++) await store.put(new Key(`/dht/provider/k${at}/one`), value)
  expect(await rows(store, '/dht/provider')).toBe(64)
  for (let at = 0; at < 9_000; at++) await store.put(new Key(`/dht/provider/k/p${at}`), value)
  expect(await rows(store, '/dht/provider')).toBe(8_192)
  expect(await store.has(new Key('/dht/provider/k/p8999'))).toBe(true)
})

it('an announcement made again stays, and one that is taken back makes room', async () => {
  const store = openStore()
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
  const store = openStore()
  await store.put(new Key('/dht/record/abc'), value)
  await store.put(new Key('/else/abc'), value)
  expect(await store.has(new Key('/dht/record/abc'))).toBe(false)
  expect(await store.get(new Key('/else/abc'))).toEqual(value)
})

it('hands out no announcement that is older than what the address book knows of its peer, and forgets it', async () => {
  const store = openStore()
  await store.put(new Key('/dht/provider/k/gone'), value)
  await store.put(new Key('/dht/provider/k/here'), value)
  nowMs = 3 * hour
  await store.put(new Key('/dht/provider/k/here'), value)
  nowMs = 5 * hour
  expect(await handedOut(store, '/dht/provider/k')).toEqual(['here'])
  expect(await store.has(new Key('/dht/provider/k/gone'))).toBe(false)
})

it('hands out a bounded number of one key, those that have stood longest first', async () => {
  const store = openStore()
  for (let at = 0; at < 500; at++) await store.put(new Key(`/dht/provider/k/p${at}`), value)
  const names = await handedOut(store, '/dht/provider/k')
  expect(names).toEqual(Array.from({ length: 64 }, (_, at) => `p${at}`))
})

it('has an address book of a bounded number of peers, in which those who are connected stay', async () => {
  const store = openStore()
  const friend = bookRow(0)
  const gone = bookRow(1)
  connected.add(friend.peer)
  await store.put(friend.row, value)
  await store.put(gone.row, value)
  await store.put(new Key(`/dht/provider/k/${gone.peer}`), value)
  for (let at = 2; at < 2_100; at++) await store.put(bookRow(at).row, value)
  expect(await rows(store, '/peers')).toBe(2_048)
  expect(await store.has(friend.row)).toBe(true)
  expect(await store.has(gone.row)).toBe(false)
  // Under a key where one stands whom the address book does not know, libp2p answers nothing.
  expect(await handedOut(store, '/dht/provider/k')).toEqual([])
})

it('keeps what it knew of a peer that names more addresses than it has room for', async () => {
  const store = openStore()
  const { row } = bookRow(0)
  await store.put(row, value)
  await store.put(row, new Uint8Array(8_193))
  expect(await store.get(row)).toEqual(value)
})

it('what is asked of one key looks at its own announcements alone, and at none that was taken back', async () => {
  const store = openStore()
  for (let at = 0; at < 3; at++) {
    await store.put(new Key(`/dht/provider/k/p${at}`), value)
    await store.put(new Key(`/dht/provider/kk/p${at}`), value)
  }
  await store.delete(new Key('/dht/provider/k/p1'))
  expect(await handedOut(store, '/dht/provider/k')).toEqual(['p0', 'p2'])
  expect(await handedOut(store, '/dht/provider')).toHaveLength(5)
})
