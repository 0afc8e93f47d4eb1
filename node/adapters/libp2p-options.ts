/**
 * What one swarm's libp2p is made of: TCP and WebSockets, noise, yamux, identify, ping, gossipsub, where wanted the swarm's own
 * DHT and mDNS, and for a private swarm the pre-shared key. Nothing here knows a public peer.
 */

import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { PeerInfo } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { SwarmOptions } from '../ports.ts'
import { boundedDht } from './bounded-dht.ts'
import { DhtStore } from './dht-store.ts'
import { gossipParameters } from './gossip-parameters.ts'
import type { Gate } from './peers.ts'
import { preSharedKey } from './pre-shared-key.ts'
import { boundedWebSockets } from './web-sockets.ts'

export interface SwarmSettings {
  /** Multiaddrs to listen at; a port other than 0 is insisted on. */
  readonly listen: readonly string[]
  /** Multiaddrs that others are told instead, where a router or a container forwards them to here. */
  readonly announce?: readonly string[]
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

/**
 * Connections beyond that which may stand for a moment, until it is known whom to let go (`crowd.ts`): without them a
 * node full of strangers could not even be asked by a member.
 */
export const newcomersMax = 20

/** What libp2p asks and tells while it runs. */
export interface Hooks {
  readonly gate: Gate
  readonly applicationScore: (libp2pId: string) => number
  readonly isConnected: (libp2pId: string) => boolean
  readonly isMember: (libp2pId: string) => boolean
  /** Milliseconds. */
  readonly now: () => number
  /** Somebody on the local network. */
  readonly onFound: (peer: PeerInfo) => void
}

export async function libp2pOptions(
  settings: SwarmSettings,
  swarm: SwarmOptions,
  listen: readonly string[],
  { gate, applicationScore, isConnected, isMember, now, onFound }: Hooks,
) {
  const services = {
    identify: identify(),
    ping: ping(),
    gossip: gossipsub(gossipParameters(swarm.topics, swarm.messageId, applicationScore)),
  }
  return {
    privateKey: await generateKeyPairFromSeed('Ed25519', swarm.seed),
    nodeInfo: { name: 'swarmlore' },
    datastore: new DhtStore({ now, isConnected }),
    addresses: { listen: [...listen], announce: [...(settings.announce ?? [])] },
    transports: [tcp(), boundedWebSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxEarlyStreams: earlyStreamsMax })],
    peerDiscovery: settings.mdns ? [localDiscovery(swarm, onFound)] : [],
    connectionGater: gate.gater,
    connectionManager: {
      maxConnections: connectionsMax + newcomersMax,
      // An office, a container host and a test have many honest peers behind one address: all of them may come at once,
      // from one host in one second. What bounds them is the number of connections, and who goes first (`crowd.ts`).
      inboundConnectionThreshold: connectionsMax + newcomersMax,
      maxIncomingPendingConnections: connectionsMax,
      // Lost peers are dialled again by redial.ts.
      reconnectRetries: 0,
    },
    services: settings.dht ? { ...services, dht: boundedDht({ isMember, now }) } : services,
    ...(swarm.psk ? { connectionProtector: preSharedKey(swarm.psk) } : {}),
  }
}

/** The swarm's id is the mDNS service, so that nodes of other swarms are not even seen. */
function localDiscovery({ id }: SwarmOptions, onFound: Hooks['onFound']) {
  const make = mdns({ serviceTag: `_${id.slice(0, 24)}._udp.local` })
  return (components: Parameters<typeof make>[0]) => {
    const discovery = make(components)
    // Not libp2p's own event, which is also sent for whomever the DHT has heard of.
    discovery.addEventListener('peer', ({ detail }) => onFound(detail))
    return discovery
  }
}
