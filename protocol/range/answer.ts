/**
 * The answering side of a round: from one request and the own set to one answer, and nothing remembered. Whatever is
 * asked, the work is bounded: what does not fit is left for later. SPEC section "Ranges".
 */

import { equalBytes } from '../../crypto/bytes.ts'
import { rangeIdsMax, rangeListMax, rangeMessageBytesMax, rangesMax } from '../limits.ts'
import type { Result, Seconds } from '../types.ts'
import { spansUntil } from './bound.ts'
import { fingerprint, sampleCheck, shortIds } from './fingerprint.ts'
import { decodeRangeRequest, encodeRangeAnswer, type RangeRequest, type Sample } from './messages.ts'
import type { RangeIndex } from './range-index.ts'
import { type Claim, packedBytesMax, type Segment, SegmentPacker } from './segments.ts'
import { boundBefore, cutByAge, listedItemsMax, type Ranked, rankedIn } from './split.ts'

export interface Answered {
  readonly bytes: Uint8Array
  /** Hashes that it took, for the account of work. */
  readonly hashes: number
}

/** Room for the map around the ranges, and the sample. */
const answerOverheadBytes = 512

/** `nonce`: chance, as long as a salt; it picks the sample. */
export function answerRanges(
  index: RangeIndex,
  bytes: Uint8Array,
  nonce: Uint8Array,
): Result<Answered, 'range-malformed'> {
  const read = decodeRangeRequest(bytes)
  if (!read.ok) return read
  const request = read.value
  const writer = new Writer(index, request)
  for (const segment of request.segments) if (!writer.answer(segment)) break
  const sample = request.sample ? takeSample(index, request, nonce) : undefined
  const answer = encodeRangeAnswer(writer.packer.bytes(), sample)
  return { ok: true, value: { bytes: answer, hashes: writer.hashes } }
}

class Writer {
  readonly packer = new SegmentPacker()
  hashes = 0
  readonly #index: RangeIndex
  readonly #request: RangeRequest
  #none: Uint8Array | undefined
  #listed = 0

  constructor(index: RangeIndex, request: RangeRequest) {
    this.#index = index
    this.#request = request
  }

  /** False when there was no room for it: it, and all behind it, is left for later. */
  answer(asked: Segment): boolean {
    const range = rankedIn(this.#index, asked)
    const count = range.end - range.first
    const isCompared = asked.mode === 'ids' && count <= rangeListMax
    const isListed = isCompared || count <= listedItemsMax
    // Most often both hold the same: that takes no room, and nothing need be cut.
    if (asked.mode === 'sum' && equalBytes(asked.sum, this.#sum(range))) return true
    const pieces = isListed ? [range] : cutByAge(this.#index, range, this.#request.until)
    if (!this.#hasRoom(pieces.length, isListed ? count : 0)) {
      const to = this.#request.segments.at(-1)?.to ?? asked.to
      this.packer.add({ from: asked.from, to, mode: 'later' })
      return false
    }
    const claim = isCompared ? this.#compare(asked.ids, range) : this.#claim(asked, range, isListed)
    if (claim?.mode === 'cut') for (const piece of pieces) this.packer.add(this.#bySum(piece))
    else if (claim !== undefined) this.packer.add({ from: range.from, to: range.to, ...claim })
    return true
  }

  #hasRoom(ranges: number, ids: number): boolean {
    // One more range, since what is left for later is one.
    const size = this.packer.size + packedBytesMax(ranges + 1, ids)
    return (
      this.#listed + ids <= rangeIdsMax &&
      this.packer.count + ranges < rangesMax &&
      size <= rangeMessageBytesMax - answerOverheadBytes
    )
  }

  /** Of a range that differs, and is not compared item by item. */
  #claim(asked: Segment, range: Ranked, isListed: boolean): Claim | { mode: 'cut' } {
    if (isListed) return { mode: 'ids', ids: this.#list(range) }
    // Who has nothing there will want all of it, and needs to see no more than that it is not empty.
    const isWanted = asked.mode === 'sum' && equalBytes(asked.sum, this.#sumOfNone())
    return isWanted ? { mode: 'sum', sum: this.#sum(range) } : { mode: 'cut' }
  }

  /** Few requests need it. */
  #sumOfNone(): Uint8Array {
    this.#none ??= fingerprint(this.#index, 0, 0, this.#request.salt)
    return this.#none
  }

  #compare(theirs: readonly number[], range: Ranked): Claim | undefined {
    const own = this.#list(range)
    const ownSet = new Set(own)
    const theirSet = new Set(theirs)
    const lacks = theirs.map(id => !ownSet.has(id))
    const ids = own.filter(id => !theirSet.has(id))
    return ids.length > 0 || lacks.includes(true) ? { mode: 'diff', ids, lacks } : undefined
  }

  #bySum(piece: Ranked): Segment {
    return { from: piece.from, to: piece.to, mode: 'sum', sum: this.#sum(piece) }
  }

  #list({ first, end }: Ranked): readonly number[] {
    this.#listed += end - first
    this.hashes += end - first
    return shortIds(this.#index.ids(first, end), this.#request.salt)
  }

  #sum({ first, end }: Ranked): Uint8Array {
    this.hashes++
    return fingerprint(this.#index, first, end, this.#request.salt)
  }
}

/** Some 4,096 items around one at random: members and retractions, or others. */
function takeSample(
  index: RangeIndex,
  { until, salt }: { until: Seconds; salt: Uint8Array },
  nonce: Uint8Array,
): Sample | undefined {
  const ranges = spansUntil(until).map(span => rankedIn(index, span))
  const size = ranges.reduce((sum, { first, end }) => sum + end - first, 0)
  if (size === 0) return undefined
  let drawn = new DataView(nonce.buffer, nonce.byteOffset).getUint32(0) % size
  for (const range of ranges) {
    const count = range.end - range.first
    if (drawn >= count) {
      drawn -= count
      continue
    }
    const middle = range.first + drawn
    const first = Math.max(range.first, middle - rangeListMax / 2)
    const end = Math.min(range.end, middle + rangeListMax / 2)
    return {
      from: boundBefore(index, first, range),
      to: boundBefore(index, end, range),
      nonce,
      sum: fingerprint(index, first, end, salt),
      check: sampleCheck(index, first, end, { salt, nonce }),
    }
  }
  return undefined
}
