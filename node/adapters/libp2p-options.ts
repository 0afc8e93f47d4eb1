/**
 * What one swarm's libp2p is made of: TCP, noise, yamux, identify, ping, gossipsub, where wanted the swarm's own
 * DHT and mDNS, and for a private swarm the pre-shared key. Nothing here knows a public peer.
 */

import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { SwarmOptions } from '../ports.ts'
import { gossipParameters } from './gossip-parameters.ts'
import type { Gate } from './peers.ts'
import { preSharedKey } from './pre-shared-key.ts'

export interface SwarmSettings {
  /** Multiaddrs to listen at; a port other than 0 is insisted on. */
  readonly listen: readonly string[]
  /** Find nodes of the swarm on the local network. */
  readonly mdns: boolean
  /** Find nodes of the swarm through the swarm's own DHT. */
  readonly dht: boolean
}

/** Neighbours of a node: enough for gossip in the largest swarm, few enough for a small machine. */
export const connectionsMax = 60

/**
 * Streams that a neighbour may open before this side has finished connecting. The library's 10 are fewer than a node
 * wants at once that has just joined, and the eleventh costs it the connection.
 */
const earlyStreamsMax = 256

export async function libp2pOptions(
  settings: SwarmSettings,
  swarm: SwarmOptions,
  listen: readonly string[],
  gate: Gate,
  applicationScore: (libp2pId: string) => number,
) {
  const services = {
    identify: identify(),
    ping: ping(),
    gossip: gossipsub(gossipParameters(swarm.topics, swarm.messageId, applicationScore)),
  }
  return {
    privateKey: await generateKeyPairFromSeed('Ed25519', swarm.seed),
    nodeInfo: { name: 'swarmlore' },
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxEarlyStreams: earlyStreamsMax })],
    // The swarm's id is the mDNS service, so that nodes of other swarms are not even seen.
    peerDiscovery: settings.mdns ? [mdns({ serviceTag: `_${swarm.id.slice(0, 24)}._udp.local` })] : [],
    connectionGater: gate.gater,
    connectionManager: {
      maxConnections: connectionsMax,
      // An office, a container host and a test have many honest peers behind one address.
      inboundConnectionThreshold: connectionsMax,
      maxIncomingPendingConnections: 30,
      // Lost peers are dialled again by redial.ts.
      reconnectRetries: 0,
    },
    services: settings.dht ? { ...services, dht: swarmDht() } : services,
    ...(swarm.psk ? { connectionProtector: preSharedKey(swarm.psk) } : {}),
  }
}

function swarmDht() {
  return kadDHT({
    protocol: '/swarmlore/kad/1.0.0',
    // A swarm may live in one building: private addresses are as good as public ones.
    peerInfoMapper: passthroughMapper,
    clientMode: false,
  })
}
