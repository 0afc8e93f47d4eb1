/**
 * The side that sends records: a page for a want, in the order of places, so members and retractions first; and pages
 * of what a peer lacks. No state is kept: a page says where the next one begins. SPEC section "Ranges".
 */

import { pageBytesMax, pageRecordsMax, rangeIdsMax, rangeListMax } from '../limits.ts'
import type { RecordId, Result } from '../types.ts'
import type { Answered } from './answer.ts'
import type { Bound } from './bound.ts'
import { shortIds } from './fingerprint.ts'
import { decodeWants, encodeRecordPage } from './page-messages.ts'
import type { RangeIndex } from './range-index.ts'
import type { Segment } from './segments.ts'
import { boundBefore, type Ranked, rankedIn } from './split.ts'

/** Undefined when the record has gone meanwhile. */
type BytesOf = (id: RecordId) => Uint8Array | undefined

/** Keys, lengths and `next` around the records, and the head of each. */
const overheadBytes = 128
const headBytes = 3

/** One page of what is wanted, as far as it is here. */
export function answerWants(
  index: RangeIndex,
  bytes: Uint8Array,
  bytesOf: BytesOf,
): Result<Answered, 'range-malformed'> {
  const read = decodeWants(bytes)
  if (!read.ok) return read
  const finder = new Finder(index, read.value.salt)
  const page = new PageWriter()
  const next = fill(page, finder, read.value.wants, bytesOf)
  return { ok: true, value: { bytes: page.encode(next), hashes: finder.hashes } }
}

/** What a peer lacks, in pages to be given to it one by one. */
export function* pagesOf(
  ids: Iterable<RecordId>,
  bytesOf: BytesOf,
): Generator<{ readonly bytes: Uint8Array; readonly records: number }> {
  let page = new PageWriter()
  for (const id of ids) {
    const bytes = bytesOf(id)
    if (bytes === undefined || page.add(bytes)) continue
    yield { bytes: page.encode(), records: page.count }
    page = new PageWriter()
    page.add(bytes)
  }
  if (page.count > 0) yield { bytes: page.encode(), records: page.count }
}

/** Returns where to go on when the page, or what one request may cost, is full. */
function fill(
  page: PageWriter,
  finder: Finder,
  wants: readonly Segment[],
  bytesOf: BytesOf,
): Bound | undefined {
  let looked = 0
  for (const want of wants) {
    const range = rankedIn(finder.index, want)
    const ranks = finder.find(want, range)
    if (ranks === undefined) return want.from
    for (const rank of ranks) {
      if (looked++ === rangeIdsMax) return boundBefore(finder.index, rank, range)
      const bytes = bytesOf(finder.index.idAt(rank))
      if (bytes !== undefined && !page.add(bytes)) return boundBefore(finder.index, rank, range)
    }
  }
  return undefined
}

/** Finds by short ids, within a bound for one request. */
class Finder {
  readonly index: RangeIndex
  hashes = 0
  readonly #salt: Uint8Array

  constructor(index: RangeIndex, salt: Uint8Array) {
    this.index = index
    this.#salt = salt
  }

  /** The ranks of what is wanted; undefined when this request has cost enough. */
  find(want: Segment, { first, end }: Ranked): Iterable<number> | undefined {
    if (want.mode !== 'ids') return ranksFrom(first, end)
    // No list that was sent before was longer: there is nothing that could be meant.
    if (end - first > rangeListMax) return []
    if (this.hashes + end - first > rangeIdsMax) return undefined
    this.hashes += end - first
    const wanted = new Set(want.ids)
    const shorts = shortIds(this.index.ids(first, end), this.#salt)
    return shorts.flatMap((short, item) => (wanted.has(short) ? [first + item] : []))
  }
}

class PageWriter {
  readonly #records: Uint8Array[] = []
  #size = overheadBytes

  get count(): number {
    return this.#records.length
  }

  /** False when there is no room for it. */
  add(bytes: Uint8Array): boolean {
    const size = this.#size + headBytes + bytes.length
    if (size > pageBytesMax || this.#records.length === pageRecordsMax) return false
    this.#records.push(bytes)
    this.#size = size
    return true
  }

  encode(next?: Bound): Uint8Array {
    return encodeRecordPage({ records: this.#records, ...(next === undefined ? {} : { next }) })
  }
}

function* ranksFrom(first: number, end: number): Generator<number> {
  for (let rank = first; rank < end; rank++) yield rank
}
