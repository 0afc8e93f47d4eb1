/**
 * Peers by way of peers (SPEC, "Peers"): members tell each other what further members have signed of where they listen,
 * so that a node which knows one of them comes to know more. Only members are told, believed and dialled, and only a few
 * at a time: nobody can aim the swarm at an address, or flood a newcomer with calls.
 */

import { peerRecordsMax, peersBytesMax } from '../../protocol/limits.ts'
import { decodePeers, encodePeers } from '../../protocol/peers.ts'
import { streamsOf } from '../../protocol/swarm.ts'
import type { PeerId, SwarmId } from '../../protocol/types.ts'
import type { Clock, Discovery, Log, Network, PeerRecord, Random, Stop } from '../ports.ts'

export interface PeerExchangeDeps {
  readonly swarm: SwarmId
  readonly network: Network
  readonly discovery: Discovery
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly isMember: (peer: PeerId) => boolean
  /** A node that has so many members for neighbours looks for no more; strangers do not count, or a few would keep it to themselves. */
  readonly enoughPeers: number
  readonly signal: AbortSignal
}

const requestDeadlineMs = 10_000
const dialDeadlineMs = 10_000
/** Whom one answer may make this node dial. */
const dialsMax = 4
/** Who was dialled is not dialled again on anybody's word for so long; the node's own redialling has its own pace. */
const againMs = 600_000
/** Remembered of them; the oldest may be dialled again. */
const dialledMax = 256
const roundMs = 60_000

export interface PeerExchange {
  /** Asks a member for others, and dials some of them. Never rejects but by the signal. */
  ask(peer: PeerId): Promise<void>
  /** Asks one neighbour now and then, as long as there are few. */
  keepAsking(): Promise<void>
  readonly stop: Stop
}

export function createPeerExchange(deps: PeerExchangeDeps): PeerExchange {
  const { clock, log, network, random, signal } = deps
  const protocol = streamsOf(deps.swarm).peers
  const dialled = new Map<PeerId, number>()

  const stop = network.serve(protocol, { maxBytes: 0, perPeer: 1 }, async (_bytes, from) => {
    if (!deps.isMember(from)) return encodePeers([])
    const others = network.peers().filter(peer => peer !== from && deps.isMember(peer))
    return encodePeers(await deps.discovery.peerRecords(draw(others, peerRecordsMax, random)))
  })

  const hasEnough = (): boolean => network.peers().filter(deps.isMember).length >= deps.enoughPeers

  const tried = (peer: PeerId): void => {
    const [oldest] = dialled.keys()
    if (dialled.size >= dialledMax && oldest !== undefined) dialled.delete(oldest)
    dialled.delete(peer)
    dialled.set(peer, clock.now())
  }

  const ask = async (peer: PeerId): Promise<void> => {
    if (!deps.isMember(peer) || hasEnough()) return
    const told = await recordsFrom(deps, protocol, peer)
    const wanted = told.filter(
      one =>
        one.addresses.length > 0 &&
        one.peer !== network.self &&
        deps.isMember(one.peer) &&
        clock.now() - (dialled.get(one.peer) ?? -againMs) >= againMs,
    )
    for (const one of wanted.slice(0, dialsMax)) {
      if (hasEnough()) return
      if (network.peers().includes(one.peer)) continue
      tried(one.peer)
      try {
        await clock.within(dialDeadlineMs, signal, inTime => network.dial(one.addresses, inTime))
      } catch (cause) {
        if (signal.aborted) throw cause
        log('debug', 'A member that another one named does not answer.', {
          peer: one.peer,
          named: peer,
          cause: String(cause),
        })
      }
    }
  }

  return {
    ask,
    async keepAsking() {
      while (!signal.aborted) {
        await clock.sleep(roundMs / 2 + random.below(roundMs), signal)
        const [peer] = draw(network.peers().filter(deps.isMember), 1, random)
        if (peer !== undefined) await ask(peer)
      }
    },
    stop,
  }
}

/** What the peer hands on, verified. Of one that hands on what nobody has signed, nothing is taken. */
async function recordsFrom(
  deps: PeerExchangeDeps,
  protocol: string,
  from: PeerId,
): Promise<readonly PeerRecord[]> {
  const { clock, discovery, log, network, signal } = deps
  let answer: Uint8Array
  try {
    answer = await clock.within(requestDeadlineMs, signal, inTime =>
      network.request(from, protocol, new Uint8Array(), { maxBytes: peersBytesMax, signal: inTime }),
    )
  } catch (cause) {
    if (signal.aborted) throw cause
    log('debug', 'A peer does not tell of others.', { peer: from, cause: String(cause) })
    return []
  }
  const peers = decodePeers(answer)
  if (!peers.ok) {
    log('info', peers.message, { peer: from, code: peers.code })
    return []
  }
  const read: PeerRecord[] = []
  for (const bytes of peers.value) {
    const record = await discovery.readPeerRecord(bytes, from)
    if (record === undefined) {
      log('info', 'A peer handed on a forged record of another; what it tells of others is not used.', {
        peer: from,
      })
      return []
    }
    read.push(record)
  }
  return read
}

/** A random few, none twice. */
function draw<T>(all: readonly T[], count: number, random: Random): readonly T[] {
  const left = [...all]
  const drawn: T[] = []
  while (drawn.length < count && left.length > 0) drawn.push(...left.splice(random.below(left.length), 1))
  return drawn
}
