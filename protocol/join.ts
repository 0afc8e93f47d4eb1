/**
 * Redeeming an invitation: the joiner shows it to its inviter and proves that the new key is its own; the inviter
 * answers with the chain that ends in the new `member` record, or says why not. SPEC section "Join".
 */

import { concat, utf8Bytes } from '../crypto/bytes.ts'
import type { KeyPair } from '../crypto/keys.ts'
import { sign, signatureBytes, verify } from '../crypto/sign.ts'
import { decodeCanonical, encodeCanonical } from './cbor.ts'
import { type ChainEnds, type ChainFault, readChain, readChainField } from './chain.ts'
import { Fields } from './fields.ts'
import { publicKeyOfPeer } from './identity.ts'
import { invitationToWire, readInvitationValue } from './invitation.ts'
import { futureSlackSeconds, joinRequestBytesMax, joinResponseBytesMax } from './limits.ts'
import { swarmIdOf } from './swarm.ts'
import type { Failure, Invitation, MemberRecord, PeerId, Result, Seconds, SwarmId } from './types.ts'

const refusals = {
  'bad-request': 'The inviter could not read the request. Check that both nodes are of the same version.',
  clock: 'The clocks of the two nodes differ by more than 900 seconds. Set them right and join again.',
  foreign: 'The invitation is for another swarm than the one asked.',
  'not-inviter': 'The node asked is not the one that wrote the invitation.',
  altered: 'The invitation was altered: a signature in it does not hold.',
  expired: 'The invitation has expired. Ask for a new one.',
  revoked: 'The invitation was revoked by its inviter.',
  'used-up': 'The invitation has been used as often as it allows. Ask for a new one.',
  'not-allowed':
    'The inviter may not let members in: its own membership has ended, or the swarm does not allow it.',
} as const

export type JoinRefusal = keyof typeof refusals

export interface JoinRequest {
  readonly invitation: Invitation
  /** The joiner's key in this swarm; the responder also checks that it is the peer it talks to. */
  readonly member: PeerId
  /** X25519 public key. */
  readonly box: Uint8Array
  readonly t: Seconds
}

export interface JoinHost {
  readonly swarm: SwarmId
  readonly self: PeerId
  readonly nowS: Seconds
}

const signedPrefix = utf8Bytes('swarmlore/1 join\0')

export function encodeJoinRequest(invitation: Invitation, t: Seconds, member: KeyPair): Uint8Array {
  const unsigned = {
    v: 1,
    invitation: invitationToWire(invitation),
    member: member.publicKey,
    box: member.box.publicKey,
    t,
  }
  return encodeCanonical({ ...unsigned, sig: sign(concat(signedPrefix, encodeCanonical(unsigned)), member) })
}

/** Everything that can be told from the request itself. Whether it is revoked or used up, the inviter knows. */
export function readJoinRequest(bytes: Uint8Array, host: JoinHost): Result<JoinRequest, JoinRefusal> {
  const decoded = decodeCanonical(bytes, joinRequestBytesMax)
  if (!decoded.ok) return refuse('bad-request')
  const fields = new Fields(decoded.value)
  fields.integer('v', 1, 1)
  const wireInvitation = fields.any('invitation')
  const member = fields.peer('member')
  const box = fields.bytes('box', 32)
  const t = fields.seconds('t')
  const sig = fields.bytes('sig', signatureBytes)
  if (fields.problem() !== undefined) return refuse('bad-request')
  const unsigned = { v: 1, invitation: wireInvitation, member: publicKeyOfPeer(member), box, t }
  const message = concat(signedPrefix, encodeCanonical(unsigned))
  if (!verify(message, sig, publicKeyOfPeer(member))) return refuse('bad-request')
  const read = readInvitationValue(wireInvitation)
  if (!read.ok) return refuse(refusalOf(read.code))
  const invitation = read.value
  if (swarmIdOf(invitation.descriptor) !== host.swarm) return refuse('foreign')
  if (invitation.inviter !== host.self) return refuse('not-inviter')
  if (member === host.self) return refuse('bad-request')
  if (Math.abs(t - host.nowS) > futureSlackSeconds) return refuse('clock')
  if (host.nowS >= invitation.expires) return refuse('expired')
  return { ok: true, value: { invitation, member, box, t } }
}

/** The chain from the founder to the joiner, the new record last. */
export function encodeJoinAccepted(chain: readonly MemberRecord[]): Uint8Array {
  return encodeCanonical({ v: 1, chain: chain.map(record => record.bytes) })
}

export function encodeJoinRefused(reason: JoinRefusal): Uint8Array {
  return encodeCanonical({ v: 1, refused: reason })
}

/** The joiner's side. A refusal by the inviter, and an answer that does not hold, are told apart by their code. */
export function readJoinResponse(
  bytes: Uint8Array,
  ends: ChainEnds,
): Result<readonly MemberRecord[], JoinRefusal | ChainFault | 'join-malformed'> {
  const decoded = decodeCanonical(bytes, joinResponseBytesMax)
  if (!decoded.ok) return malformed(decoded.fault)
  const fields = new Fields(decoded.value)
  fields.integer('v', 1, 1)
  if (fields.has('refused')) {
    const reason = fields.any('refused')
    const known = joinRefusals.find(code => code === reason)
    return fields.problem() === undefined && known !== undefined
      ? refuse(known)
      : malformed('its refusal is of no known kind')
  }
  const chain = readChainField(fields)
  const problem = fields.problem()
  if (problem !== undefined) return malformed(problem)
  return readChain(chain, ends)
}

const joinRefusals = Object.keys(refusals) as JoinRefusal[]

function refusalOf(code: string): JoinRefusal {
  if (code === 'invitation-altered') return 'altered'
  return code === 'invitation-not-allowed' ? 'not-allowed' : 'bad-request'
}

function refuse(code: JoinRefusal): Failure<JoinRefusal> {
  return { ok: false, code, message: refusals[code] }
}

function malformed(why: string): Failure<'join-malformed'> {
  return { ok: false, code: 'join-malformed', message: `The inviter’s answer cannot be used: ${why}.` }
}
