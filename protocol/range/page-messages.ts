/**
 * Records on their way, once it is known which: a want and the page that answers it, and a page given unasked to a peer
 * that lacks these records. SPEC section "Ranges".
 */

import { decodeCanonical, encodeCanonical } from '../cbor.ts'
import { Fields } from '../fields.ts'
import {
  pageBytesMax,
  pageRecordsMax,
  rangeMessageBytesMax,
  rangePlaceMax,
  rangeSaltBytes,
  rangeTakenBytesMax,
  recordBytesMax,
} from '../limits.ts'
import type { Result } from '../types.ts'
import type { Bound } from './bound.ts'
import { type Segment, unpackSegments } from './segments.ts'

export interface WantRequest {
  readonly salt: Uint8Array
  /** Of modes `all` and `ids`. */
  readonly wants: readonly Segment[]
}

export interface RecordPage {
  /** Signed bytes, not verified, in the order of their places. */
  readonly records: readonly Uint8Array[]
  /** Where to go on; absent when nothing follows. */
  readonly next?: Bound
}

/** `wants` are packed segments. */
export function encodeWants(salt: Uint8Array, wants: Uint8Array): Uint8Array {
  return encodeCanonical({ v: 1, salt, wants })
}

/** Never throws. */
export function decodeWants(bytes: Uint8Array): Result<WantRequest, 'range-malformed'> {
  const decoded = decodeCanonical(bytes, rangeMessageBytesMax)
  const fields = new Fields(decoded.ok ? decoded.value : undefined)
  fields.integer('v', 1, 1)
  const salt = fields.bytes('salt', rangeSaltBytes)
  const packed = fields.bytes('wants', 1, rangeMessageBytesMax)
  const problem = decoded.ok ? fields.problem() : decoded.fault
  if (problem !== undefined) return malformed(problem)
  const wants = unpackSegments(packed, ['ids', 'all'])
  return wants.ok ? { ok: true, value: { salt, wants: wants.value } } : wants
}

export function encodeRecordPage({ records, next }: RecordPage): Uint8Array {
  return encodeCanonical({
    v: 1,
    records,
    ...(next === undefined ? {} : { next: [next.place, next.prefix] }),
  })
}

/** Never throws. The records in it are as hostile as gossip. */
export function decodeRecordPage(bytes: Uint8Array): Result<RecordPage, 'range-malformed'> {
  const decoded = decodeCanonical(bytes, pageBytesMax)
  const fields = new Fields(decoded.ok ? decoded.value : undefined)
  fields.integer('v', 1, 1)
  const listed = fields.list('records', 0, pageRecordsMax)
  const records = listed.filter(item => item instanceof Uint8Array)
  fields.require(
    records.length === listed.length && records.every(record => record.length <= recordBytesMax),
    `records must be byte strings of at most ${recordBytesMax} bytes`,
  )
  const next = fields.has('next') ? readBound(fields) : undefined
  const problem = decoded.ok ? fields.problem() : decoded.fault
  if (problem !== undefined) return malformed(problem)
  return { ok: true, value: { records, ...(next === undefined ? {} : { next }) } }
}

/** A page that was given unasked: nothing follows it. Never throws. */
export function decodeGiven(bytes: Uint8Array): Result<readonly Uint8Array[], 'range-malformed'> {
  const read = decodeRecordPage(bytes)
  if (!read.ok) return read
  const { records, next } = read.value
  return next === undefined ? { ok: true, value: records } : malformed('next has no meaning in what is given')
}

/** How many of the records given the receiver has judged. */
export function encodeTaken(taken: number): Uint8Array {
  return encodeCanonical({ v: 1, taken })
}

/** Never throws. */
export function decodeTaken(bytes: Uint8Array): Result<number, 'range-malformed'> {
  const decoded = decodeCanonical(bytes, rangeTakenBytesMax)
  const fields = new Fields(decoded.ok ? decoded.value : undefined)
  fields.integer('v', 1, 1)
  const taken = fields.integer('taken', 0, pageRecordsMax)
  const problem = decoded.ok ? fields.problem() : decoded.fault
  return problem === undefined ? { ok: true, value: taken } : malformed(problem)
}

function readBound(fields: Fields): Bound {
  const [place, prefix] = fields.list('next', 2, 2)
  const isPlace = typeof place === 'number' && Number.isInteger(place) && place >= 0 && place <= rangePlaceMax
  const isPrefix = prefix instanceof Uint8Array && prefix.length <= 32 && prefix.at(-1) !== 0
  fields.require(isPlace && isPrefix, 'next must be a place and up to 32 bytes that do not end in a zero')
  return isPlace && isPrefix ? { place, prefix } : { place: 0, prefix: new Uint8Array() }
}

function malformed(why: string): { ok: false; code: 'range-malformed'; message: string } {
  return { ok: false, code: 'range-malformed', message: `The peer’s page of records cannot be read: ${why}.` }
}
