/**
 * Kademlia with a bound on what a peer may say at once, and on whom it calls. The library takes messages of up to 4 MiB, which
 * hold some 400,000 addresses: each is parsed, checked and written down before anything else in this process gets a turn. A
 * swarm needs none so long. And it calls everyone whom a peer names before it remembers them, so that each node of a swarm
 * would be connected to all others: in one larger than their room they would push each other out all day. The bounds sit on
 * the streams and the pings that the DHT is handed.
 */

import { type Connection, isPeerId, type Stream } from '@libp2p/interface'
import { type KadDHT, type KadDHTComponents, kadDHT } from '@libp2p/kad-dht'
import { addressesMax } from '../../protocol/limits.ts'
import { NetworkFailure } from './network-failure.ts'

export const dhtProtocol = '/swarmlore/kad/1.0.0'
/** Asking, or announcing oneself: a key, and the addresses of one peer. */
export const dhtRequestBytesMax = 4 * 1024
/** Twenty closer peers and 64 that announced themselves (`dht-store.ts`), each with its addresses. */
const dhtAnswerBytesMax = 64 * 1024

/**
 * With so many connections to members a node has neighbours enough to ask and to be found by (the node's own search stops
 * there, too), and its DHT opens no more: a lookup then ends with the nearest of those who are connected.
 */
export const dhtConnectionsMax = 8
/** So long whom the node called counts as well, for a newcomer learns only then who is a member. Nobody takes such a place by calling. */
const unknownMs = 60_000

export interface DhtHooks {
  readonly isMember: (libp2pId: string) => boolean
  /** Milliseconds. */
  readonly now: () => number
}

export function boundedDht(hooks: DhtHooks): (components: KadDHTComponents) => KadDHT {
  const make = kadDHT({
    protocol: dhtProtocol,
    // A swarm may live in one building: private addresses are as good as public ones.
    peerInfoMapper: peer => ({ ...peer, multiaddrs: peer.multiaddrs.slice(0, addressesMax) }),
    clientMode: false,
  })
  return components => {
    const { connectionManager, ping, registrar } = components
    const reach = frugal(connectionManager, hooks)
    return make(
      overridden(components, {
        registrar: overridden(registrar, {
          handle: (protocol, handler, options) =>
            registrar.handle(
              protocol,
              (stream, connection) => handler(bounded(stream, dhtRequestBytesMax), connection),
              options,
            ),
        }),
        connectionManager: overridden(connectionManager, {
          openStream: async (...asked) =>
            bounded(await reach(asked[0], () => connectionManager.openStream(...asked)), dhtAnswerBytesMax),
        }),
        ping: overridden(ping, { ping: (...asked) => reach(asked[0], () => ping.ping(...asked)) }),
      }),
    )
  }
}

/** Lets something be done with a peer that is connected; with another one only while few connections count. */
export function frugal(
  connectionManager: Pick<KadDHTComponents['connectionManager'], 'getConnections'>,
  { isMember, now }: DhtHooks,
) {
  const calls = new Set<string>()
  const counts = ({ direction, remotePeer, timeline }: Connection): boolean =>
    isMember(remotePeer.toString()) || (direction === 'outbound' && now() - timeline.open < unknownMs)
  const hasEnough = (): boolean => {
    let left = dhtConnectionsMax - calls.size
    return left <= 0 || connectionManager.getConnections().some(one => counts(one) && --left === 0)
  }
  return async <T>(peer: unknown, work: () => Promise<T>): Promise<T> => {
    if (!isPeerId(peer) || connectionManager.getConnections(peer).length > 0) return work()
    const id = peer.toString()
    if (calls.has(id)) return work()
    if (hasEnough())
      throw new NetworkFailure('peer-unreachable', `${id} is not connected, and enough others are.`)
    calls.add(id)
    try {
      return await work()
    } finally {
      calls.delete(id)
    }
  }
}

/** Of all messages on a stream together: the DHT opens a new one for each question. */
function bounded(stream: Stream, bytesMax: number): Stream {
  let bytes = 0
  stream.addEventListener('message', ({ data }) => {
    bytes += data.byteLength
    if (bytes > bytesMax)
      stream.abort(new NetworkFailure('message-too-large', `A peer sent more than ${bytesMax} bytes.`))
  })
  return stream
}

/** The same object but for some of its properties; the others are read when they are asked for, as ever. */
function overridden<T extends object>(whole: T, changes: Partial<T>): T {
  return new Proxy(whole, {
    get: (target, name) => {
      if (Object.hasOwn(changes, name)) return Reflect.get(changes, name)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
