/** The real swarm against peers that keep no rule, and against a machine that is not as one would wish. */

import { randomBytes } from 'node:crypto'
import { createServer, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { afterEach, expect, test, vi } from 'vitest'
import { libp2pIdOf } from '../../../crypto/keys.ts'
import { swarmOpener } from '../../../node/adapters/libp2p.ts'
import { didOfLibp2pId } from '../../../node/adapters/peer-ids.ts'
import type { SwarmLink, SwarmOptions } from '../../../node/ports.ts'
import { publicKeyOfPeer } from '../../../protocol/identity.ts'
import { cidOf, TestBlocks } from '../../contract/blocks.ts'
import { accept, linkOptions, topic } from '../../contract/network.ts'
import { realTime } from '../../contract/real-time.ts'

const { until, within } = realTime
const loopback = ['/ip4/127.0.0.1/tcp/0']
const open = swarmOpener({ listen: loopback, mdns: false, dht: false }, () => undefined)

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function started(changes: Partial<SwarmOptions> = {}): Promise<SwarmLink> {
  const link = await open(linkOptions(changes))
  closing.push(() => link.close())
  return link
}

/** A peer of the same libraries and no manners. */
async function stranger(): Promise<Libp2p> {
  const peer = await createLibp2p({
    addresses: { listen: loopback },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), gossip: gossipsub({ globalSignaturePolicy: 'StrictNoSign' }) },
  })
  closing.push(() => peer.stop())
  return peer
}

function didOf(peer: Libp2p) {
  const did = didOfLibp2pId(peer.peerId)
  if (!did) throw new TypeError('made with an Ed25519 key')
  return did
}

async function portTaken(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  closing.push(() => server.close())
  await new Promise(resolve => server.once('listening', resolve))
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

/** The first of two neighbouring ports that nobody listens at. */
async function freePair(): Promise<number> {
  const isFree = (port: number) =>
    new Promise<boolean>(resolve => {
      const server = createServer()
        .once('error', () => resolve(false))
        .listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
  for (;;) {
    const port = 20_000 + (randomBytes(2).readUInt16BE() % 20_000)
    if ((await isFree(port)) && (await isFree(port + 1))) return port
  }
}

test('a configured port that is taken is an error that says so', async () => {
  const port = await portTaken()
  const insists = swarmOpener(
    { listen: [`/ip4/127.0.0.1/tcp/${port}`], mdns: false, dht: false },
    () => undefined,
  )
  await expect(insists(linkOptions())).rejects.toMatchObject({
    code: 'port-in-use',
    message: expect.stringContaining(`${port}`),
  })
})

test('each further swarm of a node takes the next port', async () => {
  const port = await freePair()
  const both = swarmOpener(
    { listen: [`/ip4/127.0.0.1/tcp/${port}`], mdns: false, dht: false },
    () => undefined,
  )
  for (const expected of [port, port + 1]) {
    const link = await both(linkOptions())
    closing.push(() => link.close())
    expect(link.network.addresses()[0]).toContain(`/tcp/${expected}/`)
  }
})

test('others are told the announced addresses, each swarm its own port, and not where the node listens', async () => {
  const port = await freePair()
  const opener = swarmOpener(
    {
      listen: [`/ip4/127.0.0.1/tcp/${port}`],
      announce: ['/ip4/203.0.113.7/tcp/900'],
      mdns: false,
      dht: false,
    },
    () => undefined,
  )
  for (const announced of [900, 901]) {
    const link = await opener({ ...linkOptions(), listen: ['/ip4/203.0.113.7/tcp/900'] })
    closing.push(() => link.close())
    expect(link.network.addresses()).toEqual([
      `/ip4/203.0.113.7/tcp/${announced}/p2p/${libp2pIdOf(publicKeyOfPeer(link.network.self))}`,
    ])
  }
})

test('a port of the last run that is taken meanwhile gives way to a free one', async () => {
  const port = await portTaken()
  const link = await started({ listen: [`/ip4/127.0.0.1/tcp/${port}`] })
  expect(link.network.addresses()).toHaveLength(1)
  expect(link.network.addresses()[0]).not.toContain(`/tcp/${port}/`)
})

test('an address that does not exist here cannot be listened at', async () => {
  const insists = swarmOpener(
    { listen: ['/ip4/192.0.2.1/tcp/4001'], mdns: false, dht: false },
    () => undefined,
  )
  await expect(insists(linkOptions())).rejects.toMatchObject({ code: 'cannot-listen' })
})

test('nobody but the swarm is dialled', async () => {
  const connect = vi.spyOn(Socket.prototype, 'connect')
  closing.push(() => connect.mockRestore())
  const a = await started()
  const b = await started({ bootstrap: a.network.addresses() })
  await until(() => a.network.peers().length === 1)
  await b.blocks
    .fetch(cidOf(new Uint8Array(randomBytes(8))), { providers: [], maxBytes: 10, signal: within(2_000) })
    .catch(() => undefined)
  const port = a.network.addresses()[0]?.split('/')[4]
  const dialled = connect.mock.calls.map(call => JSON.stringify(call, ['host', 'port']))
  expect(dialled.length).toBeGreaterThan(0)
  expect(dialled.filter(call => !call.includes('127.0.0.1') || !call.includes(`${port}`))).toEqual([])
})

test('an IPFS node that knows nothing of swarms reads an entry by its CID', async () => {
  const body = new Uint8Array(randomBytes(1_500))
  const cid = cidOf(body)
  const source = new TestBlocks()
  source.held.set(cid, body)
  const a = await started({ blocks: source })
  const libp2pOptions = {
    addresses: { listen: loopback },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  }
  const other = await withBitswap(withLibp2pLight(createHeliaLight(), libp2pOptions)).start()
  closing.push(() => other.stop())
  await other.libp2p.dial(a.network.addresses().map(text => multiaddr(text)))
  const parts: Uint8Array[] = []
  for await (const part of unixfs(other).cat(CID.parse(cid), { signal: within(5_000) })) parts.push(part)
  expect(Buffer.concat(parts).equals(Buffer.from(body))).toBe(true)
})

test('a provider that takes the wish for a block and says nothing is passed over', async () => {
  const body = new Uint8Array(randomBytes(1_000))
  const cid = cidOf(body)
  const holder = new TestBlocks()
  holder.held.set(cid, body)
  const a = await started()
  const good = await started({ blocks: holder })
  const silent = await stranger()
  let asked = 0
  await silent.handle('/ipfs/bitswap/1.2.0', () => {
    asked++
  })
  const fetched = await a.blocks.fetch(cid, {
    providers: [
      { peer: didOf(silent), addresses: silent.getMultiaddrs().map(String) },
      { peer: good.network.self, addresses: good.network.addresses() },
    ],
    maxBytes: 4_096,
    signal: within(20_000),
  })
  expect(asked).toBeGreaterThan(0)
  expect(fetched.from).toBe(good.network.self)
  expect(fetched.failed).toEqual([didOf(silent)])
})

test('a fetch from silent providers alone ends with its deadline', async () => {
  const silent = await stranger()
  await silent.handle('/ipfs/bitswap/1.2.0', () => undefined)
  const a = await started()
  const fetch = a.blocks.fetch(cidOf(new Uint8Array(randomBytes(8))), {
    providers: [{ peer: didOf(silent), addresses: silent.getMultiaddrs().map(String) }],
    maxBytes: 10,
    signal: within(600),
  })
  await expect(fetch).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('garbage on every protocol leaves the node as it was', async () => {
  const a = await started()
  const b = await started()
  a.network.serve('/swarmlore/test/1', { maxBytes: 1_000, perPeer: 2 }, async bytes => bytes)
  const rude = await stranger()
  const address = a.network.addresses().map(text => multiaddr(text))
  for (const protocol of ['/swarmlore/test/1', '/ipfs/bitswap/1.2.0', '/meshsub/1.2.0', '/ipfs/id/1.0.0']) {
    for (const bytes of [1, 100, 10_000]) {
      const stream = await rude.dialProtocol(address, protocol).catch(() => undefined)
      try {
        stream?.send(new Uint8Array(randomBytes(bytes)))
        await stream?.close()
      } catch (error) {
        // The node may have reset the stream already, which is what it should do.
        expect(error).toBeInstanceOf(Error)
      }
    }
  }
  await b.network.dial(a.network.addresses(), within(5_000))
  const reply = await b.network.request(a.network.self, '/swarmlore/test/1', new Uint8Array([1]), {
    maxBytes: 10,
    signal: within(5_000),
  })
  expect(reply).toEqual(new Uint8Array([1]))
})

test('a request that declares more than it sends is ended by its deadline, not answered', async () => {
  const a = await started()
  let handled = 0
  a.network.serve('/swarmlore/test/1', { maxBytes: 1_000, perPeer: 2 }, async bytes => {
    handled++
    return bytes
  })
  const rude = await stranger()
  const address = a.network.addresses().map(text => multiaddr(text))
  const half = await rude.dialProtocol(address, '/swarmlore/test/1')
  half.send(new Uint8Array([0, 0, 0, 10, 1, 2, 3]))
  await half.close()
  await until(() => half.status !== 'open')
  const huge = await rude.dialProtocol(address, '/swarmlore/test/1')
  huge.send(new Uint8Array([255, 255, 255, 255, 1, 2, 3]))
  await until(() => huge.status !== 'open')
  expect(handled).toBe(0)
})

test('a gossip frame over the limit is not kept, and its sender is heard again after a new connection', async () => {
  const a = await started()
  const received: number[] = []
  a.network.subscribe(topic, async bytes => {
    received.push(bytes.length)
    return accept
  })
  const big = await stranger()
  const { gossip } = big.services as { gossip: ReturnType<ReturnType<typeof gossipsub>> }
  gossip.subscribe(topic)
  const address = a.network.addresses().map(text => multiaddr(text))
  await big.dial(address)
  const say = (bytes: number) =>
    gossip.publish(topic, new Uint8Array(randomBytes(bytes))).catch(() => undefined)
  await until(async () => {
    await say(100)
    return received.includes(100)
  })
  await say(2 * 1024 * 1024)
  received.length = 0
  await until(async () => {
    if (big.getConnections().length === 0) await big.dial(address).catch(() => undefined)
    await say(101)
    return received.includes(101)
  })
  expect(received).not.toContain(2 * 1024 * 1024)
})

test('a peer whose older connection ends is told and heard again on the one that is left', async () => {
  const a = await started()
  const { seed } = linkOptions()
  // As a node that is back before it is noticed that its former connection is dead.
  const [older, newer] = [await started({ seed }), await started({ seed })]
  const received = new Map<SwarmLink, number>()
  for (const link of [a, older, newer])
    link.network.subscribe(topic, async () => {
      received.set(link, (received.get(link) ?? 0) + 1)
      return accept
    })
  const untilSaid = (from: SwarmLink, to: SwarmLink) => {
    received.delete(to)
    return until(async () => {
      await from.network.publish(topic, new Uint8Array(randomBytes(20)))
      return received.has(to)
    })
  }
  await older.network.dial(a.network.addresses(), within(5_000))
  await untilSaid(a, older)
  await newer.network.dial(a.network.addresses(), within(5_000))
  // Gossip takes note of the second connection while its stream is still on the first.
  await sleep(1_000)
  await older.close()
  await untilSaid(a, newer)
  await untilSaid(newer, a)
})

test('many peers from one address are no reason to score any of them down', async () => {
  const a = await started()
  let received = 0
  a.network.subscribe(topic, async () => {
    received++
    return accept
  })
  const others = await Promise.all(
    Array.from({ length: 24 }, () => started({ bootstrap: a.network.addresses() })),
  )
  for (const { network } of others) network.subscribe(topic, async () => accept)
  await until(() => a.network.peers().length === others.length)
  await until(async () => {
    for (const { network } of others) await network.publish(topic, new Uint8Array(randomBytes(20)))
    return received >= others.length
  })
  expect(a.network.peers()).toHaveLength(others.length)
})
