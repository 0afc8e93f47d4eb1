/** The private network of a swarm, held to libp2p's own on the wire; and the write that ended a process with that one. */

import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { preSharedKey as libraryKey } from '@libp2p/pnet'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { afterEach, expect, it } from 'vitest'
import { preSharedKey } from '../../../node/adapters/pre-shared-key.ts'

const psk = new Uint8Array(32).map((_, at) => at * 3)
const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function peer(connectionProtector: ReturnType<typeof preSharedKey>) {
  const libp2p = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionProtector,
    services: { ping: ping() },
  })
  stops.push(() => libp2p.stop())
  return libp2p
}

/** As `@libp2p/pnet` reads it. */
function library() {
  const file = `/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(psk).toString('hex')}`
  return libraryKey({ psk: new TextEncoder().encode(file) })
}

it.each([
  ['ours dials the library’s', () => [preSharedKey(psk), library()] as const],
  ['the library’s dials ours', () => [library(), preSharedKey(psk)] as const],
  ['ours dials ours', () => [preSharedKey(psk), preSharedKey(psk)] as const],
])('%s, and they understand each other', async (_name, make) => {
  const [dials, listens] = make()
  const [a, b] = [await peer(dials), await peer(listens)]
  await a.dial(b.getMultiaddrs())
  expect(await a.services.ping.ping(b.peerId)).toBeGreaterThanOrEqual(0)
})

it('a key that is not the same leads nowhere', async () => {
  const [a, b] = [await peer(preSharedKey(psk.toReversed())), await peer(preSharedKey(psk))]
  await expect(a.dial(b.getMultiaddrs(), { signal: AbortSignal.timeout(3_000) })).rejects.toThrow()
  expect(b.getPeers()).toEqual([])
})

it('megabytes that arrive slowly come whole, and the connection goes on', async () => {
  const [a, b] = [await peer(preSharedKey(psk)), await peer(preSharedKey(psk))]
  const sizes = [3_000_000, 10, 700_000]
  const received = Promise.withResolvers<number>()
  let bytes = 0
  await b.handle('/test/1', stream => {
    stream.addEventListener('message', ({ data }) => {
      bytes += data.byteLength
      if (bytes === sizes.reduce((sum, size) => sum + size, 0)) received.resolve(bytes)
    })
  })
  const stream = await a.dialProtocol(b.getMultiaddrs(), '/test/1')
  for (const size of sizes) if (!stream.send(new Uint8Array(size))) await stream.onDrain()
  expect(await received.promise).toBe(3_700_010)
  expect(await a.services.ping.ping(b.peerId)).toBeGreaterThanOrEqual(0)
})
