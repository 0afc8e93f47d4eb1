/**
 * Keeps the swarm together: addresses given at the start, and peers met since, are dialled again when they are
 * lost. Waits double up to 15 s and are jittered, so that a healed network is not stormed by everyone at once.
 */

import type { Libp2p, PeerId as Libp2pId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock, Log, Random } from '../ports.ts'

export interface Redial {
  /** Dialled until it answers, and again whenever it is lost. */
  want(key: string, addresses: readonly Multiaddr[], keep: 'always' | 'while-it-answers'): void
  /** For a peer that was sent away. */
  forget(key: string): void
  close(): Promise<void>
}

interface Wanted {
  readonly addresses: readonly Multiaddr[]
  readonly keep: 'always' | 'while-it-answers'
  failures: number
  dueMs: number
  dialling: boolean
}

export interface RedialInit {
  readonly libp2p: Libp2p
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly connectionsMax: number
}

const tickMs = 500
const waitMsMin = 500
const waitMsMax = 15_000
const dialMsMax = 10_000
/** A peer met on the way is given up after about five minutes without an answer. */
const failuresMax = 25
/** Peers remembered; what a node needs to find its swarm again, with room to spare. */
const wantedMax = 256

export function createRedial(init: RedialInit): Redial {
  const wanted = new Map<string, Wanted>()
  const stopped = new AbortController()
  const loop = run(init, wanted, stopped.signal)
  return {
    want: (key, addresses, keep) => {
      if (wanted.get(key)?.keep === 'always') return
      if (wanted.size >= wantedMax && !wanted.has(key)) makeRoom(wanted)
      wanted.set(key, { addresses, keep, failures: 0, dueMs: 0, dialling: false })
    },
    forget: key => wanted.delete(key),
    close: async () => {
      stopped.abort()
      await loop
    },
  }
}

async function run(init: RedialInit, wanted: Map<string, Wanted>, stop: AbortSignal): Promise<void> {
  const { clock, libp2p } = init
  while (!stop.aborted) {
    for (const [key, entry] of wanted) {
      if (entry.dialling || entry.dueMs > clock.now()) continue
      if (libp2p.getConnections().length >= init.connectionsMax || isConnected(libp2p, key, entry)) continue
      void dialOnce(init, wanted, key, entry, stop)
    }
    // The only rejection is the stop itself.
    await clock.sleep(tickMs, stop).catch(() => undefined)
  }
}

async function dialOnce(
  { libp2p, clock, random, log }: RedialInit,
  wanted: Map<string, Wanted>,
  key: string,
  entry: Wanted,
  stop: AbortSignal,
): Promise<void> {
  entry.dialling = true
  using deadline = clock.deadline(dialMsMax, stop)
  try {
    await libp2p.dial([...entry.addresses], { signal: deadline.signal })
    entry.failures = 0
    entry.dueMs = clock.now() + jittered(waitMsMin, random)
  } catch (error) {
    entry.failures++
    entry.dueMs = clock.now() + jittered(Math.min(waitMsMin * 2 ** entry.failures, waitMsMax), random)
    log('debug', 'a peer could not be dialled', { key, failures: entry.failures, error: String(error) })
    if (entry.keep === 'while-it-answers' && entry.failures > failuresMax) wanted.delete(key)
  } finally {
    entry.dialling = false
  }
}

function isConnected(libp2p: Libp2p, key: string, entry: Wanted): boolean {
  const addresses = new Set(entry.addresses.map(String))
  return libp2p
    .getConnections()
    .some(({ remotePeer, remoteAddr }) => sameKey(remotePeer, key) || addresses.has(remoteAddr.toString()))
}

function sameKey(peer: Libp2pId, key: string): boolean {
  return peer.toString() === key
}

/** The oldest that was only met on the way. */
function makeRoom(wanted: Map<string, Wanted>): void {
  for (const [key, entry] of wanted) {
    if (entry.keep === 'always') continue
    wanted.delete(key)
    return
  }
}

/** Between half and all of it. */
function jittered(ms: number, random: Random): number {
  return ms / 2 + random.below(Math.ceil(ms / 2))
}
