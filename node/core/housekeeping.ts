/**
 * What time alone brings: records that expire, days to attest, episodes and recalls past their retention, memberships to
 * renew. Each part is tried again the next time when it fails, and holds up no other.
 */

import type { Evidence } from '../../store/evidence.ts'
import type { NodeConfig } from '../config.ts'
import type { Ports } from '../ports.ts'
import type { Authors } from '../trust/authors.ts'
import { attest } from './attesting.ts'
import type { BaseRates } from './base-rates.ts'
import type { Learning } from './learning.ts'
import type { RecallOutcomes } from './recall-outcomes.ts'
import { renewMembers } from './renewing.ts'
import type { Room } from './room.ts'
import type { StrangersRoom } from './strangers-room.ts'
import type { Swarm } from './swarm.ts'

export interface HousekeepingDeps {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly evidence: Evidence
  readonly authors: Authors
  readonly baseRates: BaseRates
  readonly learning: Learning
  readonly outcomes: RecallOutcomes
  readonly room: Room
  readonly strangersRoom: StrangersRoom
  readonly swarms: () => readonly Swarm[]
}

const tickMs = 600_000
/** A node that runs for minutes only does its housekeeping, too. */
const firstTickMs = 60_000
/** What was turned away for want of room is announced no second time: room that is free again is noticed here. */
const roomTickMs = 60_000

/** Goes on until the signal aborts. */
export async function keepHouse(deps: HousekeepingDeps, signal: AbortSignal): Promise<void> {
  await Promise.all([tidyNowAndThen(deps, signal), fillFreedRoom(deps, signal)])
}

async function tidyNowAndThen(deps: HousekeepingDeps, signal: AbortSignal): Promise<void> {
  const { authors, baseRates, learning, ports } = deps
  for (let pauseMs = firstTickMs; !signal.aborted; pauseMs = tickMs) {
    await tryIt(deps, signal, async () => {
      if (await baseRates.read(signal)) authors.changed()
    })
    await tryIt(deps, signal, () => ports.clock.sleep(pauseMs, signal))
    if (signal.aborted) return
    await tryIt(deps, signal, () => tidyUp(deps))
    await tryIt(deps, signal, () => renewMembers(deps))
    await tryIt(deps, signal, () => learning.refresh())
  }
}

async function fillFreedRoom(deps: HousekeepingDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await tryIt(deps, signal, async () => {
      await deps.ports.clock.sleep(roomTickMs, signal)
      if (deps.strangersRoom.takeFreed()) for (const swarm of deps.swarms()) swarm.wanted.all()
    })
  }
}

/** What ends by the stop itself is no failure. */
async function tryIt(
  { ports }: HousekeepingDeps,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (signal.aborted) return
    ports.log('error', 'The periodic housekeeping failed; it is tried again.', { cause: String(cause) })
  }
}

async function tidyUp(deps: HousekeepingDeps): Promise<void> {
  const { config, learning, outcomes, room, swarms } = deps
  for (const swarm of swarms()) await swarm.advance()
  if (config.attest === 'daily') await attest(deps)
  await learning.forgetOld()
  await outcomes.forgetOld()
  await room.tidy()
  // What is asked for now may be worth a place that it was not worth before.
  for (const swarm of swarms()) swarm.wanted.all()
}
