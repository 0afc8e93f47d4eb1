/**
 * Memberships that would run out: whoever let a member in lets it in anew, in good time, as long as it gives a sign of
 * life. A member that is gone for good runs out by itself; one whom the owner has blocked is not renewed.
 */

import { dayOf, secondsPerDay } from '../../protocol/body.ts'
import { signRecord } from '../../protocol/envelope.ts'
import type { Day, MemberRecord, PeerId } from '../../protocol/types.ts'
import { membershipDays } from '../pipeline/membership.ts'
import type { Ports } from '../ports.ts'
import type { Authors } from '../trust/authors.ts'
import type { Swarm } from './swarm.ts'

export interface RenewingDeps {
  readonly ports: Ports
  readonly authors: Authors
  readonly swarms: () => readonly Swarm[]
}

/** A third of a membership: both nodes need to be up and connected, or the member heard of, only once in that time. */
const renewDays = 60

export async function renewMembers({ authors, ports, swarms }: RenewingDeps): Promise<void> {
  const t = Math.floor(ports.clock.now() / 1000)
  const today = dayOf(t)
  for (const swarm of swarms()) {
    if (swarm.membership.chain() === undefined) continue
    for (const member of swarm.members()) {
      const record = swarm.membership.givenTo(member)
      if (record === undefined || swarm.set.isTakenBack(record) || !isDue(record, today)) continue
      const { blocked, blockedSince } = authors.wordOn(member)
      if ((blocked && blockedSince === undefined) || !isAlive(swarm, member, t)) continue
      const body = { ...record.envelope.body, expires: today + membershipDays }
      await swarm.publish(signRecord({ swarm: swarm.id, kind: 'member', t, body }, swarm.pair))
      ports.log('info', 'A membership was renewed.', { swarm: swarm.id, member, days: membershipDays })
    }
  }
}

/** A shorter membership than the usual one was meant to end. */
function isDue({ envelope: { body, t } }: MemberRecord, today: Day): boolean {
  return body.expires - today <= renewDays && body.expires - dayOf(t) >= membershipDays
}

/** Connected now, or it has signed something in that time. */
function isAlive(swarm: Swarm, member: PeerId, nowS: number): boolean {
  return (
    swarm.peers().includes(member) || (swarm.set.lastSigned(member) ?? 0) >= nowS - renewDays * secondsPerDay
  )
}
