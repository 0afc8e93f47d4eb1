/**
 * Which attestations this node signs (SPEC, "attest"): for each author of the swarm and each whole day that is over, how
 * often its lessons helped and hurt here. What was attested before is read from the replicated set, so the answer needs
 * no memory of its own, and neither a restart nor a restored backup makes it say anything twice. Pure.
 */

import { attestAgeDaysMax, attestCountMax, attestSubjectsAllowance } from '../../protocol/limits.ts'
import type { AttestBody, Day, PeerId } from '../../protocol/types.ts'

/** What happened on one day with one author's lessons: whole counts. */
export interface DayOutcome {
  readonly subject: PeerId
  readonly day: Day
  readonly helped: number
  readonly hurt: number
}

/** `outcomes` of authors of this swarm; `attested` are this node's own live attestations in it. */
export function attestationsDue(
  outcomes: Iterable<DayOutcome>,
  attested: Iterable<DayOutcome>,
  today: Day,
): readonly AttestBody[] {
  const said = new Map<Day, Map<PeerId, DayOutcome>>()
  for (const one of attested) {
    const ofDay = said.get(one.day) ?? new Map<PeerId, DayOutcome>()
    said.set(one.day, ofDay.set(one.subject, one))
  }
  // What most happened with comes first, where a day has more authors than may be attested.
  const ranked = [...outcomes].sort(
    (a, b) => a.day - b.day || b.helped + b.hurt - (a.helped + a.hurt) || (a.subject < b.subject ? -1 : 1),
  )
  const due: AttestBody[] = []
  for (const { subject, day, helped, hurt } of ranked) {
    // The day under way may bring more; and a record of the last day that still counts would leave with it.
    if (day >= today || day + attestAgeDaysMax <= today) continue
    const ofDay = said.get(day) ?? new Map<PeerId, DayOutcome>()
    const before = ofDay.get(subject)
    const body = { subject, day, helped: capped(helped, before?.helped), hurt: capped(hurt, before?.hurt) }
    if (body.helped + body.hurt === 0) continue
    if (before === undefined && ofDay.size >= attestSubjectsAllowance) continue
    if (body.helped === before?.helped && body.hurt === before.hurt) continue
    said.set(day, ofDay.set(subject, body))
    due.push(body)
  }
  return due
}

/** Never below what was said: the greatest count of a day stands in any case. */
function capped(count: number, before = 0): number {
  return Math.min(attestCountMax, Math.max(0, Math.floor(count), before))
}
