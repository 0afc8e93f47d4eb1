/** At which addresses a peer is called that is asked for a block and is not connected. */

import type { Libp2p, PeerId } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Helia } from 'helia'
import { expect, test } from 'vitest'
import { createBlockFetch } from '../../../../node/adapters/block-fetch.ts'
import { systemClock } from '../../../../node/adapters/system.ts'
import { ada, cidNumber, peer } from '../../protocol/fixtures.ts'

interface Known {
  readonly booked?: readonly { readonly at: string; readonly isCertified: boolean }[]
  readonly inDht?: readonly string[]
}

/** Nobody answers. Who was dialled, try after try, without the name at the end. */
async function dialled({ booked, inDht = [] }: Known): Promise<readonly (readonly string[])[]> {
  const tries: string[][] = []
  const libp2p = {
    getConnections: () => [],
    peerStore: {
      has: async () => booked !== undefined,
      get: async () => ({
        addresses: (booked ?? []).map(({ at, isCertified }) => ({ multiaddr: multiaddr(at), isCertified })),
      }),
    },
    peerRouting: {
      findPeer: async (id: PeerId, { useCache = true }: { useCache?: boolean }) => {
        // As kad-dht does: who stands in the book is not looked for.
        const places = useCache && booked !== undefined ? booked.map(({ at }) => at) : inDht
        return { id, multiaddrs: places.map(place => multiaddr(place)) }
      },
    },
    dial: async (addresses: readonly Multiaddr[]) => {
      tries.push(addresses.map(address => String(address).replace(/\/p2p\/.*/, '')))
      throw new RangeError('nobody answers')
    },
  }
  const blocks = createBlockFetch({
    helia: {} as Helia,
    libp2p: libp2p as Partial<Record<keyof Libp2p, unknown>> as Libp2p,
    clock: systemClock,
    connectionsMax: 60,
    mayDial: address => !String(address).includes('/127.'),
  })
  const options = { providers: [{ peer: peer(ada) }], maxBytes: 100, signal: new AbortController().signal }
  await expect(blocks.fetch(cidNumber(1), options)).rejects.toMatchObject({ code: 'block-not-found' })
  return tries
}

test('what the peer has signed comes before what others wrote into the book, however much that is', async () => {
  const others = Array.from({ length: 20 }, (_, at) => ({ at: `/ip4/1.1.1.${at}/tcp/1`, isCertified: false }))
  const [first] = await dialled({ booked: [...others, { at: '/ip4/9.9.9.9/tcp/9', isCertified: true }] })
  expect(first).toHaveLength(8)
  expect(first?.[0]).toBe('/ip4/9.9.9.9/tcp/9')
})

test('who does not answer where the book says, or has no address there any more, is sought in the DHT', async () => {
  const moved = { booked: [{ at: '/ip4/1.1.1.1/tcp/1', isCertified: true }], inDht: ['/ip4/2.2.2.2/tcp/2'] }
  expect(await dialled(moved)).toEqual([['/ip4/1.1.1.1/tcp/1'], ['/ip4/2.2.2.2/tcp/2']])
  expect(await dialled({ booked: [], inDht: ['/ip4/2.2.2.2/tcp/2'] })).toEqual([['/ip4/2.2.2.2/tcp/2']])
})

test('of what the DHT names only that is dialled which may be', async () => {
  const inDht = ['/ip4/127.0.0.1/tcp/22', '/ip4/2.2.2.2/tcp/2']
  expect(await dialled({ inDht })).toEqual([['/ip4/2.2.2.2/tcp/2']])
  expect(await dialled({ inDht: ['/ip4/127.0.0.1/tcp/22'] })).toEqual([])
})
