/**
 * Ranges as bytes: segments in order, each up to its own end, which is where the next one begins. Packed by hand,
 * because thousands of them go into one message; one spelling only. SPEC section "Ranges".
 */

import { concat } from '../../crypto/bytes.ts'
import { rangeIdsMax, rangePlaceMax, rangeShortBytes, rangeSumBytes, rangesMax } from '../limits.ts'
import type { Result } from '../types.ts'
import { type Bound, boundAt, compareBounds, type Span } from './bound.ts'

/** What is said of a range. Whatever is not said anything of is `skip`, and never written at the end. */
export type Claim =
  /** Nothing to ask or to answer; in an answer: both hold the same. */
  | { readonly mode: 'skip' }
  /** This is my fingerprint of it. */
  | { readonly mode: 'sum'; readonly sum: Uint8Array }
  /** These are my items in it, in order; or, in a want, those that I want. */
  | { readonly mode: 'ids'; readonly ids: readonly number[] }
  /** Of the items that you listed, I lack those marked; and you lack these. */
  | { readonly mode: 'diff'; readonly lacks: readonly boolean[]; readonly ids: readonly number[] }
  /** Not looked at: ask again. Only at the end. */
  | { readonly mode: 'later' }
  /** Everything in it is wanted. */
  | { readonly mode: 'all' }

export type Mode = Claim['mode']
export type Segment = Span & Claim

const codes: Readonly<Record<Mode, number>> = { skip: 0, sum: 1, ids: 2, diff: 3, later: 4, all: 5 }
const start = boundAt(0)
const none = new Uint8Array()
const prefixBytesMax = 32
/** Five groups of seven bits hold twice the greatest place. */
const varintBytesMax = 5

/** Writes segments, which must come in order and apart; the gaps between them are skipped. */
export class SegmentPacker {
  readonly #parts: Uint8Array[] = []
  #end = start
  size = 0
  count = 0

  add(segment: Segment): void {
    if (compareBounds(segment.from, this.#end) > 0) {
      this.#put(packBound(this.#end, segment.from), Uint8Array.of(codes.skip))
    }
    this.#put(packBound(segment.from, segment.to), Uint8Array.of(codes[segment.mode]), packClaim(segment))
    this.#end = segment.to
    this.count++
  }

  bytes(): Uint8Array {
    return concat(...this.#parts)
  }

  #put(...parts: readonly Uint8Array[]): void {
    for (const part of parts) this.size += part.length
    this.#parts.push(...parts)
  }
}

export function packSegments(segments: readonly Segment[]): Uint8Array {
  const packer = new SegmentPacker()
  for (const segment of segments) packer.add(segment)
  return packer.bytes()
}

/** What so many ranges with so many ids among them take at most: for a writer that has to stop in time. */
export function packedBytesMax(ranges: number, ids: number): number {
  const bound = varintBytesMax + 1 + prefixBytesMax
  // A gap before each range, and two counts; an id comes with a mark of one bit.
  return ranges * (2 * (bound + 1) + rangeSumBytes + 2 * varintBytesMax) + ids * (rangeShortBytes + 1)
}

function packBound(before: Bound, bound: Bound): Uint8Array {
  const { place, prefix } = bound
  const distance = varint(2 * (place - before.place) + Number(prefix.length > 0))
  return prefix.length === 0 ? distance : concat(distance, Uint8Array.of(prefix.length), prefix)
}

function packClaim(claim: Claim): Uint8Array {
  if (claim.mode === 'sum') return claim.sum
  if (claim.mode === 'ids') return packIds(claim.ids)
  if (claim.mode !== 'diff') return none
  const marks = new Uint8Array(Math.ceil(claim.lacks.length / 8))
  for (const [item, isLacking] of claim.lacks.entries()) {
    if (isLacking) marks[item >> 3] = (marks[item >> 3] ?? 0) | (0x80 >> (item & 7))
  }
  return concat(packIds(claim.ids), varint(claim.lacks.length), marks)
}

function packIds(ids: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(ids.length * rangeShortBytes)
  for (const [item, id] of ids.entries()) bytes.writeUIntBE(id, item * rangeShortBytes, rangeShortBytes)
  return concat(varint(ids.length), bytes)
}

/** Seven bits a byte, the lowest first; all bytes but the last have the highest bit. */
function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** Never throws. Skipped segments are left out of what it returns. */
export function unpackSegments(
  bytes: Uint8Array,
  modes: readonly Mode[],
): Result<readonly Segment[], 'range-malformed'> {
  const unpacker = new Unpacker(bytes, modes)
  const segments = unpacker.segments()
  const { problem } = unpacker
  return problem === undefined
    ? { ok: true, value: segments }
    : { ok: false, code: 'range-malformed', message: `The peer’s ranges cannot be read: ${problem}.` }
}

/** Reads top down and remembers the first fault, behind which nothing is read any more. */
class Unpacker {
  readonly #bytes: Uint8Array
  readonly #modes: readonly Mode[]
  #at = 0
  #ids = 0
  problem: string | undefined

  constructor(bytes: Uint8Array, modes: readonly Mode[]) {
    this.#bytes = bytes
    this.#modes = modes
  }

  segments(): readonly Segment[] {
    const segments: Segment[] = []
    let from = start
    let last: Mode | undefined
    while (this.problem === undefined && this.#at < this.#bytes.length) {
      const to = this.#bound(from)
      const claim = this.#claim()
      this.#require(last !== 'later', 'something follows what is left for later')
      this.#require(claim.mode !== 'skip' || last !== 'skip', 'two skipped ranges follow each other')
      if (claim.mode !== 'skip') segments.push({ from, to, ...claim })
      this.#require(segments.length <= rangesMax, `there are more than ${rangesMax} ranges`)
      from = to
      last = claim.mode
    }
    this.#require(last !== 'skip', 'the last range is skipped')
    return segments
  }

  #bound(before: Bound): Bound {
    const distance = this.#varint(2 * rangePlaceMax + 1)
    const place = before.place + Math.floor(distance / 2)
    const length = distance % 2 === 1 ? this.#byte() : 0
    this.#require(distance % 2 === 0 || length > 0, 'a bound has a prefix of no bytes')
    this.#require(length <= prefixBytesMax, `a bound has more than ${prefixBytesMax} bytes`)
    const prefix = this.#take(Math.min(length, prefixBytesMax)).slice()
    const bound = { place, prefix }
    this.#require(place <= rangePlaceMax, 'a range ends beyond the last place')
    this.#require(prefix.length === 0 || prefix.at(-1) !== 0, 'a bound ends in a zero')
    this.#require(compareBounds(before, bound) < 0, 'a range is empty or out of order')
    return bound
  }

  #claim(): Claim {
    const code = this.#byte()
    if (code === codes.skip) return { mode: 'skip' }
    const mode = this.#modes.find(one => codes[one] === code)
    this.#require(mode !== undefined, `a range has the mode ${code}, which means nothing here`)
    if (mode === 'sum') return { mode, sum: this.#take(rangeSumBytes).slice() }
    if (mode === 'ids') return { mode, ids: this.#shorts() }
    if (mode !== 'diff') return { mode: mode ?? 'skip' }
    const ids = this.#shorts()
    const lacks = this.#marks()
    this.#require(ids.length > 0 || lacks.includes(true), 'a difference is empty')
    return { mode, ids, lacks }
  }

  #shorts(): readonly number[] {
    const count = this.#varint(rangeIdsMax)
    this.#ids += count
    this.#require(this.#ids <= rangeIdsMax, `there are more than ${rangeIdsMax} ids`)
    const taken = this.#take(count * rangeShortBytes)
    const bytes = Buffer.from(taken.buffer, taken.byteOffset, taken.length)
    return Array.from({ length: taken.length / rangeShortBytes }, (_, item) =>
      bytes.readUIntBE(item * rangeShortBytes, rangeShortBytes),
    )
  }

  #marks(): readonly boolean[] {
    const count = this.#varint(rangeIdsMax)
    const bytes = this.#take(Math.ceil(count / 8))
    const marks = Array.from(
      { length: bytes.length * 8 },
      (_, item) => ((bytes[item >> 3] ?? 0) & (0x80 >> (item & 7))) !== 0,
    )
    this.#require(!marks.includes(true, count), 'a spare bit is set')
    return marks.slice(0, count)
  }

  #varint(max: number): number {
    let value = 0
    for (let group = 0; group < varintBytesMax; group++) {
      const byte = this.#byte()
      value += (byte % 128) * 128 ** group
      if (byte >= 128) continue
      this.#require(byte !== 0 || group === 0, 'a number is longer than it need be')
      this.#require(value <= max, `a number is greater than ${max}`)
      return Math.min(value, max)
    }
    this.#require(false, 'a number is too long')
    return 0
  }

  #byte(): number {
    return this.#take(1)[0] ?? 0
  }

  /** Nothing at all when there is less. */
  #take(length: number): Uint8Array {
    const isThere = this.#at + length <= this.#bytes.length
    this.#require(isThere, 'they are cut short')
    if (!isThere) return none
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #require(holds: boolean, problem: string): void {
    if (!holds) this.problem ??= problem
  }
}
