/**
 * The few operations on byte arrays that everything else needs. Comparison of secrets is constant-time;
 * ordering is by unsigned bytes, as in the SPEC's canonical orders.
 */

import { timingSafeEqual } from 'node:crypto'
import { base64url } from 'multiformats/bases/base64'

const utf8 = new TextEncoder()

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function utf8Bytes(text: string): Uint8Array {
  return utf8.encode(text)
}

/** Equality of public bytes: stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** Equality of secret bytes: the time it takes depends on the lengths only. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Order by unsigned bytes, a prefix first: negative, 0 or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b)
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** `undefined` unless the text is an even number of lower-case hex digits. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined
  return new Uint8Array(Buffer.from(text, 'hex'))
}

/**
 * The same ASCII text in one piece. The base encoders build theirs letter by letter, which V8 keeps as a tree of 25
 * times the size (1,540 instead of 80 bytes for a CID); ids are kept by the hundred thousand.
 */
export function flatAscii(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

/** One character for each byte, as a key for what all of the bytes say: a third of what their hash takes. */
export function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** Unpadded base64url (RFC 4648, section 5). */
export function toBase64url(bytes: Uint8Array): string {
  return base64url.baseEncode(bytes)
}

/** `undefined` for anything but the one canonical spelling: no padding, no spare bits, no other characters. */
export function fromBase64url(text: string): Uint8Array | undefined {
  try {
    const bytes = base64url.baseDecode(text)
    return toBase64url(bytes) === text ? bytes : undefined
  } catch {
    // The decoder throws for every character outside its alphabet; that is an expected answer here.
    return undefined
  }
}
