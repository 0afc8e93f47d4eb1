/**
 * Ed25519 with node:crypto. Admission rests on `verify`, so it is stricter than RFC 8032 asks: S below the group
 * order, no small-order key, no key with two spellings. tweetnacl is only the reference of a conformance test,
 * because it accepts S + L and small-order keys. SPEC section "Signatures".
 */

import { createHash, type KeyObject, sign as signWith, verify as verifyWith } from 'node:crypto'
import { promisify } from 'node:util'
import { type KeyPair, keyBytes, publicKeyObject, signingKeyObject } from './keys.ts'
import { createMemo } from './memo.ts'

export const signatureBytes = 64

// The order of the base point, L = 2^252 + 27742317777372353535851937790883648493, little-endian.
const groupOrder = littleEndian(2n ** 252n + 27742317777372353535851937790883648493n)
const fieldPrime = 2n ** 255n - 19n
// The y coordinates of the eight points whose order divides 8, as in libsodium's blocklist.
const smallOrderY = [
  0n,
  1n,
  fieldPrime - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
].map(littleEndian)
const fieldPrimeBytes = littleEndian(fieldPrime)

// Pure results, so process-wide: a simulated swarm of a thousand nodes verifies each record once. About 5 MB when full.
const memoisedVerificationsMax = 32_768
const verified = createMemo<boolean>(memoisedVerificationsMax)
const verifyOnThread = promisify<null, Uint8Array, KeyObject, Uint8Array, boolean>(verifyWith)

export function sign(message: Uint8Array, pair: KeyPair): Uint8Array {
  return new Uint8Array(signWith(null, message, signingKeyObject(pair)))
}

export interface Signed {
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly publicKey: Uint8Array
}

/** False for anything but the one valid signature form; never throws, whatever the lengths. */
export function verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (!hasForm({ message, signature, publicKey })) return false
  // Key and signature have fixed lengths and stand first, so no two questions share this hash.
  const question = createHash('sha256').update(publicKey).update(signature).update(message).digest('base64')
  const known = verified.get(question)
  if (known !== undefined) return known
  const answer = verifyWith(null, message, publicKeyObject(publicKey), signature)
  verified.set(question, answer)
  return answer
}

/** Many at once, on the threads of libuv: each answer is that of `verify`. */
export function verifyAll(signatures: readonly Signed[]): Promise<readonly boolean[]> {
  return Promise.all(
    signatures.map(async signed => {
      const { message, publicKey, signature } = signed
      return hasForm(signed) && verifyOnThread(null, message, publicKeyObject(publicKey), signature)
    }),
  )
}

/** What is cheap to look at: lengths, S below the group order, a key for which not everybody can sign. */
function hasForm({ publicKey, signature }: Signed): boolean {
  if (signature.length !== signatureBytes || publicKey.length !== keyBytes) return false
  return isBelow(signature.subarray(32), groupOrder) && isUsableKey(publicKey)
}

/** Whether the key has one spelling only (y < p) and is not of small order, for which anyone can sign. */
export function isUsableKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== keyBytes) return false
  const y = new Uint8Array(publicKey)
  // The top bit is the sign of x; both signs of a small-order y are of small order.
  y[31] = (y[31] ?? 0) & 0x7f
  return isBelow(y, fieldPrimeBytes) && !smallOrderY.some(bad => Buffer.compare(bad, y) === 0)
}

/** a < b for little-endian numbers of equal length. Signatures and keys are public: no need for constant time. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = a.length - 1; i >= 0; i--) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function littleEndian(value: bigint): Uint8Array {
  const out = new Uint8Array(32)
  let rest = value
  for (let i = 0; i < 32; i++) {
    out[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return out
}
