/**
 * Publish and subscribe over gossipsub. A subscription is gossipsub's own validator of the topic, so that a
 * Verdict decides whether the message is passed on and whether its sender is charged; there is no listener that
 * could throw into the event loop. Neighbours that sank below the graylist, and those that gossip lost while
 * their connection stayed, are disconnected.
 */

import { type GossipSub, type PublishResult, TopicValidatorResult } from '@libp2p/gossipsub'
import type { Connection, Libp2p, PeerId as Libp2pId } from '@libp2p/interface'
import type { PeerId } from '../../protocol/types.ts'
import type { Clock, Log, Network, Stop, Verdict } from '../ports.ts'
import { floodPeersMax, graylistScore } from './gossip-parameters.ts'
import { NetworkFailure } from './network-failure.ts'
import { didOfLibp2pId } from './peer-ids.ts'

type Handler = Parameters<Network['subscribe']>[1]

/** Parts of the service that its exported type leaves out. */
interface GossipService extends GossipSub {
  /** By libp2p's id: the stream over which gossip tells a peer something. */
  readonly streamsOutbound: ReadonlyMap<string, unknown>
  getScore(libp2pId: string): number
  publish(topic: string, data: Uint8Array, options?: { floodPublish?: boolean }): Promise<PublishResult>
}

export interface Gossip {
  publish(topic: string, bytes: Uint8Array): Promise<number>
  subscribe(topic: string, handler: Handler): Stop
  close(): void
}

/** How long a connection may stand without a gossip stream before it is taken for broken. */
const silentMsMax = 5_000

const results: Readonly<Record<Verdict['verdict'], TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

export interface GossipInit {
  readonly libp2p: Libp2p
  readonly service: GossipSub
  readonly topics: readonly string[]
  readonly clock: Clock
  readonly log: Log
  /** Closes the connection, and keeps the peer away for a while. */
  readonly expel: (peer: Libp2pId, reason: string) => void
}

export function createGossip(init: GossipInit): Gossip {
  const service = init.service
  if (!isGossipService(service)) {
    throw new TypeError(
      'this release of @libp2p/gossipsub has no getScore or no streamsOutbound: pin the one in package-lock.json',
    )
  }
  // A topic without a handler passes nothing on.
  for (const topic of init.topics) service.topicValidators.set(topic, () => TopicValidatorResult.Ignore)
  let told: ReadonlySet<string> = new Set()
  const watch = () =>
    guarded(init.log, () => {
      told = toldOf(init, service, told)
      expelUnfit(init, service, told)
    })
  service.addEventListener('gossipsub:heartbeat', watch)
  return {
    publish: async (topic, bytes) => {
      if (init.libp2p.status !== 'started') throw new NetworkFailure('closed', 'The swarm is closed.')
      const floodPublish = service.getSubscribers(topic).length <= floodPeersMax
      return (await service.publish(topic, bytes, { floodPublish })).recipients.length
    },
    subscribe: (topic, handler) => subscribe(init, service, topic, handler),
    close: () => service.removeEventListener('gossipsub:heartbeat', watch),
  }
}

function subscribe(init: GossipInit, service: GossipService, topic: string, handler: Handler): Stop {
  if (!init.topics.includes(topic)) throw new TypeError(`${topic} is not a topic of this swarm`)
  service.topicValidators.set(topic, async (sender, message) => {
    const from = didOfLibp2pId(sender)
    if (!from) return TopicValidatorResult.Ignore
    const verdict = await judge(init.log, handler, message.data, from)
    if (verdict.verdict === 'reject') {
      init.log('debug', 'rejected a message', { from, topic, reason: verdict.reason })
    }
    return results[verdict.verdict]
  })
  service.subscribe(topic)
  return () => {
    service.topicValidators.set(topic, () => TopicValidatorResult.Ignore)
    if (init.libp2p.status === 'started') service.unsubscribe(topic)
  }
}

/** A handler that throws has a bug; that is neither the neighbour's fault nor a reason to stop. */
async function judge(log: Log, handler: Handler, bytes: Uint8Array, from: PeerId): Promise<Verdict> {
  try {
    return await handler(bytes, from)
  } catch (error) {
    log('error', 'a subscription handler threw', { from, error: String(error) })
    return { verdict: 'ignore', reason: 'the handler threw' }
  }
}

/** Of those connected, to whom gossip has or has had a stream. */
function toldOf({ libp2p }: GossipInit, service: GossipService, before: ReadonlySet<string>): Set<string> {
  const connected = libp2p.getConnections().map(({ remotePeer }) => remotePeer.toString())
  return new Set(connected.filter(id => service.streamsOutbound.has(id) || before.has(id)))
}

/**
 * Gossip forgets a peer; or it goes on naming it but has no stream to it any more, for that was on a connection that
 * ended while another one stayed, and none is opened on that.
 */
function expelUnfit(init: GossipInit, service: GossipService, told: ReadonlySet<string>): void {
  const heard = new Set(service.getPeers().map(String))
  const isLost = (id: string) => !heard.has(id) || (told.has(id) && !service.streamsOutbound.has(id))
  for (const connection of init.libp2p.getConnections()) {
    const peer = connection.remotePeer
    if (service.getScore(peer.toString()) < graylistScore) {
      init.expel(peer, 'its gossip score fell below the graylist')
    } else if (isLost(peer.toString()) && isStale(init.clock, connection)) {
      void dropSilent(init, service, connection)
    }
  }
}

function isStale(clock: Clock, connection: Connection): boolean {
  return connection.status === 'open' && clock.now() - connection.timeline.open > silentMsMax
}

/**
 * After a frame over the limit, gossipsub forgets the peer for good while the connection looks well. Closed, it
 * comes back with fresh streams. Peers that never spoke gossip (other IPFS nodes) are left alone.
 */
async function dropSilent(init: GossipInit, service: GossipService, connection: Connection): Promise<void> {
  try {
    const { protocols } = await init.libp2p.peerStore.get(connection.remotePeer)
    if (!protocols.some(protocol => service.protocols.includes(protocol))) return
    init.log('info', 'reconnecting a peer that gossip had lost', { peer: connection.remotePeer.toString() })
    await connection.close()
  } catch (error) {
    init.log('debug', 'a silent connection could not be closed', { error: String(error) })
  }
}

/** Runs inside an event of the library: what is thrown there would end the process. */
function guarded(log: Log, work: () => void): void {
  try {
    work()
  } catch (error) {
    log('error', 'a gossip listener threw', { error: String(error) })
  }
}

function isGossipService(service: GossipSub): service is GossipService {
  return (
    'getScore' in service &&
    typeof service.getScore === 'function' &&
    'streamsOutbound' in service &&
    service.streamsOutbound instanceof Map
  )
}
