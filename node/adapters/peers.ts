/**
 * Who is connected, in the node's own words, and the two ways in which that changes: dialling and sending away.
 * A peer that gossip sent away is kept out for ten minutes, by the same gate that keeps out whom the owner blocked and
 * keys that the node cannot name.
 */

import type { ConnectionGater, Libp2p, PeerId as Libp2pId } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { addressesMax } from '../../protocol/limits.ts'
import type { PeerId } from '../../protocol/types.ts'
import type { Clock, Network, Stop } from '../ports.ts'
import { NetworkFailure } from './network-failure.ts'
import { didOfLibp2pId, libp2pIdOfDid } from './peer-ids.ts'
import { createRedial, type Redial, type RedialInit } from './redial.ts'

type Listener = Parameters<Network['onPeer']>[0]

export interface Peers
  extends Pick<Network, 'peers' | 'addressesOf' | 'onPeer' | 'dial' | 'disconnect' | 'addresses'> {
  expel(peer: Libp2pId, reason: string): void
  close(): Promise<void>
}

/** Decides who may connect. Made before libp2p, which asks it. */
export interface Gate {
  readonly gater: ConnectionGater
  shut(libp2pId: string): void
}

const identifyPollMs = 50
const identifyMsMax = 3_000
const shutOutMs = 10 * 60_000
/** Peers kept out at once; beyond it the oldest may come back. */
const shutOutMax = 1_024

/** `isBlocked`: the owner's word, asked at every connection, so that it holds from the start and is lifted at once. */
export function createGate(clock: Clock, isBlocked: (peer: PeerId) => boolean): Gate {
  const until = new Map<string, number>()
  const deny = (libp2pId: Libp2pId) => {
    const id = libp2pId.toString()
    const end = until.get(id)
    if (end !== undefined && end <= clock.now()) until.delete(id)
    const peer = didOfLibp2pId(id)
    return until.has(id) || peer === undefined || isBlocked(peer)
  }
  return {
    gater: {
      denyDialPeer: deny,
      denyInboundEncryptedConnection: deny,
      denyOutboundEncryptedConnection: deny,
    },
    shut: id => {
      const peer = didOfLibp2pId(id)
      // Whom the owner blocked is kept out as long as the block stands, and not a moment longer.
      if (peer !== undefined && isBlocked(peer)) return
      const [oldest] = until.keys()
      if (until.size >= shutOutMax && oldest !== undefined) until.delete(oldest)
      until.set(id, clock.now() + shutOutMs)
    },
  }
}

export interface PeersInit extends RedialInit {
  readonly gate: Gate
  readonly bootstrap: readonly string[]
}

export function createPeers(init: PeersInit): Peers {
  const { libp2p, log } = init
  const redial = createRedial(init)
  for (const address of init.bootstrap) {
    const parsed = parse(address)
    if (parsed) redial.want(parsed.peer ?? address, [parsed.address], 'always')
    else log('warn', 'a bootstrap address is not a multiaddr', { address })
  }
  const listeners = new Set<Listener>()
  const stopEvents = followEvents(init, redial, listeners)
  const expel = (peer: Libp2pId, reason: string) => {
    init.gate.shut(peer.toString())
    redial.forget(peer.toString())
    log('info', 'sent a peer away', { peer: peer.toString(), reason })
    libp2p.hangUp(peer).catch(error => log('debug', 'a hang-up failed', { error: String(error) }))
  }
  return {
    addresses: () => libp2p.getMultiaddrs().map(String),
    peers: () => libp2p.getPeers().flatMap(id => didOfLibp2pId(id) ?? []),
    addressesOf: peer => addressesOf(init, libp2pIdOfDid(peer)),
    onPeer: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    dial: (addresses, signal) => dial(libp2p, addresses, signal),
    disconnect: async (peer, reason) => {
      const id = libp2pIdOfDid(peer)
      redial.forget(id.toString())
      log('info', 'disconnected a peer', { peer, reason })
      await libp2p.hangUp(id)
    },
    expel,
    close: async () => {
      stopEvents()
      listeners.clear()
      await redial.close()
    },
  }
}

/** What identify learned; at most a few, since a peer can claim any number. */
async function listenAddresses(libp2p: Libp2p, id: Libp2pId): Promise<readonly string[]> {
  if (!(await libp2p.peerStore.has(id))) return []
  const { addresses } = await libp2p.peerStore.get(id)
  return addresses.slice(0, addressesMax).map(({ multiaddr }) => `${multiaddr}/p2p/${id}`)
}

/** A peer says where it listens a moment after it has connected; until then there is nothing to tell. */
async function addressesOf({ libp2p, clock }: PeersInit, id: Libp2pId): Promise<readonly string[]> {
  let known = await listenAddresses(libp2p, id)
  for (let waitedMs = 0; known.length === 0 && waitedMs < identifyMsMax; waitedMs += identifyPollMs) {
    if (libp2p.getConnections(id).length === 0) break
    await clock.sleep(identifyPollMs)
    known = await listenAddresses(libp2p, id)
  }
  return known
}

/** Dials all addresses of the first peer named; addresses of others would make it unclear who answered. */
async function dial(libp2p: Libp2p, addresses: readonly string[], signal: AbortSignal): Promise<PeerId> {
  const parsed = addresses.flatMap(address => parse(address) ?? [])
  const [first] = parsed
  if (!first) {
    throw new NetworkFailure(
      'address-invalid',
      `None of these is an address of a node: ${addresses.join(', ')}`,
    )
  }
  const same = parsed.filter(({ peer }) => peer === first.peer).map(({ address }) => address)
  try {
    const connection = await libp2p.dial(same, { signal })
    const peer = didOfLibp2pId(connection.remotePeer)
    if (peer) return peer
  } catch (error) {
    signal.throwIfAborted()
    throw new NetworkFailure('peer-unreachable', `No node answers at ${addresses.join(', ')}.`, error)
  }
  throw new NetworkFailure('peer-refused', `The node at ${addresses.join(', ')} has a key of another kind.`)
}

function followEvents(init: PeersInit, redial: Redial, listeners: ReadonlySet<Listener>): Stop {
  const { libp2p, log } = init
  const tell = (id: Libp2pId, state: 'up' | 'down') => {
    const peer = didOfLibp2pId(id)
    if (!peer) return
    for (const listener of listeners) {
      try {
        listener(peer, state)
      } catch (error) {
        log('error', 'a peer listener threw', { peer, state, error: String(error) })
      }
    }
  }
  const up = (event: CustomEvent<Libp2pId>) => tell(event.detail, 'up')
  const down = (event: CustomEvent<Libp2pId>) => tell(event.detail, 'down')
  const identified = (event: CustomEvent<{ peerId: Libp2pId; listenAddrs: Multiaddr[] }>) => {
    const { peerId, listenAddrs } = event.detail
    const id = peerId.toString()
    if (listenAddrs.length === 0) return
    redial.want(
      id,
      listenAddrs.slice(0, 8).map(address => withPeer(address, id)),
      'while-it-answers',
    )
  }
  const discovered = (event: CustomEvent<{ id: Libp2pId; multiaddrs: Multiaddr[] }>) => {
    const { id, multiaddrs } = event.detail
    // mDNS finds nodes and leaves dialling to others.
    if (multiaddrs.length > 0) redial.want(id.toString(), multiaddrs.slice(0, 8), 'while-it-answers')
  }
  libp2p.addEventListener('peer:connect', up)
  libp2p.addEventListener('peer:disconnect', down)
  libp2p.addEventListener('peer:identify', identified)
  libp2p.addEventListener('peer:discovery', discovered)
  return () => {
    libp2p.removeEventListener('peer:connect', up)
    libp2p.removeEventListener('peer:disconnect', down)
    libp2p.removeEventListener('peer:identify', identified)
    libp2p.removeEventListener('peer:discovery', discovered)
  }
}

function withPeer(address: Multiaddr, id: string): Multiaddr {
  return peerOf(address) === undefined ? address.encapsulate(`/p2p/${id}`) : address
}

function parse(text: string): { address: Multiaddr; peer: string | undefined } | undefined {
  try {
    const address = multiaddr(text)
    return { address, peer: peerOf(address) }
  } catch {
    // Invitations and records of peers bring any text; what cannot be dialled is left out.
    return undefined
  }
}

function peerOf(address: Multiaddr): string | undefined {
  return address.getComponents().findLast(component => component.name === 'p2p')?.value
}
