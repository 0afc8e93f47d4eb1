/** The body of an `attest` record: how a day went with another author's entries. SPEC section "attest". */

import { type BodyContext, type BodyResult, bodyResult, dayOf } from './body.ts'
import { Fields } from './fields.ts'
import { publicKeyOfPeer } from './identity.ts'
import { attestAgeDaysMax, attestCountMax } from './limits.ts'
import type { AttestBody } from './types.ts'

export function attestToWire(body: AttestBody): unknown {
  return { subject: publicKeyOfPeer(body.subject), day: body.day, helped: body.helped, hurt: body.hurt }
}

export function attestFromWire(value: unknown, { author, t }: BodyContext): BodyResult<AttestBody> {
  const fields = new Fields(value)
  const subject = fields.peer('subject')
  const day = fields.day('day')
  const helped = fields.integer('helped', 0, attestCountMax)
  const hurt = fields.integer('hurt', 0, attestCountMax)
  fields.require(subject !== author, 'subject must be another than the author')
  fields.require(helped + hurt > 0, 'helped and hurt must not both be 0')
  fields.require(day <= dayOf(t), 'day must not be after the record’s own day')
  fields.require(
    day + attestAgeDaysMax >= dayOf(t),
    `day must be at most ${attestAgeDaysMax} days before the record`,
  )
  return bodyResult(fields.problem(), { subject, day, helped, hurt })
}
