/** The body of a `member` record: whom the envelope's author let in. SPEC section "member". */

import { type BodyContext, type BodyResult, bodyResult, dayOf } from './body.ts'
import { Fields } from './fields.ts'
import { publicKeyOfPeer } from './identity.ts'
import type { MemberBody } from './types.ts'

export function memberToWire(body: MemberBody): unknown {
  return { member: publicKeyOfPeer(body.member), box: body.box, expires: body.expires }
}

export function memberFromWire(value: unknown, { author, t }: BodyContext): BodyResult<MemberBody> {
  const fields = new Fields(value)
  const member = fields.peer('member')
  const box = fields.bytes('box', 32)
  const expires = fields.day('expires')
  fields.require(member !== author, 'member must be another than the inviter')
  fields.require(expires >= dayOf(t), 'expires must not be before the record’s own day')
  return bodyResult(fields.problem(), { member, box, expires })
}
