/**
 * Tells each swarm how its authors' lessons did here, a day at a time once the day is over. What is due is decided by
 * `trust/attesting`; this gathers what it needs, signs and publishes.
 */

import { dayOf } from '../../protocol/body.ts'
import { signRecord } from '../../protocol/envelope.ts'
import type { PeerId } from '../../protocol/types.ts'
import type { Evidence } from '../../store/evidence.ts'
import type { Ports } from '../ports.ts'
import { attestationsDue } from '../trust/attesting.ts'
import type { Swarm } from './swarm.ts'

export interface AttestingDeps {
  readonly ports: Ports
  readonly evidence: Evidence
  readonly swarms: () => readonly Swarm[]
}

/** Publishes what is due and not said yet; doing it again says nothing. A swarm in which this node is no member is left out. */
export async function attest({ ports, evidence, swarms }: AttestingDeps): Promise<void> {
  const t = Math.floor(ports.clock.now() / 1000)
  for (const swarm of swarms()) {
    if (swarm.membership.chain() === undefined) continue
    const { self, set } = swarm
    const isOfSwarm = ({ subject }: { subject: PeerId }): boolean =>
      subject !== self && (subject === swarm.descriptor.founder || set.member(subject) !== undefined)
    const outcomes = [...evidence.authorDays()].filter(isOfSwarm)
    if (outcomes.length === 0) continue
    const said = [...set.attested()].filter(one => one.author === self)
    for (const body of attestationsDue(outcomes, said, dayOf(t))) {
      await swarm.publish(signRecord({ swarm: swarm.id, kind: 'attest', t, body }, swarm.pair))
    }
  }
}
