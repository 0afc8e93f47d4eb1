/**
 * Who is connected, in the node's own words, and the two ways in which that changes: dialling and sending away.
 * A peer that gossip sent away is kept out for ten minutes, by the same gate that keeps out whom the owner blocked and
 * keys that the node cannot name.
 */

import type { ConnectionGater, Libp2p, PeerId as Libp2pId, PeerInfo } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { addressesMax } from '../../protocol/limits.ts'
import type { PeerId } from '../../protocol/types.ts'
import type { Clock, Network, Stop } from '../ports.ts'
import { isWithin, type Scope } from './address-scope.ts'
import { keepRoom, type Seat } from './crowd.ts'
import { NetworkFailure } from './network-failure.ts'
import { didOfLibp2pId, libp2pIdOfDid } from './peer-ids.ts'
import { reachOf } from './peer-records.ts'
import { createRedial, type Redial, type RedialInit } from './redial.ts'

type Listener = Parameters<Network['onPeer']>[0]

export interface Peers
  extends Pick<Network, 'peers' | 'addressesOf' | 'onPeer' | 'dial' | 'disconnect' | 'addresses'> {
  readonly dials: Redial['dials']
  /** Somebody on the local network has said that it is there. */
  found(peer: PeerInfo): void
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
/** Peers that are dialled for as long as the node runs. */
const bootstrapPeersMax = 64

export interface GateInit {
  readonly clock: Clock
  /** The owner's word, asked at every connection, so that it holds from the start and is lifted at once. */
  readonly isBlocked: (peer: PeerId) => boolean
  /** This node, in libp2p's spelling. */
  readonly self: string
  /** From how near on addresses are taken up that others tell of, whoever it was (the DHT does not say). */
  readonly reach: () => Scope
}

export function createGate({ clock, isBlocked, self, reach }: GateInit): Gate {
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
      // Asked for whatever goes into libp2p's book of addresses, out of which the DHT and gossip dial.
      filterMultiaddrForPeer: (peer, address) => peer.toString() === self || isWithin(address, reach()),
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
  readonly libp2p: Libp2p
  readonly gate: Gate
  readonly bootstrap: readonly string[]
  readonly standing: (libp2pId: string) => Seat['standing']
}

export function createPeers(init: PeersInit): Peers {
  const { libp2p, log } = init
  const redial = createRedial(init)
  for (const [key, addresses] of bootstrapPeers(init)) redial.want(key, addresses, 'always')
  const hangUp = (peer: Libp2pId) => {
    libp2p.hangUp(peer).catch(error => log('debug', 'a hang-up failed', { error: String(error) }))
  }
  const letGo = (peer: Libp2pId) => {
    redial.forget(peer.toString())
    hangUp(peer)
  }
  const stopped = new AbortController()
  const room = keepRoom({ ...init, letGo }, stopped.signal)
  const listeners = new Set<Listener>()
  const stopEvents = followEvents(init, redial, listeners)
  const expel = (peer: Libp2pId, reason: string) => {
    init.gate.shut(peer.toString())
    redial.forgetMet(peer.toString())
    log('info', 'sent a peer away', { peer: peer.toString(), reason })
    hangUp(peer)
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
    dials: redial.dials,
    found: ({ id, multiaddrs }) => {
      const addresses = multiaddrs.filter(address => isWithin(address, 'machine')).slice(0, addressesMax)
      if (addresses.length > 0) redial.want(id.toString(), addresses, 'while-it-answers')
    },
    expel,
    close: async () => {
      stopEvents()
      stopped.abort()
      listeners.clear()
      await room
      await redial.close()
    },
  }
}

/** All addresses of one peer are one thing to dial: it may have moved from one of them to another. */
function bootstrapPeers({ bootstrap, log }: PeersInit): Map<string, Multiaddr[]> {
  const peers = new Map<string, Multiaddr[]>()
  for (const text of bootstrap) {
    const parsed = parse(text)
    if (parsed === undefined) {
      log('warn', 'a bootstrap address is not a multiaddr', { address: text })
      continue
    }
    const key = parsed.peer ?? text
    const addresses = peers.get(key) ?? []
    if (addresses.length < addressesMax && (addresses.length > 0 || peers.size < bootstrapPeersMax))
      peers.set(key, [...addresses, parsed.address])
  }
  return peers
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
    const reach = reachOf(libp2p.getConnections(peerId))
    if (reach === undefined) return
    const addresses = listenAddrs.slice(0, addressesMax).filter(address => isWithin(address, reach))
    const named = addresses.map(address => withPeer(address, id))
    if (named.length > 0) redial.want(id, named, 'while-it-answers')
  }
  libp2p.addEventListener('peer:connect', up)
  libp2p.addEventListener('peer:disconnect', down)
  libp2p.addEventListener('peer:identify', identified)
  return () => {
    libp2p.removeEventListener('peer:connect', up)
    libp2p.removeEventListener('peer:disconnect', down)
    libp2p.removeEventListener('peer:identify', identified)
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
