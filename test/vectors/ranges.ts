/** Vectors of catch-up by ranges: what is hashed, how each message reads, and one exchange from end to end. */

import { toHex } from '../../crypto/bytes.ts'
import { encodeCanonical } from '../../protocol/cbor.ts'
import { recordIdOfHash } from '../../protocol/identity.ts'
import { answerRanges } from '../../protocol/range/answer.ts'
import { type Bound, boundAt, placeOf, spansUntil } from '../../protocol/range/bound.ts'
import { fingerprint, sampleCheck, shortIds } from '../../protocol/range/fingerprint.ts'
import {
  encodeRangeAnswer,
  encodeRangeBusy,
  encodeRangeRequest,
  type Sample,
} from '../../protocol/range/messages.ts'
import { encodeRecordPage, encodeTaken, encodeWants } from '../../protocol/range/page-messages.ts'
import { createRangeIndex, type RangeIndex } from '../../protocol/range/range-index.ts'
import { packSegments, type Segment } from '../../protocol/range/segments.ts'
import { openRanges } from '../../protocol/range/session.ts'
import type { RecordId, SwarmRecord } from '../../protocol/types.ts'
import { filled } from '../unit/protocol/fixtures.ts'
import { plain } from './plain.ts'

const salt = filled(16, 0x5a)
const nonce = filled(16, 0x6b)
const restStarts = 2 ** 32
const sum = filled(8, 0xaa)

interface Item {
  readonly place: number
  readonly id: RecordId
}

/** `records`: one of each kind, for their places. `until` is the last of the seconds that are compared. */
export function rangeVectors(records: readonly SwarmRecord[], until: number) {
  const items = records.map(record => ({ place: placeOf(record), id: record.id }))
  const index = indexOf(items)
  return {
    about:
      'Catch-up by ranges: places, fingerprints, short ids and the check of a sample; messages; one exchange. Where a range is cut is up to each side.',
    salt: toHex(salt),
    nonce: toHex(nonce),
    until,
    places: records.map((record, at) => ({
      kind: record.envelope.kind,
      t: record.envelope.t,
      ...items[at],
    })),
    fingerprints: [
      [0, 0],
      [0, 1],
      [0, index.size],
    ].map(([from = 0, to = 0]) => ({
      ids: Array.from({ length: to - from }, (_, rank) => index.idAt(from + rank)),
      sum: toHex(index.sum(from, to)),
      fingerprint: toHex(fingerprint(index, from, to, salt)),
    })),
    shortIds: items.map(({ id }) => ({
      id,
      short: toHex(fiveBytes(shortIds(Buffer.from(id, 'hex'), salt)[0] ?? 0)),
    })),
    sample: {
      ids: items.toSorted(byPlace).map(({ id }) => id),
      check: toHex(sampleCheck(index, 0, index.size, { salt, nonce })),
    },
    requests: requestVectors(until),
    answers: answerVectors(until),
    wants: wantVectors(),
    pages: pageVectors(records),
    given: {
      valid: [{ name: 'one record', ...pageOf(records) }],
      invalid: [{ name: 'with a place to go on at', ...pageOf(records, boundAt(restStarts)) }],
    },
    taken: {
      valid: [{ name: 'three', bytes: toHex(encodeTaken(3)), taken: 3 }],
      invalid: [{ name: '257', bytes: toHex(encodeCanonical({ v: 1, taken: 257 })) }],
    },
    exchange: exchangeVector(items, until),
  }
}

function requestVectors(until: number) {
  const spans = spansUntil(until)
  const whole = spans.map((span): Segment => ({ ...span, mode: 'sum', sum }))
  const lists: Segment[] = [
    {
      from: boundAt(restStarts),
      to: boundAt(restStarts + 9, filled(2, 1)),
      mode: 'ids',
      ids: [1, 2 ** 40 - 1],
    },
    { from: boundAt(restStarts + 9, filled(2, 1)), to: boundAt(restStarts + 10), mode: 'sum', sum },
  ]
  const request = (sample: boolean, segments: readonly Segment[]) => {
    const bytes = encodeRangeRequest({ salt, until, sample }, packSegments(segments))
    return { bytes: toHex(bytes), request: plain({ salt, until, sample, segments }) }
  }
  const head = { v: 1, salt, until }
  const packed = packSegments(whole)
  const raw = (name: string, value: unknown) => ({ name, bytes: toHex(encodeCanonical(value)) })
  const ranges = (name: string, hex: string) => raw(name, { ...head, ranges: fromHex(hex) })
  return {
    valid: [
      { name: 'the first of a session: all by sum, and a sample', ...request(true, whole) },
      { name: 'a list and a sum', ...request(false, lists) },
    ],
    invalid: [
      raw('a short salt', { ...head, salt: filled(15, 1), ranges: packed }),
      raw('sample that is false', { ...head, sample: false, ranges: packed }),
      raw('no ranges', head),
      raw('a field too many', { ...head, ranges: packed, count: 1 }),
      raw('a range left for later', {
        ...head,
        ranges: packSegments([{ from: boundAt(0), to: boundAt(5), mode: 'later' }]),
      }),
      raw('a range wanted whole', {
        ...head,
        ranges: packSegments([{ from: boundAt(0), to: boundAt(5), mode: 'all' }]),
      }),
      ranges('a mode that is not known', '0a06'),
      ranges('a sum of seven bytes', `0a01${'aa'.repeat(7)}`),
      ranges('a number in more bytes than it needs', `8a0001${'aa'.repeat(8)}`),
      ranges('a place beyond the last', `808080804001${'aa'.repeat(8)}0201${'aa'.repeat(8)}`),
      ranges('an empty range', `0a01${'aa'.repeat(8)}0001${'aa'.repeat(8)}`),
      ranges('a range that goes back', `0b010201${'aa'.repeat(8)}01010101${'aa'.repeat(8)}`),
      ranges('a prefix of no bytes', `0b0001${'aa'.repeat(8)}`),
      ranges('a prefix that ends in a zero', `0b02010001${'aa'.repeat(8)}`),
      ranges('two skipped ranges', `0a000a000a01${'aa'.repeat(8)}`),
      ranges('a skipped range at the end', `0a01${'aa'.repeat(8)}0a00`),
      ranges('fewer ids than said', '0a02020000000001'),
    ],
  }
}

function answerVectors(until: number) {
  const [, others] = spansUntil(until)
  const sample: Sample = { ...others, nonce, sum, check: filled(16, 0xcc) }
  const segments: Segment[] = [
    { from: boundAt(0), to: boundAt(5), mode: 'sum', sum },
    { from: boundAt(5), to: boundAt(6), mode: 'ids', ids: [] },
    { from: boundAt(8), to: boundAt(9), mode: 'diff', ids: [3], lacks: [true, false, true] },
    { from: boundAt(9), to: boundAt(12), mode: 'later' },
  ]
  const answer = (said: readonly Segment[], more?: Sample) => ({
    bytes: toHex(encodeRangeAnswer(packSegments(said), more)),
    answer: plain({ segments: said, ...(more === undefined ? {} : { sample: more }) }),
  })
  const raw = (name: string, value: unknown) => ({ name, bytes: toHex(encodeCanonical(value)) })
  const ranges = (name: string, hex: string) => raw(name, { v: 1, ranges: fromHex(hex) })
  return {
    valid: [
      { name: 'the same, by the sample too', ...answer([], sample) },
      { name: 'a sum, a list of none, a difference, the rest later', ...answer(segments) },
      { name: 'busy', bytes: toHex(encodeRangeBusy()), answer: { refused: 'busy' } },
    ],
    invalid: [
      raw('refused for an unknown reason', { v: 1, refused: 'tired' }),
      raw('refused and answered', { v: 1, refused: 'busy', ranges: new Uint8Array() }),
      raw('a sample of two ranges', {
        v: 1,
        ranges: new Uint8Array(),
        sample: { nonce, check: nonce, ranges: fromHex(`0a01${'aa'.repeat(8)}0a01${'aa'.repeat(8)}`) },
      }),
      ranges('a difference that is none', '0a03000200'),
      ranges('a spare bit', '0a03000260'),
      ranges('something behind what is left for later', `0a040a01${'aa'.repeat(8)}`),
      ranges('a range wanted whole', '0a05'),
    ],
  }
}

function wantVectors() {
  const wants: Segment[] = [
    { from: boundAt(0), to: boundAt(7), mode: 'all' },
    { from: boundAt(restStarts + 8), to: boundAt(restStarts + 9), mode: 'ids', ids: [3, 4] },
  ]
  const raw = (name: string, packed: Uint8Array) => ({
    name,
    bytes: toHex(encodeWants(salt, packed)),
  })
  return {
    valid: [
      {
        name: 'all of one range, and two of another',
        bytes: toHex(encodeWants(salt, packSegments(wants))),
        want: plain({ salt, wants }),
      },
    ],
    invalid: [
      raw('nothing', new Uint8Array()),
      raw('a sum', packSegments([{ from: boundAt(0), to: boundAt(7), mode: 'sum', sum }])),
    ],
  }
}

function pageVectors(records: readonly SwarmRecord[]) {
  const raw = (name: string, value: unknown) => ({ name, bytes: toHex(encodeCanonical(value)) })
  return {
    valid: [
      { name: 'one record, and no more', ...pageOf(records) },
      { name: 'one record, and where to go on', ...pageOf(records, boundAt(restStarts, filled(2, 1))) },
      { name: 'nothing', bytes: toHex(encodeRecordPage({ records: [] })), page: { records: [] } },
    ],
    invalid: [
      raw('a record of 481 bytes', { v: 1, records: [filled(481, 0)] }),
      raw('a record that is a number', { v: 1, records: [1] }),
      raw('257 records', { v: 1, records: Array.from({ length: 257 }, () => filled(1, 0)) }),
      raw('a place beyond the last', { v: 1, records: [], next: [2 * restStarts + 1, new Uint8Array()] }),
      raw('a prefix that ends in a zero', { v: 1, records: [], next: [1, filled(1, 0)] }),
      raw('half a bound', { v: 1, records: [], next: [1] }),
    ],
  }
}

function pageOf(records: readonly SwarmRecord[], next?: Bound) {
  const bytes = records.slice(0, 1).map(record => record.bytes)
  const value = { records: bytes, ...(next === undefined ? {} : { next }) }
  return { bytes: toHex(encodeRecordPage(value)), page: plain(value) }
}

/** The asker lacks a digest and a retraction, the answerer an attestation; forty more items are with both. */
function exchangeVector(items: readonly Item[], until: number) {
  const shared = Array.from({ length: 40 }, (_, number) => ({
    place: restStarts + until - 1_000 * number,
    id: recordIdOfHash(filled(32, number + 1)),
  }))
  const asker = [...shared, ...items.filter((_, at) => at !== 1 && at !== 4)]
  const answerer = [...shared, ...items.filter((_, at) => at !== 2)]
  const [mine, theirs] = [indexOf(asker), indexOf(answerer)]
  const session = openRanges(mine, { salt, until })
  const rounds: { request: string; answer: string }[] = []
  for (let request = session.request(); request !== undefined; request = session.request()) {
    const answer = answerRanges(theirs, request, nonce)
    if (!answer.ok) throw new TypeError(answer.message)
    const taken = session.take(answer.value.bytes)
    if (!taken.ok) throw new TypeError(taken.message)
    rounds.push({ request: toHex(request), answer: toHex(answer.value.bytes) })
  }
  const { have, need } = session.outcome()
  return {
    asker: asker.toSorted(byPlace),
    answerer: answerer.toSorted(byPlace),
    rounds,
    have,
    need: plain(need),
  }
}

function indexOf(items: readonly Item[]): RangeIndex {
  const index = createRangeIndex()
  for (const { place, id } of items) index.add(place, id)
  return index
}

function byPlace(a: Item, b: Item): number {
  return a.place - b.place || (a.id < b.id ? -1 : 1)
}

function fiveBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(5)
  bytes.writeUIntBE(value, 0, 5)
  return bytes
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}
