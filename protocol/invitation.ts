/**
 * An invitation: one string that a person can copy, holding all that a new node needs to find the swarm and be let
 * in. The checksum tells a slip of the hand from a forgery, which the signatures catch. SPEC section "Invitation".
 */

import { base32 } from 'multiformats/bases/base32'
import { concat, equalBytes, utf8Bytes } from '../crypto/bytes.ts'
import { taggedHash } from '../crypto/hash.ts'
import type { KeyPair } from '../crypto/keys.ts'
import { sign, signatureBytes, verify } from '../crypto/sign.ts'
import { decodeCanonical, encodeCanonical } from './cbor.ts'
import { Fields } from './fields.ts'
import { peerOf, publicKeyOfPeer } from './identity.ts'
import {
  addressesMax,
  invitationBytesMax,
  invitationCharsMax,
  invitationUsesMax,
  nonceBytes,
  pskBytes,
} from './limits.ts'
import { addressForm, descriptorToWire, readDescriptorValue } from './swarm.ts'
import type { Descriptor, Failure, Invitation, Result, Seconds } from './types.ts'

export type InvitationFault =
  | 'invitation-malformed'
  | 'invitation-unknown-version'
  | 'invitation-altered'
  | 'invitation-not-allowed'
  | 'invitation-expired'

export interface InvitationDraft {
  readonly descriptor: Descriptor
  readonly addresses: readonly string[]
  readonly expires: Seconds
  readonly uses: number
  /** 16 bytes of chance: what the inviter counts uses and revocation by. */
  readonly nonce: Uint8Array
  /** Exactly in a private swarm. */
  readonly psk?: Uint8Array
}

const anyPrefix = 'swarmlore'
const prefix = 'swarmlore1'
const checksumBytes = 4
const signedPrefix = utf8Bytes('swarmlore/1 invitation\0')

/** Fails with the field that is out of its limits, or when this key may not invite. */
export function createInvitation(
  draft: InvitationDraft,
  inviter: KeyPair,
): Result<Invitation, InvitationFault> {
  const unsigned = { v: 1, ...draft, inviter: peerOf(inviter.publicKey) } as const
  return readInvitationValue(invitationToWire({ ...unsigned, sig: sign(signedBytes(unsigned), inviter) }))
}

export function invitationToText(invitation: Invitation): string {
  const bytes = encodeCanonical(invitationToWire(invitation))
  return prefix + base32.baseEncode(concat(bytes, checksumOf(bytes)))
}

/** White space, as line breaks in a mail leave it, and capitals do no harm. Anything else altered is told as such. */
export function readInvitation(text: string, nowS: Seconds): Result<Invitation, InvitationFault> {
  // As much white space again as text is more than any mail puts in.
  if (text.length > 2 * invitationCharsMax) return failure('invitation-malformed', notOne)
  const packed = text.replace(/\s+/g, '').toLowerCase()
  if (!packed.startsWith(anyPrefix)) return failure('invitation-malformed', notOne)
  if (!packed.startsWith(prefix)) {
    return /^swarmlore[2-9]/.test(packed)
      ? failure('invitation-unknown-version', newer)
      : failure('invitation-malformed', notOne)
  }
  const bytes = checkedBytes(packed.slice(prefix.length))
  if (bytes === undefined) return failure('invitation-altered', altered)
  const decoded = decodeCanonical(bytes, invitationBytesMax)
  if (!decoded.ok)
    return failure('invitation-malformed', `The invitation cannot be read: it is ${decoded.fault}.`)
  const read = readInvitationValue(decoded.value)
  if (!read.ok || nowS < read.value.expires) return read
  return failure('invitation-expired', 'The invitation has expired. Ask the one who sent it for a new one.')
}

/** The form in which an invitation also stands inside a join request. */
export function invitationToWire(invitation: Invitation): Readonly<Record<string, unknown>> {
  return { ...unsignedToWire(invitation), sig: invitation.sig }
}

/** Shape, both signatures and whether the inviter may invite; not the date. */
export function readInvitationValue(value: unknown): Result<Invitation, InvitationFault> {
  const fields = new Fields(value)
  const v = fields.integer('v', 1, Number.MAX_SAFE_INTEGER)
  if (v > 1) return failure('invitation-unknown-version', newer)
  const descriptor = readDescriptorValue(fields.any('descriptor'))
  if (!descriptor.ok) return descriptorFailure(descriptor)
  const isPrivate = descriptor.value.visibility === 'private'
  const invitation: Invitation = {
    v: 1,
    descriptor: descriptor.value,
    inviter: fields.peer('inviter'),
    addresses: fields.texts('addresses', 0, addressesMax, addressForm),
    expires: fields.seconds('expires'),
    uses: fields.integer('uses', 1, invitationUsesMax),
    nonce: fields.bytes('nonce', nonceBytes),
    ...(fields.has('psk') ? { psk: fields.bytes('psk', pskBytes) } : {}),
    sig: fields.bytes('sig', signatureBytes),
  }
  fields.require(isPrivate === fields.has('psk'), 'psk must stand in it exactly when the swarm is private')
  const problem = fields.problem()
  if (problem !== undefined)
    return failure('invitation-malformed', `The invitation cannot be used: ${problem}.`)
  if (!verify(signedBytes(invitation), invitation.sig, publicKeyOfPeer(invitation.inviter))) {
    return failure('invitation-altered', altered)
  }
  if (descriptor.value.invite.by === 'founder' && invitation.inviter !== descriptor.value.founder) {
    return failure(
      'invitation-not-allowed',
      'Only the founder of this swarm may invite, and this invitation is not theirs.',
    )
  }
  return { ok: true, value: invitation }
}

const notOne = `This is not an invitation: one is a single string that begins with ${prefix}.`
const newer = 'The invitation is of a later version than this node knows. Update the node.'
const altered = 'The invitation was altered or is incomplete. Copy the whole string again.'

function checkedBytes(digits: string): Uint8Array | undefined {
  const all = base32Bytes(digits)
  if (all === undefined || all.length <= checksumBytes) return undefined
  const bytes = all.subarray(0, all.length - checksumBytes)
  return equalBytes(checksumOf(bytes), all.subarray(bytes.length)) ? bytes : undefined
}

/** The one canonical spelling: spare bits are 0. */
function base32Bytes(digits: string): Uint8Array | undefined {
  if (digits.length > invitationCharsMax) return undefined
  try {
    const bytes = base32.baseDecode(digits)
    return base32.baseEncode(bytes) === digits ? bytes : undefined
  } catch {
    // The decoder throws for every character outside its alphabet; that is an expected answer here.
    return undefined
  }
}

function checksumOf(bytes: Uint8Array): Uint8Array {
  return taggedHash('swarmlore/1 invitation text', bytes).subarray(0, checksumBytes)
}

function signedBytes(invitation: Omit<Invitation, 'sig'>): Uint8Array {
  return concat(signedPrefix, encodeCanonical(unsignedToWire(invitation)))
}

function unsignedToWire(invitation: Omit<Invitation, 'sig'>): Readonly<Record<string, unknown>> {
  const { addresses, expires, uses, nonce, psk } = invitation
  return {
    v: 1,
    descriptor: descriptorToWire(invitation.descriptor),
    inviter: publicKeyOfPeer(invitation.inviter),
    addresses,
    expires,
    uses,
    nonce,
    ...(psk === undefined ? {} : { psk }),
  }
}

function descriptorFailure(inner: Failure): Failure<InvitationFault> {
  if (inner.code === 'descriptor-unknown-version') return failure('invitation-unknown-version', inner.message)
  if (inner.code === 'descriptor-altered') return failure('invitation-altered', inner.message)
  return failure('invitation-malformed', inner.message)
}

function failure(code: InvitationFault, message: string): Failure<InvitationFault> {
  return { ok: false, code, message }
}
