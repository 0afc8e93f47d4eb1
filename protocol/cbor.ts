/**
 * Canonical dag-cbor: one value, one spelling. Decoding takes that spelling alone, in one pass that builds nothing
 * which a length merely promises. SPEC section "Canonical bytes".
 */

import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { compareBytes, concat, equalBytes } from '../crypto/bytes.ts'
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

/** Never throws. Byte strings in the value are views of `bytes`. */
export function decodeCanonical(bytes: Uint8Array, bytesMax: number): Decoded {
  if (bytes.length > bytesMax) return { ok: false, fault: 'too-large' }
  try {
    const reader = new Reader(bytes)
    const value = reader.item(0)
    return reader.at === bytes.length ? { ok: true, value } : { ok: false, fault: 'malformed' }
  } catch (cause) {
    if (cause instanceof Fault) return { ok: false, fault: cause.fault }
    throw cause
  }
}

/** A map of fewer than 24 fields, which `decodeCanonical` has read, without one of them: canonical again. */
export function withoutField(map: Uint8Array, name: string): Uint8Array {
  const reader = new Reader(map)
  for (let left = reader.head(); left > 0; left--) {
    const from = reader.at
    const key = reader.item(1)
    reader.item(1)
    if (key !== name) continue
    const head = Uint8Array.of((map[0] ?? 0) - 1)
    return concat(head, map.subarray(1, from), map.subarray(reader.at))
  }
  return map
}

/** How the reader leaves from the depth of a value; caught above. */
class Fault extends Error {
  readonly fault: CborFault

  constructor(fault: CborFault) {
    super(fault)
    this.fault = fault
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Texts up to this length are put together letter by letter: a decoder takes longer to call. */
const shortText = 24
const cidTag = 42
const float64 = 27

class Reader {
  at = 0
  #major = 0
  #minor = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** `depth`: collections around it. */
  item(depth: number): unknown {
    if ((this.#byte(this.at) ?? 0) >> 5 === 7) return this.#simple()
    const argument = this.head()
    switch (this.#major) {
      case 0:
        return argument
      case 1:
        return argument < Number.MAX_SAFE_INTEGER ? -1 - Number(argument) : -1n - BigInt(argument)
      case 2:
        return this.#take(argument)
      case 3:
        return this.#text(this.#take(argument))
      case 4:
        return this.#list(argument, depth)
      case 5:
        return this.#map(argument, depth)
      default:
        return this.#link(argument)
    }
  }

  /** The number behind the first byte of an item, in the fewest bytes: a bigint where it exceeds the safe ones. */
  head(): number | bigint {
    const first = this.#byte(this.at++)
    this.#major = first >> 5
    this.#minor = first & 31
    if (this.#minor < 24) return this.#minor
    if (this.#minor > 27) throw new Fault('malformed')
    const width = 1 << (this.#minor - 24)
    let high = 0
    let low = 0
    for (let left = width; left > 0; left--) {
      const byte = this.#byte(this.at++)
      if (left > 4) high = high * 256 + byte
      else low = low * 256 + byte
    }
    const isShortest = width === 8 ? high > 0 : low >= (width === 1 ? 24 : 2 ** (4 * width))
    if (!isShortest) throw new Fault('malformed')
    const value = high * 2 ** 32 + low
    return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low)
  }

  #byte(at: number): number {
    const byte = this.#bytes[at]
    if (byte === undefined) throw new Fault('malformed')
    return byte
  }

  #take(length: number | bigint): Uint8Array {
    if (length > this.#bytes.length - this.at) throw new Fault('malformed')
    const from = this.at
    this.at += Number(length)
    return this.#bytes.subarray(from, this.at)
  }

  #text(bytes: Uint8Array): string {
    let text = ''
    for (const byte of bytes.length <= shortText ? bytes : []) {
      if (byte > 127) break
      text += String.fromCharCode(byte)
    }
    if (text.length === bytes.length) return text
    try {
      return strictUtf8.decode(bytes)
    } catch {
      // The decoder throws for whatever is not UTF-8.
      throw new Fault('non-canonical')
    }
  }

  #list(length: number | bigint, depth: number): unknown[] {
    const items: unknown[] = []
    for (let left = count(length, depth); left > 0; left--) items.push(this.item(depth + 1))
    return items
  }

  #map(length: number | bigint, depth: number): Record<string, unknown> {
    const fields: Record<string, unknown> = {}
    let before: Uint8Array | undefined
    for (let left = count(length, depth); left > 0; left--) {
      const keyLength = this.head()
      if (this.#major !== 3) throw new Fault('malformed')
      const key = this.#take(keyLength)
      if (before !== undefined) assertOrdered(before, key)
      before = key
      const name = this.#text(key)
      const value = this.item(depth + 1)
      if (name === '__proto__') Object.defineProperty(fields, name, { value, enumerable: true })
      else fields[name] = value
    }
    return fields
  }

  #link(tag: number | bigint): CID {
    const length = tag === cidTag ? this.head() : 0
    if (tag !== cidTag || this.#major !== 2) throw new Fault('malformed')
    const [zero, ...bytes] = this.#take(length)
    if (zero !== 0) throw new Fault('malformed')
    return linkOf(Uint8Array.from(bytes))
  }

  #simple(): boolean | null | number {
    const minor = this.#byte(this.at++) & 31
    if (minor === 20 || minor === 21) return minor === 21
    if (minor === 22) return null
    // Shorter floats and `undefined` have another spelling; the rest means nothing.
    if (minor !== float64) throw new Fault(minor >= 23 && minor < float64 ? 'non-canonical' : 'malformed')
    const { buffer, byteOffset } = this.#take(8)
    const value = new DataView(buffer, byteOffset).getFloat64(0)
    if (!Number.isFinite(value)) throw new Fault('malformed')
    // What an integer says is written as one, −0 included.
    if (Number.isSafeInteger(value)) throw new Fault('non-canonical')
    return value
  }
}

function count(length: number | bigint, depth: number): number {
  if (length > collectionItemsMax || depth >= nestingMax) throw new Fault('malformed')
  return Number(length)
}

/** Shorter keys first, then by their bytes, none twice. */
function assertOrdered(before: Uint8Array, key: Uint8Array): void {
  const order = before.length - key.length || compareBytes(before, key)
  if (order >= 0) throw new Fault(order === 0 ? 'malformed' : 'non-canonical')
}

function linkOf(bytes: Uint8Array): CID {
  let cid: CID
  try {
    cid = CID.decode(bytes)
  } catch {
    // Of any other bytes than those of one CID.
    throw new Fault('malformed')
  }
  if (!equalBytes(cid.bytes, bytes)) throw new Fault('non-canonical')
  return cid
}
