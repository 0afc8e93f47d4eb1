/**
 * Ids between their three forms: bytes on the wire, branded text in the program, text from outside. The only
 * place that brands. SPEC section "Identity".
 */

import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { concat, flatAscii, fromHex, toHex } from '../crypto/bytes.ts'
import { sha256 } from '../crypto/hash.ts'
import { didOf, publicKeyOfDid } from '../crypto/keys.ts'
import type { EntryCid, PeerId, RecordId, SpaceId, SwarmId } from './types.ts'

const rawCodec = 0x55
const sha256Code = 0x12
const hashBytes = 32
// Version 1, raw, sha2-256, 32 bytes: the only head that an entry's CID has.
const cidHead = new Uint8Array([1, rawCodec, sha256Code, hashBytes])

export function peerOf(publicKey: Uint8Array): PeerId {
  return didOf(publicKey) as PeerId
}

/** The 32 bytes of a peer's key. A PeerId is made only by this file, so failure is a bug. */
export function publicKeyOfPeer(peer: PeerId): Uint8Array {
  const key = publicKeyOfDid(peer)
  if (key === undefined) throw new TypeError(`not a peer id: ${peer}`)
  return key
}

export function parsePeerId(text: string): PeerId | undefined {
  return publicKeyOfDid(text) === undefined ? undefined : (text as PeerId)
}

/** Names a block: CIDv1, raw, sha2-256. */
export function cidOf(bytes: Uint8Array): EntryCid {
  return cidOfHash(sha256(bytes))
}

/** The CID whose hash is already known: of an entry's block, or of a record by its id. */
export function cidOfHash(hash: Uint8Array): EntryCid {
  if (hash.length !== hashBytes) throw new TypeError(`a sha2-256 hash has ${hashBytes} bytes`)
  return flatAscii(base32.encode(concat(cidHead, hash))) as EntryCid
}

/** The one spelling only: base32, version 1, raw, sha2-256. */
export function parseEntryCid(text: string): EntryCid | undefined {
  // 36 bytes are 58 base32 digits behind the `b`.
  if (text.length !== 59 || !text.startsWith('b')) return undefined
  try {
    return entryCidOf(CID.parse(text)) === text ? (text as EntryCid) : undefined
  } catch {
    // CID.parse throws for text that is no CID; that is an expected answer here.
    return undefined
  }
}

export function multiformatsCidOf(cid: EntryCid): CID {
  return CID.createV1(rawCodec, createDigest(sha256Code, hashOfCid(cid)))
}

/** `undefined` for every CID of another version, codec, hash or length. */
export function entryCidOf(cid: CID): EntryCid | undefined {
  const { code, version, multihash } = cid
  if (version !== 1 || code !== rawCodec || multihash.code !== sha256Code) return undefined
  return multihash.digest.length === hashBytes ? cidOfHash(multihash.digest) : undefined
}

/** The 32 bytes of SHA-256 that a CID names. */
export function hashOfCid(cid: EntryCid): Uint8Array {
  return base32.decode(cid).subarray(cidHead.length)
}

export function swarmIdOfHash(hash: Uint8Array): SwarmId {
  return hex32(hash) as SwarmId
}

export function recordIdOfHash(hash: Uint8Array): RecordId {
  return hex32(hash) as RecordId
}

export function spaceIdOfHash(hash: Uint8Array): SpaceId {
  return hex32(hash) as SpaceId
}

export function parseSwarmId(text: string): SwarmId | undefined {
  return isHex32(text) ? (text as SwarmId) : undefined
}

/** The 32 bytes behind an id of 64 hex digits. Ids are made only by this file, so failure is a bug. */
export function bytesOfId(id: SwarmId | RecordId | SpaceId): Uint8Array {
  const bytes = fromHex(id)
  if (bytes === undefined || bytes.length !== hashBytes) throw new TypeError(`not an id: ${id}`)
  return bytes
}

function hex32(hash: Uint8Array): string {
  if (hash.length !== hashBytes) throw new TypeError(`an id has ${hashBytes} bytes`)
  return toHex(hash)
}

function isHex32(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}
