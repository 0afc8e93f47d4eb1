/**
 * A peer of OrbitDB, put together as it does best here: all but its keys in memory, nothing pinned, and under it the
 * transports and bitswap settings that our own nodes have, without the pre-shared key that ours encrypt with as well.
 */

import { join } from 'node:path'
import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import * as dagCbor from '@ipld/dag-cbor'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Multiaddr } from '@multiformats/multiaddr'
import {
  ComposedStorage,
  createOrbitDB,
  type EventsDatabase,
  IPFSBlockStorage,
  LRUStorage,
  MemoryStorage,
} from '@orbitdb/core'
import { createHeliaLight } from 'helia'

/** More than the bench writes. */
const cacheSize = 2_000
const streamsMax = 256

export interface OrbitPeer {
  readonly addresses: () => Multiaddr[]
  dial(addresses: Multiaddr[]): Promise<void>
  /** By its name, which makes it, or by the address of another peer's. */
  open(database: string): Promise<EventsDatabase>
  stop(): Promise<void>
}

export async function orbitPeer(folder: string, name: string): Promise<OrbitPeer> {
  const light = createHeliaLight({
    codecs: [dagCbor],
    routers: [{ name: 'libp2p-router', async *findProviders() {} }],
  })
  const libp2pOptions = {
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) },
  }
  const helia = await withBitswap(withLibp2pLight(light, libp2pOptions), {
    sendBlocksDebounce: 0,
    sendWantlistDebounce: 0,
    doNotResendBlockWindow: 0,
    maxInboundStreams: streamsMax,
    maxOutboundStreams: streamsMax,
  }).start()
  const orbit = await createOrbitDB({ ipfs: helia, id: name, directory: join(folder, name) })
  return {
    addresses: () => helia.libp2p.getMultiaddrs(),
    dial: async addresses => {
      await helia.libp2p.dial(addresses)
    },
    open: async database =>
      orbit.open(database, {
        type: 'events',
        entryStorage: await ComposedStorage(
          await LRUStorage({ size: cacheSize }),
          await IPFSBlockStorage({ ipfs: helia, pin: false }),
        ),
        headsStorage: await MemoryStorage(),
        indexStorage: await MemoryStorage(),
      }),
    stop: async () => {
      await orbit.stop()
      await helia.stop()
    },
  }
}
