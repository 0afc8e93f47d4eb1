/**
 * Finding members of the swarm that no address leads to (SPEC, "Transport"): each node advertises the rendezvous keys of
 * the shards that it cares for, which are all, in the DHT among the peers that it knows, and dials whom it finds there.
 */

import { rendezvousKey } from '../../protocol/swarm.ts'
import type { PeerId, SwarmId } from '../../protocol/types.ts'
import type { Clock, Log, Network, Random } from '../ports.ts'

export interface RendezvousDeps {
  readonly swarm: SwarmId
  readonly shards: number
  /** A node that has so many members for neighbours looks for no more. */
  readonly enoughPeers: number
  readonly isMember: (peer: PeerId) => boolean
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** The first rounds come soon, since a young swarm knows few peers. */
const firstWaitMs = 5_000
/** DHT records of providers live for a day or two: asking rarely is enough. */
const roundMs = 600_000
const roundDeadlineMs = 30_000
const dialDeadlineMs = 10_000
/** Shards of one round. All nodes begin with the same ones, so that those of a young swarm meet in their first rounds. */
const shardsAtOnce = 4
/** Addresses dialled in one round. */
const dialsMax = 16
const dialsAtOnce = 4

/** Goes on until the signal aborts. */
export async function keepRendezvous(deps: RendezvousDeps, signal: AbortSignal): Promise<void> {
  const { clock, log, network, random } = deps
  for (let round = 0; !signal.aborted; round++) {
    const waitMs = Math.min(firstWaitMs * 2 ** round, roundMs)
    await clock.sleep(waitMs / 2 + random.below(waitMs), signal)
    if (network.peers().length === 0) continue
    try {
      await clock.within(roundDeadlineMs, signal, async inTime => {
        for (const key of keysOf(deps, round)) {
          await network.advertise(key, inTime)
          if (network.peers().filter(deps.isMember).length < deps.enoughPeers)
            await dialFound(deps, key, inTime)
        }
      })
    } catch (cause) {
      if (signal.aborted) throw cause
      log('debug', 'No rendezvous this time.', { cause: String(cause) })
    }
  }
}

function keysOf({ swarm, shards }: RendezvousDeps, round: number): readonly Uint8Array[] {
  const first = (round * shardsAtOnce) % shards
  return Array.from({ length: Math.min(shards, shardsAtOnce) }, (_, at) =>
    rendezvousKey(swarm, (first + at) % shards),
  )
}

/** Junk in the DHT often does not answer at all: a few are dialled side by side, so that it cannot use up the round. */
async function dialFound(
  { clock, log, network }: RendezvousDeps,
  key: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const dial = async (addresses: readonly string[]): Promise<void> => {
    try {
      await clock.within(dialDeadlineMs, signal, inTime => network.dial(addresses, inTime))
    } catch (cause) {
      log('debug', 'A peer found by rendezvous does not answer.', { addresses, cause: String(cause) })
    }
  }
  const dialling = new Set<Promise<void>>()
  let dials = 0
  for await (const addresses of network.discover(key, signal)) {
    if (++dials > dialsMax) break
    if (dialling.size >= dialsAtOnce) await Promise.race(dialling)
    signal.throwIfAborted()
    const one: Promise<void> = dial(addresses).finally(() => dialling.delete(one))
    dialling.add(one)
  }
  await Promise.all(dialling)
  signal.throwIfAborted()
}
