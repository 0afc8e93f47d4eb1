/**
 * One 32-byte Ed25519 seed is a node: from it come its public key, its `did:key`, its libp2p PeerId, the same
 * key pair that tweetnacl makes, and, by a tagged hash, its X25519 box key. SPEC section "Identity".
 */

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { base58btc } from 'multiformats/bases/base58'
import { concat, equalBytes, flatAscii, toHex } from './bytes.ts'
import { sha256, taggedHash } from './hash.ts'
import { createMemo } from './memo.ts'

export const keyBytes = 32

export interface KeyPair {
  readonly seed: Uint8Array
  readonly publicKey: Uint8Array
  /** `did:key:z6Mk…` */
  readonly did: string
  /** X25519, for sealing to this node. */
  readonly box: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array }
}

// DER heads in front of the raw 32 bytes (RFC 8410).
const pkcs8Head = new Uint8Array([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20])
const x25519Pkcs8Head = new Uint8Array([
  0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20,
])
const spkiHead = new Uint8Array([0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0])

// Multicodec ed25519-pub as a varint, in front of the key in a did:key.
const didHead = new Uint8Array([0xed, 0x01])
// Identity multihash of 36 bytes over the protobuf {Type: Ed25519, Data: 32 bytes}: what libp2p calls a PeerId.
const libp2pHead = new Uint8Array([0x00, 0x24, 0x08, 0x01, 0x12, 0x20])

// Keys met lately; a swarm of some thousands of authors fits, a flood of strangers costs at most this.
const memoisedKeysMax = 8_192
const didByKey = createMemo<string>(memoisedKeysMax)
const keyByDid = createMemo<Uint8Array>(memoisedKeysMax)
const keyObjects = createMemo<KeyObject>(memoisedKeysMax)
const signingKeys = new WeakMap<KeyPair, KeyObject>()

/** Throws when the seed is not 32 bytes long: that is a bug, a key file is checked by its reader. */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  const key = privateKeyObject(seed)
  const publicKey = publicBytesOf(key)
  const own = new Uint8Array(seed)
  const pair: KeyPair = {
    seed: own,
    publicKey,
    did: didOf(publicKey),
    // Dear to make, and asked for only when a swarm is founded or joined.
    get box() {
      return boxPairOf(taggedHash('swarmlore/1 box', own))
    },
  }
  signingKeys.set(pair, key)
  return pair
}

/** Throws when the seed is not 32 bytes long. */
export function publicKeyOfSeed(seed: Uint8Array): Uint8Array {
  return publicBytesOf(privateKeyObject(seed))
}

/** An independent seed for one purpose and context. Knowing it tells nothing about `seed` or its siblings. */
export function deriveSeed(seed: Uint8Array, label: string, context: Uint8Array): Uint8Array {
  return taggedHash(`swarmlore/1 seed ${label}`, seed, sha256(context))
}

/** Throws when the key is not 32 bytes long. */
export function didOf(publicKey: Uint8Array): string {
  if (publicKey.length !== keyBytes) throw new TypeError(`a public key has ${keyBytes} bytes`)
  const memoKey = toHex(publicKey)
  const known = didByKey.get(memoKey)
  if (known !== undefined) return known
  const did = flatAscii(`did:key:${base58btc.encode(concat(didHead, publicKey))}`)
  didByKey.set(memoKey, did)
  return did
}

/** The Ed25519 key of a `did:key`, or `undefined` for any other text. Do not write to the array: it is shared. */
export function publicKeyOfDid(did: string): Uint8Array | undefined {
  // 34 bytes are 47 or 48 base58 digits; a longer text is not decoded at all.
  if (did.length > 64 || !did.startsWith('did:key:z')) return undefined
  const known = keyByDid.get(did)
  if (known !== undefined) return known
  const publicKey = withoutHead(base58Bytes(did.slice('did:key:z'.length)), didHead)
  if (publicKey === undefined || didOf(publicKey) !== did) return undefined
  keyByDid.set(did, publicKey)
  return publicKey
}

/** The libp2p PeerId of a key: `12D3KooW…`. */
export function libp2pIdOf(publicKey: Uint8Array): string {
  if (publicKey.length !== keyBytes) throw new TypeError(`a public key has ${keyBytes} bytes`)
  return base58btc.baseEncode(concat(libp2pHead, publicKey))
}

/** The key inside a libp2p PeerId, or `undefined` when it is not an Ed25519 one. */
export function publicKeyOfLibp2pId(text: string): Uint8Array | undefined {
  if (text.length > 64) return undefined
  return withoutHead(base58Bytes(text), libp2pHead)
}

/** The OpenSSL object of a public key, kept because making it costs as much as a signature. */
export function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const memoKey = toHex(publicKey)
  const known = keyObjects.get(memoKey)
  if (known !== undefined) return known
  const made = createPublicKey({
    key: Buffer.from(concat(spkiHead, publicKey)),
    format: 'der',
    type: 'spki',
  })
  keyObjects.set(memoKey, made)
  return made
}

export function signingKeyObject(pair: KeyPair): KeyObject {
  const known = signingKeys.get(pair)
  if (known !== undefined) return known
  const made = privateKeyObject(pair.seed)
  signingKeys.set(pair, made)
  return made
}

function privateKeyObject(seed: Uint8Array): KeyObject {
  if (seed.length !== keyBytes) throw new TypeError(`a seed has ${keyBytes} bytes`)
  return privateKeyOf(concat(pkcs8Head, seed))
}

/** As tweetnacl makes it, which takes milliseconds. */
function boxPairOf(secretKey: Uint8Array): KeyPair['box'] {
  return { publicKey: publicBytesOf(privateKeyOf(concat(x25519Pkcs8Head, secretKey))), secretKey }
}

function privateKeyOf(der: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })
}

/** Of either curve: their heads have one length. */
function publicBytesOf(key: KeyObject): Uint8Array {
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return new Uint8Array(der.subarray(spkiHead.length))
}

function base58Bytes(text: string): Uint8Array | undefined {
  try {
    return base58btc.baseDecode(text)
  } catch {
    // The decoder throws for every character outside its alphabet; that is an expected answer here.
    return undefined
  }
}

function withoutHead(bytes: Uint8Array | undefined, head: Uint8Array): Uint8Array | undefined {
  if (bytes === undefined || bytes.length !== head.length + keyBytes) return undefined
  return equalBytes(bytes.subarray(0, head.length), head) ? bytes.slice(head.length) : undefined
}
