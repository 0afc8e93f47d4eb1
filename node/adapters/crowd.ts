/**
 * Who goes when there are more connections than a node keeps. An office has one address for many honest peers, so an
 * address alone is held against nobody that the swarm knows; only among strangers the most crowded address pays first,
 * or whoever rents one machine could fill every place.
 */

import type { Connection, Libp2p } from '@libp2p/interface'
import type { Clock, Log } from '../ports.ts'
import { scopeOf } from './address-scope.ts'

export interface Seat {
  readonly peer: string
  /** `public` addresses are told apart; others have none worth counting. */
  readonly host: string | undefined
  readonly standing: 'trusted' | 'member' | 'stranger'
  readonly outbound: boolean
  /** Milliseconds. */
  readonly since: number
}

const ranks: Readonly<Record<Seat['standing'], number>> = { stranger: 0, member: 1, trusted: 2 }

/** So long a newcomer has to show who it is, and is told of other peers, before it may be sent away. */
export const graceMs = 10_000

/** The connections to close so that `max` are left, as far as any may be closed yet. Pure. */
export function surplus(seats: readonly Seat[], max: number, nowMs: number): readonly string[] {
  const excess = seats.length - max
  if (excess <= 0) return []
  const strangersAt = new Map<string, number>()
  for (const { host, standing } of seats)
    if (host !== undefined && standing === 'stranger') strangersAt.set(host, (strangersAt.get(host) ?? 0) + 1)
  const crowd = ({ host, standing }: Seat): number =>
    host === undefined || standing !== 'stranger' ? 0 : (strangersAt.get(host) ?? 0)
  return seats
    .filter(({ since }) => nowMs - since >= graceMs)
    .sort(
      (a, b) =>
        ranks[a.standing] - ranks[b.standing] ||
        crowd(b) - crowd(a) ||
        Number(a.outbound) - Number(b.outbound) ||
        b.since - a.since,
    )
    .slice(0, excess)
    .map(({ peer }) => peer)
}

export interface CrowdInit {
  readonly libp2p: Pick<Libp2p, 'getConnections'>
  readonly clock: Clock
  readonly log: Log
  readonly connectionsMax: number
  readonly standing: (libp2pId: string) => Seat['standing']
  /** Closes what is open with the peer. */
  readonly letGo: (peer: Connection['remotePeer']) => void
}

const lookMs = 1_000

/** Goes on until the signal aborts. */
export async function keepRoom(init: CrowdInit, stop: AbortSignal): Promise<void> {
  const { libp2p, clock, log, connectionsMax } = init
  while (!stop.aborted) {
    // The only rejection is the stop itself.
    await clock.sleep(lookMs, stop).catch(() => undefined)
    const connections = libp2p.getConnections()
    if (stop.aborted || connections.length <= connectionsMax) continue
    const gone = new Set(surplus(seatsOf(connections, init), connectionsMax, clock.now()))
    if (gone.size > 0) log('info', 'more connections than are kept; let some go', { count: gone.size })
    for (const peer of new Map(connections.map(one => [one.remotePeer.toString(), one.remotePeer])).values())
      if (gone.has(peer.toString())) init.letGo(peer)
  }
}

function seatsOf(connections: readonly Connection[], { standing }: CrowdInit): readonly Seat[] {
  const seats = new Map<string, Seat>()
  for (const { remotePeer, remoteAddr, direction, timeline } of connections) {
    const peer = remotePeer.toString()
    const [host] = remoteAddr.getComponents()
    seats.set(peer, {
      peer,
      host: scopeOf(remoteAddr) === 'public' ? host?.value : undefined,
      standing: standing(peer),
      outbound: direction === 'outbound' || seats.get(peer)?.outbound === true,
      since: Math.min(timeline.open, seats.get(peer)?.since ?? timeline.open),
    })
  }
  return [...seats.values()]
}
