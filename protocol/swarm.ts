/**
 * What a swarm is: its descriptor, signed by the founder, its id, its keys, its topics, streams and shards.
 * SPEC section "Swarm".
 */

import { concat, equalBytes, utf8Bytes } from '../crypto/bytes.ts'
import { sha256, taggedHash } from '../crypto/hash.ts'
import { deriveSeed, type KeyPair, publicKeyOfSeed } from '../crypto/keys.ts'
import { sign, signatureBytes, verify } from '../crypto/sign.ts'
import { decodeCanonical, encodeCanonical } from './cbor.ts'
import { Fields } from './fields.ts'
import { bytesOfId, peerOf, publicKeyOfPeer, swarmIdOfHash } from './identity.ts'
import {
  addressCharsMax,
  addressesMax,
  descriptorBytesMax,
  nonceBytes,
  shardsMax,
  swarmNameCharsMax,
} from './limits.ts'
import type { Descriptor, Failure, InvitePolicy, Result, SwarmId, SwarmRecord } from './types.ts'

export interface DescriptorDraft {
  readonly name: string
  readonly visibility: 'private' | 'open'
  readonly invite: InvitePolicy
  readonly shards: number
  /** 16 bytes of chance: what makes the swarm this one, together with its founder. */
  readonly nonce: Uint8Array
  readonly addresses: readonly string[]
}

export type DescriptorFault = 'descriptor-malformed' | 'descriptor-unknown-version' | 'descriptor-altered'

export const addressForm = { min: 1, max: addressCharsMax, lines: false } as const
const nameForm = { min: 1, max: swarmNameCharsMax, lines: false } as const
const signedPrefix = utf8Bytes('swarmlore/1 descriptor\0')

/** Fails with the field that is out of its limits: name and addresses come from people. */
export function createDescriptor(
  draft: DescriptorDraft,
  founder: KeyPair,
): Result<Descriptor, DescriptorFault> {
  const { name, visibility, invite, shards, nonce, addresses } = draft
  const unsigned = {
    v: 1,
    name,
    founder: peerOf(founder.publicKey),
    visibility,
    invite,
    shards,
    nonce,
    addresses,
  } as const
  const sig = sign(signedBytes(unsigned), founder)
  return readDescriptorValue(descriptorToWire({ ...unsigned, sig }))
}

export function encodeDescriptor(descriptor: Descriptor): Uint8Array {
  return encodeCanonical(descriptorToWire(descriptor))
}

/** Never throws; verifies the founder's signature. */
export function decodeDescriptor(bytes: Uint8Array): Result<Descriptor, DescriptorFault> {
  const decoded = decodeCanonical(bytes, descriptorBytesMax)
  if (!decoded.ok) {
    return failure('descriptor-malformed', `The swarm’s descriptor cannot be read: it is ${decoded.fault}.`)
  }
  return readDescriptorValue(decoded.value)
}

/** The form in which a descriptor also stands inside an invitation. */
export function descriptorToWire(descriptor: Descriptor): Readonly<Record<string, unknown>> {
  return { ...coreToWire(descriptor), addresses: descriptor.addresses, sig: descriptor.sig }
}

export function readDescriptorValue(value: unknown): Result<Descriptor, DescriptorFault> {
  const fields = new Fields(value)
  const v = fields.integer('v', 1, Number.MAX_SAFE_INTEGER)
  if (v > 1) {
    return failure(
      'descriptor-unknown-version',
      `The swarm is of version ${v}; this node knows version 1. Update it.`,
    )
  }
  const descriptor: Descriptor = {
    v: 1,
    name: fields.text('name', nameForm),
    founder: fields.peer('founder'),
    visibility: fields.oneOf('visibility', ['private', 'open']),
    invite: readPolicy(fields),
    shards: fields.integer('shards', 1, shardsMax),
    nonce: fields.bytes('nonce', nonceBytes),
    addresses: fields.texts('addresses', 0, addressesMax, addressForm),
    sig: fields.bytes('sig', signatureBytes),
  }
  const problem = fields.problem()
  if (problem !== undefined)
    return failure('descriptor-malformed', `The swarm’s descriptor cannot be used: ${problem}.`)
  if (!verify(signedBytes(descriptor), descriptor.sig, publicKeyOfPeer(descriptor.founder))) {
    return failure(
      'descriptor-altered',
      'The swarm’s descriptor was altered: its founder’s signature does not hold.',
    )
  }
  return { ok: true, value: descriptor }
}

type DescriptorCore = Omit<Descriptor, 'addresses' | 'sig'>

/** Of descriptors, which nobody writes to: each chain that is read asks for the same one's. */
const swarmIds = new WeakMap<DescriptorCore, SwarmId>()

/** The addresses are left out, so that a swarm can move and stay the same. */
export function swarmIdOf(descriptor: DescriptorCore): SwarmId {
  const known = swarmIds.get(descriptor)
  if (known !== undefined) return known
  const id = swarmIdOfHash(sha256(encodeCanonical(coreToWire(descriptor))))
  swarmIds.set(descriptor, id)
  return id
}

/** The founder's seed in a swarm to be founded; its id depends on this key, hence the nonce instead of the id. */
export function founderSeed(rootSeed: Uint8Array, nonce: Uint8Array): Uint8Array {
  return deriveSeed(rootSeed, 'founder', nonce)
}

/** One key for each swarm, so that nobody can tell that two members of two swarms are the same node. */
export function swarmSeed(rootSeed: Uint8Array, descriptor: Descriptor): Uint8Array {
  const asFounder = founderSeed(rootSeed, descriptor.nonce)
  const isFounder = equalBytes(publicKeyOfSeed(asFounder), publicKeyOfPeer(descriptor.founder))
  return isFounder ? asFounder : deriveSeed(rootSeed, 'member', bytesOfId(swarmIdOf(descriptor)))
}

/** The greatest length of a chain from the founder to a member. */
export function chainLengthMax(descriptor: Descriptor): number {
  return descriptor.invite.by === 'founder' ? 1 : descriptor.invite.depth + 1
}

/** One topic for what every member needs, whatever shards it cares for, then one for the digests of each shard. */
export function topicsOf(swarm: SwarmId, shards: number): readonly string[] {
  return [commonTopic(swarm), ...Array.from({ length: shards }, (_, shard) => shardTopic(swarm, shard))]
}

/** The one topic on which a record may travel. */
export function topicOf(record: SwarmRecord): string {
  const { swarm } = record.envelope
  return record.type === 'digest' ? shardTopic(swarm, record.envelope.body.shard) : commonTopic(swarm)
}

/** Names of the request protocols of one swarm. */
export function streamsOf(swarm: SwarmId): {
  readonly join: string
  readonly hello: string
  readonly ranges: string
  readonly wants: string
  readonly given: string
  readonly peers: string
  readonly entries: string
} {
  const base = `/swarmlore/1/${swarm}`
  return {
    join: `${base}/join`,
    hello: `${base}/hello`,
    ranges: `${base}/ranges`,
    wants: `${base}/wants`,
    given: `${base}/given`,
    peers: `${base}/peers`,
    entries: `${base}/entries`,
  }
}

/** Under which those who care for a shard find each other in the DHT. */
export function rendezvousKey(swarm: SwarmId, shard: number): Uint8Array {
  return taggedHash('swarmlore/1 rendezvous', concat(bytesOfId(swarm), Uint8Array.of(shard)))
}

/** The shard of an entry: that of its first domain. */
export function shardOf(domain: string, shards: number): number {
  if (shards === 1) return 0
  const hash = taggedHash('swarmlore/1 shard', utf8Bytes(domain))
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0) % shards
}

function commonTopic(swarm: SwarmId): string {
  return `/swarmlore/1/${swarm}/common`
}

function shardTopic(swarm: SwarmId, shard: number): string {
  return `/swarmlore/1/${swarm}/${shard}`
}

function coreToWire(descriptor: DescriptorCore): Readonly<Record<string, unknown>> {
  const { name, visibility, shards, nonce, invite } = descriptor
  return {
    v: 1,
    name,
    founder: publicKeyOfPeer(descriptor.founder),
    visibility,
    invite: invite.by === 'founder' ? { by: 'founder' } : { by: 'members', depth: invite.depth },
    shards,
    nonce,
  }
}

function signedBytes(descriptor: Omit<Descriptor, 'sig'>): Uint8Array {
  return concat(signedPrefix, encodeCanonical({ ...coreToWire(descriptor), addresses: descriptor.addresses }))
}

function readPolicy(fields: Fields): InvitePolicy {
  const inner = new Fields(fields.any('invite'), 'invite.')
  const by = inner.oneOf('by', ['founder', 'members'])
  const depth = by === 'members' ? inner.integer('depth', 1, 3) : 1
  fields.adopt(inner.problem())
  if (by === 'founder') return { by }
  return { by, depth: depth === 1 ? 1 : depth === 2 ? 2 : 3 }
}

function failure(code: DescriptorFault, message: string): Failure<DescriptorFault> {
  return { ok: false, code, message }
}
