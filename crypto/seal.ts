/**
 * Sealing for one reader (nacl.box) and under a shared key (nacl.secretbox). Nonces arrive as arguments, since
 * chance does; the caller never uses one twice with the same key. Opening answers `undefined`, never throws.
 */

import nacl from 'tweetnacl'
import { keyBytes } from './keys.ts'

const nonceBytes = 24

/** What sealing adds to the length: the Poly1305 tag. */
export const sealOverheadBytes = 16

/** Seals for the holder of `reader`, from the holder of `secretKey`. Throws on a wrong length: a bug of the caller. */
export function sealFor(
  message: Uint8Array,
  nonce: Uint8Array,
  reader: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array {
  return nacl.box(message, nonce, reader, secretKey)
}

export function openFrom(
  sealed: Uint8Array,
  nonce: Uint8Array,
  writer: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array | undefined {
  if (!isSealed(sealed, nonce) || writer.length !== keyBytes || secretKey.length !== keyBytes)
    return undefined
  return nacl.box.open(sealed, nonce, writer, secretKey) ?? undefined
}

/** Seals under a key that every reader holds. Throws on a wrong length: a bug of the caller. */
export function sealShared(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  return nacl.secretbox(message, nonce, key)
}

export function openShared(sealed: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  if (!isSealed(sealed, nonce) || key.length !== keyBytes) return undefined
  return nacl.secretbox.open(sealed, nonce, key) ?? undefined
}

function isSealed(sealed: Uint8Array, nonce: Uint8Array): boolean {
  return sealed.length >= sealOverheadBytes && nonce.length === nonceBytes
}
