/**
 * Opens one swarm: listens, starts libp2p and Helia as one instance, and ties the parts together behind the ports.
 * Loaded on demand by libp2p.ts, for it pulls in a hundred megabytes of libraries.
 */

import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { keyPairFromSeed, libp2pIdOf } from '../../crypto/keys.ts'
import { peerOf } from '../../protocol/identity.ts'
import type { PeerId } from '../../protocol/types.ts'
import type { Clock, Log, Random, SwarmLink, SwarmOptions } from '../ports.ts'
import { isWithin, nearest, type Scope, scopeOf } from './address-scope.ts'
import { createBlockFetch } from './block-fetch.ts'
import { createGossip } from './gossip.ts'
import { startHelia } from './helia.ts'
import { connectionsMax, type Hooks, libp2pOptions, type SwarmSettings } from './libp2p-options.ts'
import { NetworkFailure } from './network-failure.ts'
import { didOfLibp2pId } from './peer-ids.ts'
import { createPeerRecords } from './peer-records.ts'
import { createGate, createPeers } from './peers.ts'
import { createRendezvous } from './rendezvous.ts'
import { createStreams } from './streams.ts'

export interface LinkInit {
  readonly settings: SwarmSettings
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** The application's score of a peer that the owner blocked (protocol.md, "Gossip", P5). */
const blockedScore = -100

export async function openLink(init: LinkInit, swarm: SwarmOptions): Promise<SwarmLink> {
  const { clock, random, log, settings } = init
  let score: (peer: PeerId) => number = () => 0
  let isMember: (peer: PeerId) => boolean = () => false
  let reach = (): Scope => baseReach(settings)
  let onFound: Hooks['onFound'] = () => undefined
  let isConnected: Hooks['isConnected'] = () => false
  const key = keyPairFromSeed(swarm.seed)
  const self = peerOf(key.publicKey)
  const isMemberId = (id: string): boolean => {
    const peer = didOfLibp2pId(id)
    return peer !== undefined && ask(() => isMember(peer), false, log)
  }
  const scoreOf = (peer: PeerId) => ask(() => score(peer), 0, log)
  const gate = createGate({
    clock,
    isBlocked: peer => scoreOf(peer) <= blockedScore,
    self: libp2pIdOf(key.publicKey),
    reach: () => reach(),
  })
  const helia = await start(init, swarm, {
    gate,
    applicationScore: id => {
      const peer = didOfLibp2pId(id)
      return peer ? scoreOf(peer) : 0
    },
    onFound: peer => onFound(peer),
    isConnected: id => isConnected(id),
    isMember: isMemberId,
    now: () => clock.now(),
  })
  const { libp2p } = helia
  isConnected = id => libp2p.getPeers().some(peer => peer.toString() === id)
  const peers = createPeers({
    libp2p,
    clock,
    random,
    log,
    connectionsMax,
    gate,
    bootstrap: swarm.bootstrap,
    standing: id => {
      const peer = didOfLibp2pId(id)
      if (peer === undefined || !isMemberId(id)) return 'stranger'
      return scoreOf(peer) > 0 ? 'trusted' : 'member'
    },
  })
  const { expel } = peers
  onFound = peers.found
  reach = () =>
    nearest([baseReach(settings), ...libp2p.getConnections().map(({ remoteAddr }) => scopeOf(remoteAddr))])
  const mayDial = (address: Multiaddr) => isWithin(address, reach())
  const gossip = createGossip({
    libp2p,
    service: libp2p.services.gossip,
    topics: swarm.topics,
    clock,
    log,
    expel,
  })
  const streams = createStreams(libp2p, clock, log)
  return {
    network: {
      self,
      addresses: peers.addresses,
      peers: peers.peers,
      addressesOf: peers.addressesOf,
      onPeer: peers.onPeer,
      dial: peers.dial,
      disconnect: peers.disconnect,
      ...createRendezvous(libp2p, settings.dht, mayDial),
      publish: gossip.publish,
      subscribe: gossip.subscribe,
      request: streams.request,
      serve: streams.serve,
      weigh: (nextScore, nextIsMember) => {
        score = nextScore
        isMember = nextIsMember
      },
    },
    blocks: createBlockFetch({ helia, libp2p, clock, connectionsMax, mayDial }),
    discovery: {
      search: () => ({ mdns: settings.mdns, dials: peers.dials() }),
      ...createPeerRecords(libp2p),
    },
    close: async () => {
      gossip.close()
      await peers.close()
      await helia.stop()
    },
  }
}

/** Addresses of an earlier run come first, so that peers find the node again; a taken port is no reason to stay away. */
async function start({ settings, log }: LinkInit, swarm: SwarmOptions, hooks: Hooks) {
  const insisted = settings.listen.some(address => !/\/tcp\/0(\/|$)/.test(address))
  // What others are told says nothing of where to listen; ports that are forwarded stand in the settings.
  const remembered = settings.announce?.length
    ? []
    : swarm.listen.map(address => address.replace(/\/p2p\/[^/]+$/, ''))
  if (!insisted && remembered.length > 0) {
    try {
      return await startHelia(await libp2pOptions(settings, swarm, remembered, hooks), swarm.blocks)
    } catch (error) {
      log('warn', 'the addresses of the last run are taken; listening at new ones', {
        error: firstLine(error),
      })
    }
  }
  try {
    return await startHelia(await libp2pOptions(settings, swarm, settings.listen, hooks), swarm.blocks)
  } catch (error) {
    throw listenFailure(settings.listen, error)
  }
}

function listenFailure(listen: readonly string[], error: unknown): unknown {
  const text = String(error)
  const where = listen.join(', ')
  if (text.includes('EADDRINUSE')) {
    return new NetworkFailure(
      'port-in-use',
      `The port in ${where} is in use by another program. Choose another one, or port 0 for a free one.`,
      error,
    )
  }
  if (error instanceof Error && error.name === 'UnsupportedListenAddressesError') {
    return new NetworkFailure('cannot-listen', `Cannot listen at ${where}: ${firstLine(error)}`, error)
  }
  return error
}

/**
 * Before anyone is connected: a node that listens on this machine only belongs to a swarm on this machine, and one that
 * looks for others on the local network may be told of them.
 */
function baseReach({ listen, mdns }: SwarmSettings): Scope {
  const scopes = listen.map(address => scopeOf(multiaddr(address.replace('/tcp/0', '/tcp/1'))))
  if (scopes.every(scope => scope === 'machine')) return 'machine'
  return mdns ? 'local' : 'public'
}

/** libp2p and gossipsub ask in the middle of their own work, where a throw would end the process. */
function ask<T>(question: () => T, otherwise: T, log: Log): T {
  try {
    return question()
  } catch (error) {
    log('error', 'what the node thinks of a peer could not be told', { error: String(error) })
    return otherwise
  }
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n').find(line => line.includes('listen ')) ?? text.split('\n')[0] ?? text
}
