/** Keys, a swarm and records for the protocol's tests: fixed seeds, so that every run sees the same bytes. */

import { concat } from '../../../crypto/bytes.ts'
import { type KeyPair, keyPairFromSeed } from '../../../crypto/keys.ts'
import { sign } from '../../../crypto/sign.ts'
import { encodeCanonical } from '../../../protocol/cbor.ts'
import { decodeRecord, signedMessage } from '../../../protocol/envelope.ts'
import { bytesOfId, cidOf, peerOf, spaceIdOfHash } from '../../../protocol/identity.ts'
import type { ReplicatedSet } from '../../../protocol/replicated-set.ts'
import { createDescriptor, swarmIdOf } from '../../../protocol/swarm.ts'
import type {
  Descriptor,
  DigestBody,
  Entry,
  InvitePolicy,
  PeerId,
  RecordId,
  SwarmId,
  SwarmRecord,
} from '../../../protocol/types.ts'

/** 2026-01-01T00:00:00Z. */
export const t0 = 1_767_225_600
export const day0 = t0 / 86_400

export function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value)
}

export const founder = keyPairFromSeed(filled(32, 1))
export const ada = keyPairFromSeed(filled(32, 2))
export const ben = keyPairFromSeed(filled(32, 3))
export const cyd = keyPairFromSeed(filled(32, 4))
export const dee = keyPairFromSeed(filled(32, 5))

export function peer(pair: KeyPair): PeerId {
  return peerOf(pair.publicKey)
}

/** What is in the set, in the order of ids. */
export function liveIds({ ranges }: ReplicatedSet): readonly RecordId[] {
  return Array.from({ length: ranges.size }, (_, rank) => ranges.idAt(rank)).sort()
}

export function descriptorWith(
  invite: InvitePolicy,
  shards = 1,
  visibility: 'private' | 'open' = 'open',
): Descriptor {
  const draft = { name: 'Lab', visibility, invite, shards, nonce: filled(16, 9), addresses: [] }
  const made = createDescriptor(draft, founder)
  if (!made.ok) throw new TypeError(made.message)
  return made.value
}

export const descriptor = descriptorWith({ by: 'founder' })
export const swarm: SwarmId = swarmIdOf(descriptor)

const space = spaceIdOfHash(filled(32, 7))

export function cidNumber(n: number) {
  return cidOf(filled(4, n))
}

export function digestBody(changes: Partial<DigestBody> = {}): DigestBody {
  return {
    cid: cidNumber(1),
    size: 300,
    shard: 0,
    created: t0,
    space,
    sketch: filled(48, 0xa5),
    ...changes,
  }
}

export const entry: Entry = {
  v: 1,
  kind: 'pitfall',
  domains: ['flights', 'payment'],
  situation: 'update_reservation_flights answers "payment method not found"',
  insight: {
    summary: 'The payment id was built from what the user said.',
    detail: 'Only ids that stand in the profile are accepted.',
    action: 'Take payment_id from get_user_details.payment_methods.',
  },
  context: {
    tools: [{ name: 'update_reservation_flights', arguments: ['payment_id'] }],
    modelFamily: 'gpt-4o',
  },
  support: { episodes: 4, asks: 2, solved: 4, unsolved: 0, firstSeen: day0 - 3, lastSeen: day0 },
  lineage: { parents: [], method: 'origin-change' },
  author: peer(ada),
  created: t0,
}

/** Signs whatever stands in `fields`, right or wrong: for what `signRecord` refuses to make. */
export function signRaw(fields: Readonly<Record<string, unknown>>, author: KeyPair): Uint8Array {
  const kind = typeof fields.kind === 'string' ? fields.kind : ''
  const message = signedMessage(kind, swarm, encodeCanonical(fields))
  return encodeCanonical({ ...fields, sig: sign(message, author) })
}

export function rawEnvelope(author: KeyPair, changes: Readonly<Record<string, unknown>> = {}) {
  const wire = { v: 1, swarm: bytesOfId(swarm), kind: 'retract', author: author.publicKey, t: t0, body: 5 }
  return { ...wire, ...changes }
}

/** A record of a kind that this version does not know. */
export function opaqueRecord(author: KeyPair, in_: SwarmId, t: number, body: unknown): SwarmRecord {
  const fields = { v: 1, swarm: bytesOfId(in_), kind: 'song', author: author.publicKey, t, body }
  const bytes = encodeCanonical({
    ...fields,
    sig: sign(signedMessage('song', in_, encodeCanonical(fields)), author),
  })
  const read = decodeRecord(bytes, in_)
  if (!read.ok) throw new TypeError(read.reason)
  return read.claimed
}

/** The group order added to S: the same signature to a verifier that does not look. */
export function withGroupOrderAdded(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const s = [...signature.subarray(32)].reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + order
  const bytes = Array.from({ length: 32 }, (_, i) => Number((s >> BigInt(8 * i)) & 255n))
  return concat(signature.subarray(0, 32), new Uint8Array(bytes))
}
