/**
 * Canonical dag-cbor: one value, one spelling. Decoding looks at the nesting and the lengths before it builds
 * anything, and encodes again to compare. SPEC section "Canonical bytes".
 */

import { decode, encode } from '@ipld/dag-cbor'
import { equalBytes } from '../crypto/bytes.ts'
import { collectionItemsMax, nestingMax } from './limits.ts'

type CborFault = 'too-large' | 'malformed' | 'non-canonical'

export type Decoded =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: CborFault }

/** The value is of our own making: what cannot be encoded (undefined, NaN) is a bug and throws. */
export function encodeCanonical(value: unknown): Uint8Array {
  // The encoder hands out views of a pool of 64 KiB, which a kept record would keep alive.
  return new Uint8Array(encode(value))
}

/** Never throws. Byte strings in the value may be views of `bytes`. */
export function decodeCanonical(bytes: Uint8Array, bytesMax: number): Decoded {
  if (bytes.length > bytesMax) return { ok: false, fault: 'too-large' }
  if (!isWithinBounds(bytes)) return { ok: false, fault: 'malformed' }
  let value: unknown
  try {
    value = decode(bytes)
  } catch {
    // The decoder throws for whatever is not strict dag-cbor; to the caller that is one answer.
    return { ok: false, fault: 'malformed' }
  }
  return isSpelling(value, bytes) ? { ok: true, value } : { ok: false, fault: 'non-canonical' }
}

/** For bytes out of this node's own store, which passed `decodeCanonical` before they came there: most of the work is saved. */
export function decodeStored(bytes: Uint8Array): Decoded {
  try {
    return { ok: true, value: decode(bytes) }
  } catch {
    // As above; it is the caller's to say what bytes mean that never were what they should be.
    return { ok: false, fault: 'malformed' }
  }
}

/** A decoded value may be one that the encoder refuses (a link with a wrong inside): that is not canonical either. */
function isSpelling(value: unknown, bytes: Uint8Array): boolean {
  try {
    return equalBytes(encode(value), bytes)
  } catch {
    // dag-cbor's encoder throws for values outside the IPLD data model.
    return false
  }
}

/**
 * Walks over the heads only, without recursion and without allocating what a length promises. Leaves everything
 * but nesting, collection lengths and the end of the bytes to the decoder.
 */
function isWithinBounds(bytes: Uint8Array): boolean {
  const openItems: number[] = []
  let at = 0
  while (at < bytes.length) {
    const head = bytes[at] ?? 0
    const major = head >> 5
    const argument = argumentAt(bytes, at, head & 31)
    if (argument === undefined) return false
    at = argument.next
    if (major === 2 || major === 3) at += argument.value
    if (at > bytes.length) return false
    const items = major === 4 ? argument.value : major === 5 ? argument.value * 2 : major === 6 ? 1 : 0
    if (major === 4 || major === 5) {
      if (argument.value > collectionItemsMax || openItems.length >= nestingMax) return false
    }
    if (items > 0) {
      openItems.push(items)
      // A chain of tags nests as well.
      if (openItems.length > nestingMax + 1) return false
      continue
    }
    closeItem(openItems)
    if (openItems.length === 0) return at === bytes.length
  }
  return false
}

/** One item is complete, and with it every collection whose last item it was. */
function closeItem(openItems: number[]): void {
  while (openItems.length > 0) {
    const left = (openItems.pop() ?? 0) - 1
    if (left > 0) {
      openItems.push(left)
      return
    }
  }
}

/** The number behind a head, and where the next byte stands. Eight-byte lengths exceed every limit here. */
function argumentAt(
  bytes: Uint8Array,
  at: number,
  minor: number,
): { value: number; next: number } | undefined {
  if (minor < 24) return { value: minor, next: at + 1 }
  if (minor > 27) return undefined
  const width = 2 ** (minor - 24)
  if (at + 1 + width > bytes.length) return undefined
  let value = 0
  for (let i = 1; i <= width; i++) value = value * 256 + (bytes[at + i] ?? 0)
  return { value, next: at + 1 + width }
}
