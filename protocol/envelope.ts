/**
 * The one outer form of every record, signed and read. Reading is in two steps, so that a caller can put its fair
 * queue between the cheap part (size, decode, shape, body) and the dear one (signature). SPEC section "Envelope".
 */

import { concat, latin1Of, utf8Bytes } from '../crypto/bytes.ts'
import { sha256, taggedHash } from '../crypto/hash.ts'
import type { KeyPair } from '../crypto/keys.ts'
import { createMemo } from '../crypto/memo.ts'
import { type Signed, sign, signatureBytes, verify } from '../crypto/sign.ts'
import { attestFromWire, attestToWire } from './attestation.ts'
import type { BodyContext } from './body.ts'
import { decodeCanonical, encodeCanonical, withoutField } from './cbor.ts'
import { digestFromWire, digestToWire } from './digest.ts'
import { RejectReason, verdictOf } from './errors.ts'
import { Fields } from './fields.ts'
import { bytesOfId, publicKeyOfPeer, recordIdOfHash, swarmIdOfHash } from './identity.ts'
import {
  attestBytesMax,
  digestBytesMax,
  extBytesMax,
  futureSlackSeconds,
  kindCharsMax,
  memberBytesMax,
  recordBytesMax,
  retractBytesMax,
} from './limits.ts'
import { memberFromWire, memberToWire } from './member.ts'
import { retractFromWire, retractToWire } from './retraction.ts'
import type {
  AttestBody,
  DigestBody,
  MemberBody,
  PeerId,
  RecordId,
  RetractBody,
  Seconds,
  SwarmId,
  SwarmRecord,
} from './types.ts'

interface DraftOf<Kind extends string, Body> {
  readonly swarm: SwarmId
  readonly kind: Kind
  readonly t: Seconds
  readonly body: Body
  readonly ext?: Uint8Array
}

/** A record before it is signed. The author is whoever signs. */
export type RecordDraft =
  | DraftOf<'member', MemberBody>
  | DraftOf<'digest', DigestBody>
  | DraftOf<'attest', AttestBody>
  | DraftOf<'retract', RetractBody>

export interface Refusal {
  readonly ok: false
  /** Only `reject` counts against the neighbour that sent the bytes. */
  readonly verdict: 'reject' | 'ignore'
  readonly reason: RejectReason
  /** Which field or rule, for people; empty where the reason says it all. */
  readonly detail: string
}

/** Decoded, with a right body, and its signature not yet looked at: nothing in it may be believed. */
export interface UnverifiedRecord {
  readonly ok: true
  readonly author: PeerId
  readonly id: RecordId
  readonly t: Seconds
  /** What the record will be when the signature holds. */
  readonly claimed: SwarmRecord
  /** What was signed. */
  readonly message: Uint8Array
}

const signedPrefix = utf8Bytes('swarmlore/1\0')
const kindForm = new RegExp(`^[a-z][a-z0-9-]{0,${kindCharsMax - 1}}$`)

const bytesMaxByKind: Readonly<Record<string, number>> = {
  member: memberBytesMax,
  digest: digestBytesMax,
  attest: attestBytesMax,
  retract: retractBytesMax,
}

/** Signs and encodes. A draft that no reader would take is a bug of the caller, and throws. */
export function signRecord<Draft extends RecordDraft>(
  draft: Draft,
  author: KeyPair,
): Extract<SwarmRecord, { type: Draft['kind'] }> {
  const wire: Record<string, unknown> = {
    v: 1,
    swarm: bytesOfId(draft.swarm),
    kind: draft.kind,
    author: author.publicKey,
    t: draft.t,
    body: bodyToWire(draft),
    ...(draft.ext === undefined ? {} : { ext: draft.ext }),
  }
  const message = signedMessage(draft.kind, draft.swarm, encodeCanonical(wire))
  const bytes = encodeCanonical({ ...wire, sig: sign(message, author) })
  const read = decodeRecord(bytes, draft.swarm)
  if (!read.ok) throw new TypeError(`cannot sign this ${draft.kind} record: ${read.reason} ${read.detail}`)
  return read.claimed as Extract<SwarmRecord, { type: Draft['kind'] }>
}

/** All steps in the SPEC's order. Time is an argument: seconds since 1970 by the caller's clock. */
export function readRecord(
  bytes: Uint8Array,
  { swarm, nowS }: { readonly swarm: SwarmId; readonly nowS: Seconds },
): { readonly ok: true; readonly record: SwarmRecord } | Refusal {
  const read = decodeRecord(bytes, swarm)
  return read.ok ? verifyRecord(read, nowS) : read
}

/**
 * What was decoded lately, by all of its bytes: the record that a neighbour gossips comes again in a chain, in catch-up and
 * out of the store, and once for each node of a process. About 5 MB when full.
 */
const decodedMax = 2_048
const decoded = createMemo<UnverifiedRecord>(decodedMax)
/** Those of them whose signature holds. */
const genuine = new WeakSet<UnverifiedRecord>()

/** The cheap part: size, decode, shape, swarm, body. Do not write to what is in the record: it is shared. */
export function decodeRecord(bytes: Uint8Array, swarm: SwarmId): UnverifiedRecord | Refusal {
  if (bytes.length > recordBytesMax) return refuse(RejectReason.tooLarge)
  const memoKey = latin1Of(bytes)
  const known = decoded.get(memoKey)
  if (known !== undefined && known.claimed.envelope.swarm === swarm) return known
  const read = decodeAnew(bytes, swarm)
  if (read.ok) decoded.set(memoKey, read)
  return read
}

function decodeAnew(bytes: Uint8Array, swarm: SwarmId): UnverifiedRecord | Refusal {
  // A view of a network buffer would keep the whole buffer alive as long as the record, and change with it.
  const own = new Uint8Array(bytes)
  const read = decodeCanonical(own, recordBytesMax)
  if (!read.ok) return refuse(read.fault)
  const head = readHead(read.value)
  if ('ok' in head) return head
  if (head.swarm !== swarm) return refuse(RejectReason.foreignSwarm)
  return readBody(own, head)
}

/** ASCII that stands in the bytes of every member record, and by chance in others: for finding members among many. */
export const memberMark = Buffer.from(encodeCanonical({ kind: 'member' })).toString('latin1', 1)

/**
 * A record out of this node's own store, under its id; undefined where the bytes are none. They were decoded and
 * verified before they came there, so neither spelling nor id nor signature is looked at again.
 */
export function restoreRecord(id: RecordId, bytes: Uint8Array): SwarmRecord | undefined {
  const known = decoded.get(latin1Of(bytes))
  if (known?.id === id) return known.claimed
  const own = new Uint8Array(bytes)
  const read = decodeCanonical(own, recordBytesMax)
  const head = read.ok ? readHead(read.value) : undefined
  if (head === undefined || 'ok' in head) return undefined
  const claimed = claim(own, id, head)
  return 'problem' in claimed ? undefined : claimed
}

/** What is to be verified. */
export function signedOf({ claimed, message, author }: UnverifiedRecord): Signed {
  return { message, signature: claimed.envelope.sig, publicKey: publicKeyOfPeer(author) }
}

/** The dear part: the signature, unless it is known whether that holds, then the date. */
export function verifyRecord(
  unverified: UnverifiedRecord,
  nowS: Seconds,
  holds = isSigned(unverified),
): { readonly ok: true; readonly record: SwarmRecord } | Refusal {
  if (!holds) return refuse(RejectReason.badSignature)
  const { claimed, t } = unverified
  if (t > nowS + futureSlackSeconds) return refuse(RejectReason.future)
  return { ok: true, record: claimed }
}

function isSigned(unverified: UnverifiedRecord): boolean {
  if (genuine.has(unverified)) return true
  const { message, signature, publicKey } = signedOf(unverified)
  const holds = verify(message, signature, publicKey)
  if (holds) genuine.add(unverified)
  return holds
}

/**
 * The id of a gossip message: 20 bytes over everything that was sent. Never the record id alone, or a copy with
 * a bad signature would sit in the seen-cache in place of the real one.
 */
export function messageId(bytes: Uint8Array): Uint8Array {
  return taggedHash('swarmlore/1 message', bytes).slice(0, 20)
}

/** "swarmlore/1\0" ‖ kind ‖ swarm ‖ canonical bytes without `sig`. */
export function signedMessage(kind: string, swarm: SwarmId, unsigned: Uint8Array): Uint8Array {
  return concat(signedPrefix, utf8Bytes(kind), bytesOfId(swarm), unsigned)
}

interface Head extends BodyContext {
  readonly kind: string
  readonly swarm: SwarmId
  readonly wireBody: unknown
  readonly ext: Uint8Array | undefined
  readonly sig: Uint8Array
}

function readHead(value: unknown): Head | Refusal {
  const fields = new Fields(value)
  const v = fields.integer('v', 1, Number.MAX_SAFE_INTEGER)
  if (v > 1 && fields.has('v')) return refuse(RejectReason.unknownVersion, `v is ${v}`)
  const kind = fields.any('kind')
  const swarm = fields.bytes('swarm', 32)
  const author = fields.peer('author')
  const t = fields.seconds('t')
  const wireBody = fields.any('body')
  const ext = fields.has('ext') ? fields.bytes('ext', 0, extBytesMax) : undefined
  const sig = fields.bytes('sig', signatureBytes)
  fields.require(typeof kind === 'string' && kindForm.test(kind), 'kind must be a short lower-case word')
  const problem = fields.problem()
  if (problem !== undefined || typeof kind !== 'string') return refuse(RejectReason.badShape, problem)
  return { kind, swarm: swarmIdOfHash(swarm), author, t, wireBody, ext, sig }
}

function readBody(bytes: Uint8Array, head: Head): UnverifiedRecord | Refusal {
  const { kind, swarm, author, t } = head
  const unsigned = withoutField(bytes, 'sig')
  const id = recordIdOfHash(sha256(unsigned))
  const bytesMax = isLaterVersion(head.wireBody) ? undefined : bytesMaxByKind[kind]
  if (bytesMax !== undefined && bytes.length > bytesMax) {
    return refuse(RejectReason.tooLarge, `a ${kind} record has at most ${bytesMax} bytes`)
  }
  const claimed = claim(bytes, id, head)
  if ('problem' in claimed) return refuse(RejectReason.badBody, claimed.problem)
  return { ok: true, author, id, t, claimed, message: signedMessage(kind, swarm, unsigned) }
}

/** The record with its body read by the rules of its kind; opaque where this version knows none. */
function claim(bytes: Uint8Array, id: RecordId, shape: Head): SwarmRecord | { readonly problem: string } {
  const { kind, swarm, author, t, wireBody, ext, sig } = shape
  const head = { v: 1, swarm, author, t, sig, ...(ext === undefined ? {} : { ext }) } as const
  const opaque: SwarmRecord = { type: 'opaque', id, bytes, envelope: { ...head, kind, body: wireBody } }
  if (isLaterVersion(wireBody)) return opaque
  switch (kind) {
    case 'member': {
      const read = memberFromWire(wireBody, shape)
      return read.ok ? { type: kind, id, bytes, envelope: { ...head, kind, body: read.body } } : read
    }
    case 'digest': {
      const read = digestFromWire(wireBody, shape)
      return read.ok ? { type: kind, id, bytes, envelope: { ...head, kind, body: read.body } } : read
    }
    case 'attest': {
      const read = attestFromWire(wireBody, shape)
      return read.ok ? { type: kind, id, bytes, envelope: { ...head, kind, body: read.body } } : read
    }
    case 'retract': {
      const read = retractFromWire(wireBody, shape)
      return read.ok ? { type: kind, id, bytes, envelope: { ...head, kind, body: read.body } } : read
    }
    default:
      return opaque
  }
}

/** A body of version 1 has no `v`. One that says 2 or more is for a newer node to read. */
function isLaterVersion(wireBody: unknown): boolean {
  if (typeof wireBody !== 'object' || wireBody === null || !Object.hasOwn(wireBody, 'v')) return false
  const v: unknown = Reflect.get(wireBody, 'v')
  return typeof v === 'number' && Number.isInteger(v) && v >= 2
}

function bodyToWire(draft: RecordDraft): unknown {
  switch (draft.kind) {
    case 'member':
      return memberToWire(draft.body)
    case 'digest':
      return digestToWire(draft.body)
    case 'attest':
      return attestToWire(draft.body)
    case 'retract':
      return retractToWire(draft.body)
  }
}

function refuse(reason: RejectReason, detail = ''): Refusal {
  return { ok: false, verdict: verdictOf(reason), reason, detail }
}
