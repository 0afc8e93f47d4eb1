/**
 * Keeps the swarm together: addresses given at the start, and peers met since, are dialled again when they are
 * lost. Waits double up to 15 s and are jittered, so that a healed network is not stormed by everyone at once.
 */

import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock, Log, Random, SearchView } from '../ports.ts'
import {
  briefMsMax,
  type DialHistory,
  dialsMax,
  isGivenUp,
  type Keep,
  lostMs,
  neverDialled,
  noteDial,
  noteHeld,
  noteLoss,
  tickMs,
  waitAfterDialMs,
  wantedMax,
} from '../redial-waits.ts'
import { failureOf } from './dial-failure.ts'

export interface Redial {
  /** Dialled until it answers, and again whenever it is lost. */
  want(key: string, addresses: readonly Multiaddr[], keep: Keep): void
  /** For a peer that was sent away. */
  forget(key: string): void
  /** For one that was sent away for a while: what was given is dialled again after it. */
  forgetMet(key: string): void
  dials(): SearchView['dials']
  close(): Promise<void>
}

interface Wanted {
  addresses: readonly Multiaddr[]
  readonly keep: Keep
  /** Who answered, where the address does not name anyone. */
  peer: string
  readonly history: DialHistory
  dueMs: number
  dialling: boolean
  last: SearchView['dials'][number]['last']
}

interface Named {
  readonly remotePeer: { toString(): string }
}

export interface RedialInit {
  /** What is used of a Libp2p. */
  readonly libp2p: {
    readonly peerId: { toString(): string }
    getConnections(): readonly Named[]
    dial(addresses: Multiaddr[], options: { readonly signal: AbortSignal }): Promise<Named>
  }
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly connectionsMax: number
}

const dialMsMax = 10_000
/** Shown of what is dialled. */
const shownMax = 16

export function createRedial(init: RedialInit): Redial {
  const wanted = new Map<string, Wanted>()
  const stopped = new AbortController()
  const loop = run(init, wanted, stopped.signal)
  return {
    want: (key, addresses, keep) => {
      const known = wanted.get(key)
      if (known?.keep === 'always' || key === init.libp2p.peerId.toString()) return
      if (known?.keep === keep) {
        // What was learned of how it answers stands: one that hangs up at once would else be dialled every second.
        known.addresses = addresses
        return
      }
      if (known === undefined && wanted.size >= wantedMax && !makeRoom(wanted)) return
      wanted.set(key, {
        addresses,
        keep,
        peer: key,
        history: neverDialled(),
        dueMs: 0,
        dialling: false,
        last: 'none',
      })
    },
    forget: key => wanted.delete(key),
    forgetMet: key => {
      if (wanted.get(key)?.keep !== 'always') wanted.delete(key)
    },
    dials: () =>
      [...wanted.values()].slice(0, shownMax).map(entry => ({
        address: String(entry.addresses[0]),
        last: isConnected(init.libp2p, entry) ? 'connected' : entry.last,
      })),
    close: async () => {
      stopped.abort()
      await loop
    },
  }
}

async function run(init: RedialInit, wanted: Map<string, Wanted>, stop: AbortSignal): Promise<void> {
  const { clock } = init
  while (!stop.aborted) {
    for (const [key, entry] of due(init, wanted)) void dialOnce(init, wanted, key, entry, stop)
    // The only rejection is the stop itself.
    await clock.sleep(tickMs, stop).catch(() => undefined)
  }
}

/** Who is to be dialled now; who has waited longest comes first, or those that never answer would keep the others out. */
function due(init: RedialInit, wanted: Map<string, Wanted>): [string, Wanted][] {
  const { libp2p, clock } = init
  const now = clock.now()
  const found: [string, Wanted][] = []
  let dialling = 0
  for (const [key, entry] of wanted) {
    if (isConnected(libp2p, entry)) {
      entry.history.upSinceMs ??= now
      noteHeld(entry.history, now)
      leaveAlone(init, entry, lostMs)
      continue
    }
    const waitMs = noteLoss(entry.history, now)
    if (waitMs !== undefined) leaveAlone(init, entry, waitMs)
    if (entry.dialling) dialling++
    // No wait is that long: the clock was set back.
    else if (entry.dueMs <= now || entry.dueMs > now + briefMsMax) found.push([key, entry])
  }
  if (libp2p.getConnections().length >= init.connectionsMax) return []
  return found.sort(([, a], [, b]) => a.dueMs - b.dueMs).slice(0, Math.max(0, dialsMax - dialling))
}

/** Not dialled for a while from now on. */
function leaveAlone({ clock, random }: RedialInit, entry: Wanted, waitMs: number): void {
  entry.dueMs = Math.max(entry.dueMs, clock.now() + jittered(waitMs, random))
}

async function dialOnce(
  { libp2p, clock, random, log }: RedialInit,
  wanted: Map<string, Wanted>,
  key: string,
  entry: Wanted,
  stop: AbortSignal,
): Promise<void> {
  entry.dialling = true
  noteDial(entry.history, libp2p.getConnections().length === 0)
  try {
    const connection = await clock.within(dialMsMax, stop, signal =>
      libp2p.dial([...entry.addresses], { signal }),
    )
    entry.peer = connection.remotePeer.toString()
  } catch (error) {
    entry.last = failureOf(error)
    log('debug', 'a peer could not be dialled', {
      key,
      attempts: entry.history.attempts,
      error: String(error),
    })
  } finally {
    entry.dueMs = clock.now() + jittered(waitAfterDialMs(entry.history), random)
    entry.dialling = false
    if (isGivenUp(entry.history, entry.keep)) wanted.delete(key)
  }
}

function isConnected(libp2p: RedialInit['libp2p'], entry: Wanted): boolean {
  return libp2p.getConnections().some(({ remotePeer }) => remotePeer.toString() === entry.peer)
}

/** Forgets the oldest that was only met on the way; false where all of them were given. */
function makeRoom(wanted: Map<string, Wanted>): boolean {
  for (const [key, entry] of wanted) if (entry.keep !== 'always') return wanted.delete(key)
  return false
}

/** Between half and all of it. */
function jittered(ms: number, random: Random): number {
  return ms / 2 + random.below(Math.ceil(ms / 2))
}
