/**
 * The two messages of a round: what is asked, and the answer, which is all that the answerer does and keeps no state
 * for. Decoding is strict; what the ranges mean is for `session` and `answer`. SPEC section "Ranges".
 */

import { decodeCanonical, encodeCanonical } from '../cbor.ts'
import { Fields } from '../fields.ts'
import { rangeMessageBytesMax, rangeSaltBytes } from '../limits.ts'
import type { Result, Seconds } from '../types.ts'
import type { Span } from './bound.ts'
import { packSegments, type Segment, unpackSegments } from './segments.ts'

export interface RangeHead {
  readonly salt: Uint8Array
  /** Items signed later than this are not looked at. */
  readonly until: Seconds
  /** Whether the answer shall hold the check of a sample. */
  readonly sample: boolean
}

export interface RangeRequest extends RangeHead {
  /** Of modes `sum` and `ids`. */
  readonly segments: readonly Segment[]
}

/** One range of the answerer's choice, by fingerprint and by the ids themselves. */
export interface Sample extends Span {
  readonly nonce: Uint8Array
  readonly sum: Uint8Array
  readonly check: Uint8Array
}

export type RangeAnswer =
  | { readonly segments: readonly Segment[]; readonly sample?: Sample }
  /** It answers others at the moment. */
  | { readonly refused: 'busy' }

const sampleRangesBytesMax = 256

/** `ranges` are packed segments. */
export function encodeRangeRequest({ salt, until, sample }: RangeHead, ranges: Uint8Array): Uint8Array {
  return encodeCanonical({ v: 1, salt, until, ...(sample ? { sample } : {}), ranges })
}

/** Never throws. */
export function decodeRangeRequest(bytes: Uint8Array): Result<RangeRequest, 'range-malformed'> {
  const decoded = decodeCanonical(bytes, rangeMessageBytesMax)
  const fields = new Fields(decoded.ok ? decoded.value : undefined)
  fields.integer('v', 1, 1)
  const salt = fields.bytes('salt', rangeSaltBytes)
  const until = fields.seconds('until')
  const sample = fields.has('sample') && fields.any('sample')
  fields.require(typeof sample === 'boolean' && sample === fields.has('sample'), 'sample must be true')
  const ranges = fields.bytes('ranges', 0, rangeMessageBytesMax)
  const problem = decoded.ok ? fields.problem() : decoded.fault
  if (problem !== undefined) return malformed(problem)
  const segments = unpackSegments(ranges, ['sum', 'ids'])
  if (!segments.ok) return segments
  return { ok: true, value: { salt, until, sample: sample === true, segments: segments.value } }
}

/** `ranges` are packed segments. */
export function encodeRangeAnswer(ranges: Uint8Array, sample?: Sample): Uint8Array {
  return encodeCanonical({
    v: 1,
    ranges,
    ...(sample === undefined ? {} : { sample: encodableSample(sample) }),
  })
}

export function encodeRangeBusy(): Uint8Array {
  return encodeCanonical({ v: 1, refused: 'busy' })
}

function encodableSample({ from, to, nonce, sum, check }: Sample): unknown {
  return { nonce, check, ranges: packSegments([{ from, to, mode: 'sum', sum }]) }
}

/** Never throws. */
export function decodeRangeAnswer(bytes: Uint8Array): Result<RangeAnswer, 'range-malformed'> {
  const decoded = decodeCanonical(bytes, rangeMessageBytesMax)
  const fields = new Fields(decoded.ok ? decoded.value : undefined)
  fields.integer('v', 1, 1)
  if (fields.has('refused')) {
    const refused = fields.oneOf('refused', ['busy'])
    const problem = fields.problem()
    return problem === undefined ? { ok: true, value: { refused } } : malformed(problem)
  }
  const ranges = fields.bytes('ranges', 0, rangeMessageBytesMax)
  const sample = fields.has('sample') ? fields.any('sample') : undefined
  const problem = decoded.ok ? fields.problem() : decoded.fault
  if (problem !== undefined) return malformed(problem)
  const segments = unpackSegments(ranges, ['sum', 'ids', 'diff', 'later'])
  if (!segments.ok) return segments
  if (sample === undefined) return { ok: true, value: { segments: segments.value } }
  const read = readSample(sample)
  return read.ok ? { ok: true, value: { segments: segments.value, sample: read.value } } : read
}

function readSample(value: unknown): Result<Sample, 'range-malformed'> {
  const fields = new Fields(value, 'sample.')
  const nonce = fields.bytes('nonce', rangeSaltBytes)
  const check = fields.bytes('check', rangeSaltBytes)
  const ranges = fields.bytes('ranges', 1, sampleRangesBytesMax)
  const problem = fields.problem()
  if (problem !== undefined) return malformed(problem)
  const segments = unpackSegments(ranges, ['sum'])
  if (!segments.ok) return segments
  const [range, ...more] = segments.value
  if (range?.mode !== 'sum' || more.length > 0) return malformed('sample.ranges must be one range')
  const { from, to, sum } = range
  return { ok: true, value: { from, to, nonce, sum, check } }
}

function malformed(why: string): { ok: false; code: 'range-malformed'; message: string } {
  return { ok: false, code: 'range-malformed', message: `The peer’s ranges cannot be read: ${why}.` }
}
