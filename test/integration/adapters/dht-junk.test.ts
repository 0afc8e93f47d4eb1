/** A neighbour that fills the DHT with what leads nowhere, or where nobody may be led, harms no node that asks it. */

import { createServer } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Libp2p, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { afterEach, expect, test } from 'vitest'
import { sha256 } from '../../../crypto/hash.ts'
import { dhtProtocol, dhtRequestBytesMax } from '../../../node/adapters/bounded-dht.ts'
import { swarmOpener } from '../../../node/adapters/libp2p.ts'
import type { SwarmLink } from '../../../node/ports.ts'
import { linkOptions } from '../../contract/network.ts'
import { realTime } from '../../contract/real-time.ts'

const { until, within } = realTime
const loopback = ['/ip4/127.0.0.1/tcp/0']
const key = new TextEncoder().encode('a swarm')
const keyBytes = new Uint8Array([0x12, 32, ...sha256(key)])
/** Kinds of messages, as the DHT numbers them. */
const addProvider = 2
const getProviders = 3

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function started(): Promise<SwarmLink> {
  const open = swarmOpener({ listen: loopback, mdns: false, dht: true }, () => undefined)
  const link = await open(linkOptions())
  closing.push(() => link.close())
  return link
}

/** A peer that answers to whatever it is asked as it likes. */
async function liar(answer: () => readonly Uint8Array[]): Promise<Libp2p> {
  const peer = await createLibp2p({
    addresses: { listen: loopback },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping() },
  })
  closing.push(() => peer.stop())
  await peer.handle(dhtProtocol, async stream => {
    await new Promise(resolve => stream.addEventListener('message', resolve, { once: true }))
    await sent(stream, message(getProviders, answer())).catch(() => undefined)
  })
  return peer
}

async function met(node: SwarmLink, peer: Libp2p): Promise<void> {
  await peer.dial(node.network.addresses().map(text => multiaddr(text)))
  await until(() => node.network.peers().length === 1)
}

async function sent(stream: Stream, bytes: Uint8Array): Promise<void> {
  if (!stream.send(bytes)) await stream.onDrain({ signal: within(5_000) })
  await stream.close({ signal: within(5_000) })
}

type Field = readonly [number, number | Uint8Array]

function message(kind: number, providers: readonly Uint8Array[]): Uint8Array {
  const body = protobuf([[1, kind], [2, keyBytes], ...providers.map((one): Field => [9, one])])
  return new Uint8Array(Buffer.concat([Buffer.from(varint(body.length)), body]))
}

function protobuf(fields: readonly Field[]): Uint8Array {
  const parts = fields.flatMap(([field, value]) =>
    typeof value === 'number'
      ? [Buffer.from([...varint(field * 8), ...varint(value)])]
      : [Buffer.from([...varint(field * 8 + 2), ...varint(value.length)]), value],
  )
  return new Uint8Array(Buffer.concat(parts))
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]
}

const provider = (id: Uint8Array, addresses: readonly string[]) =>
  protobuf([[1, id], ...addresses.map((text): Field => [2, multiaddr(text).bytes])])

async function providers(count: number, addresses: readonly string[]): Promise<Uint8Array[]> {
  const keys = await Promise.all(Array.from({ length: count }, () => generateKeyPair('Ed25519')))
  return keys.map(one => provider(peerIdFromPrivateKey(one).toMultihash().bytes, addresses))
}

async function found(node: SwarmLink): Promise<string[]> {
  const addresses: string[] = []
  try {
    for await (const some of node.network.discover(key, within(5_000))) addresses.push(...some)
  } catch {
    // A round without an answer; the next one asks again.
  }
  return addresses
}

test('of whom a hostile neighbour names as providers nobody is dialled under a name, nor where nobody can be', async () => {
  let calls = 0
  const trap = createServer(socket => {
    calls++
    socket.destroy()
  }).listen(0)
  await new Promise(resolve => trap.once('listening', resolve))
  closing.push(() => trap.close())
  const address = trap.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const bad = ['/dns4/localhost', '/ip4/0.0.0.0', '/ip4/224.0.0.1', '/ip4/192.0.2.1']
  const relayed = `/ip4/127.0.0.1/tcp/${port}/p2p/12D3KooWKFKekwP3M9hrGkCL4nLyajfSEdpqMj5Av8FSdXJjD1sU/p2p-circuit`
  const nowhere = [...bad.map(host => `${host}/tcp/${port}`), `/ip4/127.0.0.1/udp/${port}`, relayed]
  const [one = new Uint8Array()] = await providers(1, ['/ip4/9.9.9.9/tcp/4501'])
  const answers = [
    await providers(60, nowhere),
    [protobuf([[1, new Uint8Array([1, 2, 3])]])],
    [
      protobuf([
        [1, one],
        [2, new Uint8Array([255, 255])],
      ]),
    ],
    [one, ...(await providers(20, nowhere))],
  ]
  let asked = 0
  const node = await started()
  await met(node, await liar(() => answers[asked++ % answers.length] ?? []))
  const all = new Set<string>()
  await until(async () => {
    for (const text of await found(node)) all.add(text)
    return all.size > 0 && asked >= 2 * answers.length
  })
  expect([...all].map(text => text.split('/p2p/')[0])).toEqual(['/ip4/9.9.9.9/tcp/4501'])
  expect(calls).toBe(0)
}, 30_000)

test('an answer that is longer than any honest one is not read', async () => {
  const many = await providers(2_000, ['/ip4/9.9.9.9/tcp/4501'])
  const few = many.slice(0, 2)
  let asked = 0
  const node = await started()
  await met(node, await liar(() => (asked++ % 2 === 0 ? many : few)))
  const seen = new Set<string>()
  await until(async () => {
    for (const text of await found(node)) seen.add(text)
    return seen.size > 0 && asked > 4
  })
  expect(seen.size).toBe(2)
}, 30_000)

test('an announcement with more addresses than it may have is not read, and its peer answers for none of them', async () => {
  const node = await started()
  const rude = await liar(() => [])
  await met(node, rude)
  const told = Array.from({ length: 4_000 }, (_, at) => `/ip4/9.9.9.9/tcp/${1 + at}`)
  const self = rude.peerId.toMultihash().bytes
  const announce = async (addresses: readonly string[]) => {
    const bytes = message(addProvider, [provider(self, addresses)])
    const stream = await rude.dialProtocol(rude.getConnections()[0]?.remotePeer ?? rude.peerId, dhtProtocol)
    await sent(stream, bytes).catch(() => undefined)
    return bytes.length
  }
  expect(await announce(told)).toBeGreaterThan(dhtRequestBytesMax)
  expect(await found(node)).toEqual([])
  await announce(told.slice(0, 3))
  await until(async () => (await found(node)).length >= 3)
  expect(await found(node)).toHaveLength(4)
}, 30_000)
