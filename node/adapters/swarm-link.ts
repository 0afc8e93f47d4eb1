/**
 * Opens one swarm: listens, starts libp2p and Helia as one instance, and ties the parts together behind the ports.
 * Loaded on demand by libp2p.ts, for it pulls in a hundred megabytes of libraries.
 */

import type { PeerId } from '../../protocol/types.ts'
import type { Clock, Log, Random, SwarmLink, SwarmOptions } from '../ports.ts'
import { createBlockFetch } from './block-fetch.ts'
import { createGossip } from './gossip.ts'
import { startHelia } from './helia.ts'
import { connectionsMax, libp2pOptions, type SwarmSettings } from './libp2p-options.ts'
import { NetworkFailure } from './network-failure.ts'
import { didOfLibp2pId } from './peer-ids.ts'
import { createGate, createPeers, type Gate } from './peers.ts'
import { createRendezvous } from './rendezvous.ts'
import { createStreams } from './streams.ts'

export interface LinkInit {
  readonly settings: SwarmSettings
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Silence of one provider after which the next is asked as well. */
const patienceMs = 1_500

/** The application's score of a peer that the owner blocked (protocol.md, "Gossip", P5). */
const blockedScore = -100

export async function openLink(init: LinkInit, swarm: SwarmOptions): Promise<SwarmLink> {
  const { clock, random, log, settings } = init
  let score: (peer: PeerId) => number = () => 0
  const gate = createGate(clock, peer => askScore(() => score(peer), log) <= blockedScore)
  const helia = await start(init, swarm, gate, id => {
    const peer = didOfLibp2pId(id)
    return peer ? askScore(() => score(peer), log) : 0
  })
  const { libp2p } = helia
  const self = didOfLibp2pId(libp2p.peerId)
  if (!self) throw new TypeError('a swarm key is always an Ed25519 key')
  const peers = createPeers({ libp2p, clock, random, log, connectionsMax, gate, bootstrap: swarm.bootstrap })
  const { expel } = peers
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
      ...createRendezvous(libp2p, settings.dht),
      publish: gossip.publish,
      subscribe: gossip.subscribe,
      request: streams.request,
      serve: streams.serve,
      weigh: next => {
        score = next
      },
    },
    blocks: createBlockFetch({ helia, libp2p, clock, patienceMs }),
    close: async () => {
      gossip.close()
      await peers.close()
      await helia.stop()
    },
  }
}

/** Addresses of an earlier run come first, so that peers find the node again; a taken port is no reason to stay away. */
async function start(
  { settings, log }: LinkInit,
  swarm: SwarmOptions,
  gate: Gate,
  applicationScore: (libp2pId: string) => number,
) {
  const insisted = settings.listen.some(address => !address.endsWith('/tcp/0'))
  const remembered = swarm.listen.map(address => address.replace(/\/p2p\/[^/]+$/, ''))
  if (!insisted && remembered.length > 0) {
    try {
      return await startHelia(
        await libp2pOptions(settings, swarm, remembered, gate, applicationScore),
        swarm.blocks,
      )
    } catch (error) {
      log('warn', 'the addresses of the last run are taken; listening at new ones', {
        error: firstLine(error),
      })
    }
  }
  try {
    return await startHelia(
      await libp2pOptions(settings, swarm, settings.listen, gate, applicationScore),
      swarm.blocks,
    )
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

/** gossipsub asks in the middle of its own work, where a throw would end the process. */
function askScore(ask: () => number, log: Log): number {
  try {
    return ask()
  } catch (error) {
    log('error', 'the score of a peer could not be told', { error: String(error) })
    return 0
  }
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n').find(line => line.includes('listen ')) ?? text.split('\n')[0] ?? text
}
