/**
 * Catch-up by ranges between any two sets: both are equal at the end, in a bounded number of rounds, and no more is
 * sent than differs. Bytes from a peer are answered with a value, whatever they are.
 */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeCanonical } from '../../protocol/cbor.ts'
import {
  decodeEntryPage,
  decodeEntryWant,
  encodeEntryPage,
  encodeEntryWant,
} from '../../protocol/entry-page.ts'
import { cidOf } from '../../protocol/identity.ts'
import { answerRanges } from '../../protocol/range/answer.ts'
import { decodeRangeAnswer, decodeRangeRequest } from '../../protocol/range/messages.ts'
import {
  decodeRecordPage,
  decodeTaken,
  decodeWants,
  encodeTaken,
} from '../../protocol/range/page-messages.ts'
import { answerWants, pagesOf } from '../../protocol/range/pages.ts'
import { packSegments } from '../../protocol/range/segments.ts'
import { openRanges } from '../../protocol/range/session.ts'
import {
  bytesOf,
  catchUp,
  compare,
  digests,
  type Item,
  idOf,
  idsIn,
  nonce,
  type Peer,
  peerWith,
  rest,
  salt,
  until,
} from '../unit/protocol/range/peers.ts'

interface Clump {
  readonly count: number
  readonly age: number
  readonly every: number
  readonly isUrgent: boolean
  readonly at: readonly ('a' | 'b')[]
}

/** Old or young, crowded into a second or spread over months, retractions and others. */
const clump: fc.Arbitrary<Clump> = fc.record({
  count: fc.integer({ min: 1, max: 400 }),
  age: fc.oneof(fc.nat({ max: 100_000 }), fc.nat({ max: 15_000_000 })),
  every: fc.constantFrom(0, 1, 60, 3_600),
  isUrgent: fc.boolean(),
  at: fc.constantFrom<readonly ('a' | 'b')[]>(['a'], ['b'], ['a', 'b'], ['a', 'b']),
})

function peersOf(clumps: readonly Clump[]): {
  a: Peer
  b: Peer
  all: Set<string>
} {
  const items: Record<'a' | 'b', Item[]> = { a: [], b: [] }
  for (const [number, { count, age, every, isUrgent, at }] of clumps.entries()) {
    for (let item = 0; item < count; item++) {
      const place = (isUrgent ? 0 : rest) + until - age - item * every
      for (const one of at) items[one].push({ place, id: idOf(`${number} ${item}`) })
    }
  }
  const all = new Set([...items.a, ...items.b].map(({ id }) => id))
  return { a: peerWith(items.a), b: peerWith(items.b), all }
}

const clumps = fc.array(clump, { maxLength: 8 })
const chance = fc.uint8Array({ minLength: 16, maxLength: 16 })

describe('any two sets', () => {
  test('are equal after one session, which has moved only what differed', () => {
    fc.assert(
      fc.property(clumps, chance, chance, (list, drawn, other) => {
        const { a, b, all } = peersOf(list)
        const before = [a, b].map(({ items }) => new Set(items.keys()))
        const outcome = catchUp(a, b, { salt: drawn, nonce: other })
        expect(new Set(idsIn(a))).toEqual(all)
        expect(idsIn(b)).toEqual(idsIn(a))
        expect(outcome.rounds).toBeLessThanOrEqual(5)
        expect(outcome.collision).toBe('none')
        expect(outcome.have.filter(id => before[1]?.has(id))).toEqual([])
        expect(compare(a, b)).toMatchObject({ end: a.index.size === 0 ? 'differs' : 'equal' })
      }),
      { numRuns: 150 },
    )
  })

  test('differ by the same, whoever asks', () => {
    fc.assert(
      fc.property(clumps, chance, (list, drawn) => {
        const [one, two] = [peersOf(list), peersOf(list)]
        catchUp(one.a, one.b, { salt: drawn, nonce })
        catchUp(two.b, two.a, { salt: drawn, nonce })
        expect(idsIn(one.a)).toEqual(idsIn(two.a))
      }),
      { numRuns: 50 },
    )
  })
})

const some = peerWith(digests(300))
const request = openRanges(some.index, { salt, until }).request() ?? new Uint8Array()
const answer = answerRanges(peerWith(digests(400, 7)).index, request, nonce)
const wants = encodeCanonical({
  v: 1,
  salt,
  wants: packSegments([
    { from: { place: 0, prefix: new Uint8Array() }, to: { place: rest, prefix: salt }, mode: 'all' },
  ]),
})
if (!answer.ok) throw new TypeError(answer.message)
const readers: readonly (readonly [string, Uint8Array, (bytes: Uint8Array) => { ok: boolean }])[] = [
  ['requests', request, decodeRangeRequest],
  ['answers', answer.value.bytes, decodeRangeAnswer],
  ['wants', wants, decodeWants],
  ['pages', [...pagesOf(some.items.keys(), bytesOf(some))][0]?.bytes ?? new Uint8Array(), decodeRecordPage],
  ['receipts', encodeTaken(3), decodeTaken],
  ['wants of entries', encodeEntryWant([cidOf(salt)]), decodeEntryWant],
  ['pages of entries', encodeEntryPage([cidOf(salt)], () => salt), decodeEntryPage],
]

describe.each(readers)('%s', (_name, original, read) => {
  test('are read as they were written', () => {
    expect(read(original)).toMatchObject({ ok: true })
  })

  test('cut short, or with more behind, are refused', () => {
    expect(read(original.subarray(0, -1)).ok).toBe(false)
    expect(read(Buffer.concat([original, Uint8Array.of(0)])).ok).toBe(false)
  })

  test('of any bytes, or with any byte changed, are answered', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.jsonValue(),
        fc.nat(),
        fc.nat(),
        (bytes, value, at, put) => {
          expect(read(bytes)).toMatchObject({ ok: false })
          expect(read(encodeCanonical(value))).toMatchObject({ ok: false })
          const changed = original.slice()
          changed[at % changed.length] = put % 256
          expect(read(changed)).toHaveProperty('ok')
          answerRanges(some.index, changed, nonce)
          answerWants(some.index, changed, bytesOf(some))
          openRanges(some.index, { salt, until }).take(changed)
        },
      ),
      { numRuns: 300 },
    )
  })
})
