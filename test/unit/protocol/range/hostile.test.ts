/** Peers that lie, loop, stall or overdo it: a session ends with a reason, and no message costs more than its share. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  rangeHaveMax,
  rangeIdsMax,
  rangeListMax,
  rangeMessageBytesMax,
  rangePagesMax,
  rangeRoundsMax,
  rangesMax,
} from '../../../../protocol/limits.ts'
import { answerRanges } from '../../../../protocol/range/answer.ts'
import { boundAt, type Span, spansUntil } from '../../../../protocol/range/bound.ts'
import {
  decodeRangeAnswer,
  decodeRangeRequest,
  encodeRangeAnswer,
  encodeRangeBusy,
  encodeRangeRequest,
  type Sample,
} from '../../../../protocol/range/messages.ts'
import { decodeRecordPage, encodeRecordPage, encodeWants } from '../../../../protocol/range/page-messages.ts'
import { answerWants } from '../../../../protocol/range/pages.ts'
import type { RangeIndex } from '../../../../protocol/range/range-index.ts'
import { packSegments, type Segment } from '../../../../protocol/range/segments.ts'
import { openRanges, type RangeOutcome } from '../../../../protocol/range/session.ts'
import { fetchRecords } from '../../../../protocol/range/wants.ts'
import { filled } from '../fixtures.ts'
import { bytesOf, compare, digests, fetchAll, nonce, peerWith, rest, salt, until } from './peers.ts'

const [urgent, others] = spansUntil(until)
const lie = filled(8, 0xee)

/** Runs a session against whatever answers; how it ended, and what it cost. */
function face(
  index: RangeIndex,
  answer: (asked: readonly Segment[], round: number) => Uint8Array,
): { code: string; outcome: RangeOutcome; bytes: number } {
  const session = openRanges(index, { salt, until })
  let bytes = 0
  for (let request = session.request(); request !== undefined; request = session.request()) {
    const asked = decodeRangeRequest(request)
    if (!asked.ok) throw new TypeError(asked.message)
    expect(request.length).toBeLessThanOrEqual(rangeMessageBytesMax)
    bytes += request.length
    const taken = session.take(answer(asked.value.segments, session.outcome().rounds))
    if (taken.ok) continue
    expect(session.request()).toBeUndefined()
    return { code: taken.code, outcome: session.outcome(), bytes }
  }
  const outcome = session.outcome()
  expect(outcome.rounds).toBeLessThanOrEqual(rangeRoundsMax)
  return { code: outcome.end, outcome, bytes }
}

const answerOf = (...segments: readonly Segment[]) => encodeRangeAnswer(packSegments(segments))
const { index } = peerWith(digests(3_000))

describe('an answerer', () => {
  it.each<[string, string, (asked: readonly Segment[]) => Uint8Array]>([
    ['range-malformed', 'sends something else', () => Uint8Array.of(0xff)],
    ['range-malformed', 'sends more than a message holds', () => filled(rangeMessageBytesMax + 1, 0)],
    ['range-busy', 'is busy', encodeRangeBusy],
    ['range-stalled', 'puts everything off', () => answerOf({ ...urgent, to: others.to, mode: 'later' })],
    [
      'range-outside',
      'answers what was not asked',
      () => answerOf({ from: urgent.to, to: others.from, mode: 'sum', sum: lie }),
    ],
    [
      'range-outside',
      'answers beyond what was asked',
      () => answerOf({ ...others, to: boundAt(2 ** 33), mode: 'sum', sum: lie }),
    ],
    [
      'range-outside',
      'answers across two ranges',
      () => answerOf({ ...urgent, to: others.to, mode: 'sum', sum: lie }),
    ],
    [
      'range-outside',
      'compares a list that was not sent',
      () => answerOf({ ...others, mode: 'diff', ids: [1], lacks: [] }),
    ],
    [
      'range-outside',
      'puts off half a range',
      () => answerOf({ from: boundAt(rest + 5), to: others.to, mode: 'later' }),
    ],
  ])('ends with %s when it %s', (code, _name, answer) => {
    expect(face(index, answer)).toMatchObject({
      code,
      outcome: { rounds: 1, have: [], need: [], end: 'partial' },
    })
  })

  it('that says of every range that it differs ends by naming ids that it then does not have', () => {
    const { code, outcome } = face(index, asked =>
      answerOf(
        ...asked.map(
          ({ mode, from, to, ...claim }): Segment =>
            mode === 'ids' && 'ids' in claim
              ? { from, to, mode: 'diff', ids: [7], lacks: claim.ids.map(() => false) }
              : { from, to, mode: 'sum', sum: lie },
        ),
      ),
    )
    expect(code).toBe('differs')
    expect(outcome.have).toEqual([])
    expect(outcome.need.length).toBeGreaterThan(50)
    const honest = peerWith(digests(3_000))
    const asker = peerWith(digests(3_000))
    const { came, missing } = fetchAll(asker, honest, outcome.need)
    expect(came).toEqual([])
    expect(missing).toBeGreaterThan(50)
  })

  it('that never settles a list ends there', () => {
    const { code } = face(index, asked =>
      answerOf(...asked.map(({ from, to }): Segment => ({ from, to, mode: 'sum', sum: lie }))),
    )
    expect(code).toBe('range-stalled')
  })

  it('that answers one range a round is left after its rounds, with what was found', () => {
    const { code, outcome, bytes } = face(index, asked => {
      const [first, second] = asked
      if (first === undefined) return answerOf()
      const answered: Segment =
        first.mode === 'ids'
          ? { ...first, mode: 'diff', ids: [7], lacks: first.ids.map(() => false) }
          : { from: first.from, to: first.to, mode: 'sum', sum: lie }
      const last = asked.at(-1)
      if (second === undefined || last === undefined) return answerOf(answered)
      return answerOf(answered, { from: second.from, to: last.to, mode: 'later' })
    })
    expect(code).toBe('partial')
    expect(outcome.rounds).toBe(rangeRoundsMax)
    expect(bytes).toBeLessThan(rangeRoundsMax * 20_000)
  })

  it('cannot make the asker hash more than its share for one answer', () => {
    const large = peerWith(digests(40_000, 1))
    const session = openRanges(large.index, { salt, until })
    session.request()
    const lists = Array.from({ length: 39 }, (_, at): Segment => {
      const from = rest + until - 39_500 + at * 1_000
      return { from: boundAt(from), to: boundAt(from + 1_000), mode: 'ids', ids: [1] }
    })
    expect(session.take(answerOf(...lists)).ok).toBe(true)
    expect(session.hashes).toBeLessThanOrEqual(2 * rangeIdsMax + 50)
    expect(session.request()).toBeDefined()
  })

  it('that leaves a range for later is asked for it again as it was', () => {
    const asked: (readonly Segment[])[] = []
    face(index, (segments, round) => {
      asked.push(segments)
      const [first, second] = segments
      if (round > 1 || first === undefined || second === undefined) return answerOf()
      return answerOf({ from: second.from, to: second.to, mode: 'later' })
    })
    expect(asked).toHaveLength(2)
    expect(asked[1]).toEqual(asked[0]?.slice(1))
  })

  it('that says it lacks everything is offered no more than one session may find', () => {
    const large = peerWith(digests(rangeHaveMax + 5, 1))
    const { outcome } = face(large.index, asked =>
      answerOf(...asked.map(({ from, to }): Segment => ({ from, to, mode: 'ids', ids: [] }))),
    )
    expect(outcome).toMatchObject({ end: 'partial', rounds: 1 })
    expect(outcome.have).toHaveLength(rangeHaveMax)
  })

  it.each<[string, Omit<Sample, 'nonce' | 'sum' | 'check'>]>([
    ['outside of what is compared', { from: urgent.to, to: others.from }],
    ['across both parts', { from: urgent.from, to: others.to }],
  ])('may not take its sample %s', (_name, span) => {
    const sample = { ...span, nonce, sum: lie, check: nonce }
    expect(face(index, () => encodeRangeAnswer(new Uint8Array(), sample)).code).toBe('range-outside')
  })

  it('may not sample unasked, nor more than its share', () => {
    const large = peerWith(digests(rangeListMax + 1))
    const honest = answerRanges(
      large.index,
      openRanges(large.index, { salt, until }).request() ?? nonce,
      nonce,
    )
    if (!honest.ok) throw new TypeError(honest.message)
    const read = decodeRangeRequest(openRanges(large.index, { salt, until }).request() ?? nonce)
    const whole = read.ok ? read.value.segments[1] : undefined
    if (whole?.mode !== 'sum') throw new TypeError('a request begins with the sums of all')
    const wide = { ...others, nonce, sum: whole.sum, check: nonce }
    const first = face(large.index, (_asked, round) => {
      return round === 1 ? encodeRangeAnswer(new Uint8Array(), wide) : answerOf()
    })
    expect(first).toMatchObject({ code: 'range-outside', outcome: { rounds: 1 } })
    const late = face(large.index, (asked, round) =>
      round === 1
        ? answerOf(...asked.map(({ from, to }): Segment => ({ from, to, mode: 'sum', sum: lie })))
        : encodeRangeAnswer(new Uint8Array(), { ...others, nonce, sum: lie, check: nonce }),
    )
    expect(late).toMatchObject({ code: 'range-outside', outcome: { rounds: 2 } })
  })

  it('that lies in its sample is asked for a list once, and refuted by it', () => {
    const peer = peerWith(digests(500))
    const session = openRanges(peer.index, { salt, until })
    const first = session.request()
    if (first === undefined) throw new TypeError('no request')
    const honest = answerRanges(peer.index, first, nonce)
    if (!honest.ok) throw new TypeError(honest.message)
    const read = decodeRangeAnswer(honest.value.bytes)
    if (!read.ok || 'refused' in read.value || read.value.sample === undefined)
      throw new TypeError('no sample')
    const { sample } = read.value
    expect(session.take(encodeRangeAnswer(new Uint8Array(), { ...sample, check: filled(16, 0) })).ok).toBe(
      true,
    )
    expect(session.request()).toBeDefined()
    expect(session.take(answerOf()).ok).toBe(true)
    expect(session.request()).toBeUndefined()
    expect(session.outcome()).toMatchObject({ end: 'equal', rounds: 2, collision: 'refuted' })
  })

  it('may say anything: the session ends within its rounds, its messages within their bytes', () => {
    const claim = fc.oneof(
      fc.record({ mode: fc.constant('sum' as const), sum: fc.uint8Array({ minLength: 8, maxLength: 8 }) }),
      fc.record({ mode: fc.constant('ids' as const), ids: fc.array(fc.nat(), { maxLength: 5 }) }),
      fc.record({ mode: fc.constant('same' as const) }),
      fc.record({ mode: fc.constant('diff' as const), id: fc.nat() }),
      fc.record({ mode: fc.constant('later' as const) }),
    )
    const cuts = fc.array(fc.tuple(claim, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 40 })
    const small = peerWith(digests(700)).index
    const ends = new Set<string>()
    fc.assert(
      fc.property(cuts, choices => {
        let turn = 0
        const { code, bytes } = face(small, asked => {
          const segments: Segment[] = []
          for (const one of asked) {
            const [said, parts] = choices[turn++ % choices.length] ?? [{ mode: 'same' as const }, 1]
            segments.push(...claims(one, said, parts))
            if (segments.at(-1)?.mode === 'later') break
          }
          return answerOf(...segments)
        })
        ends.add(code)
        expect(bytes).toBeLessThan(rangeRoundsMax * 30_000)
      }),
      { numRuns: 300 },
    )
    expect([...ends].sort()).toEqual(['differs', 'equal', 'partial', 'range-stalled'])
  })
})

type Said =
  | { mode: 'sum'; sum: Uint8Array }
  | { mode: 'ids'; ids: number[] }
  | { mode: 'same' }
  | { mode: 'later' }
  | { mode: 'diff'; id: number }

/** Something of the right form about one range that was asked, in up to three parts. */
function claims(asked: Segment, said: Said, parts: number): readonly Segment[] {
  const { from, to } = asked
  if (said.mode === 'same') return []
  if (said.mode === 'later') return [{ from, to, mode: 'later' }]
  if (said.mode === 'diff') {
    if (asked.mode !== 'ids') return []
    return [{ from, to, mode: 'diff', ids: [said.id], lacks: asked.ids.map((_, item) => item % 2 === 0) }]
  }
  const step = Math.floor((to.place - from.place) / parts)
  const spans: Span[] = []
  for (let part = 0; part < parts && step > 0; part++) {
    const begin = part === 0 ? from : boundAt(from.place + part * step)
    spans.push({ from: begin, to: part === parts - 1 ? to : boundAt(from.place + (part + 1) * step) })
  }
  return (step > 0 ? spans : [{ from, to }]).map(
    (span): Segment =>
      said.mode === 'sum' ? { ...span, mode: 'sum', sum: said.sum } : { ...span, mode: 'ids', ids: said.ids },
  )
}

describe('an asker', () => {
  const large = peerWith(digests(40_000, 1))
  const head = { salt, until, sample: true }

  it('cannot make the answerer list or hash more than its share', () => {
    const whole: Segment = { ...others, mode: 'ids', ids: [1] }
    const requests: readonly (readonly Segment[])[] = [
      [whole],
      Array.from({ length: rangesMax }, (_, at) => ({
        from: boundAt(rest + until - 39_000 + at),
        to: boundAt(rest + until - 39_000 + at + 1),
        mode: 'sum',
        sum: lie,
      })),
      Array.from({ length: 12 }, (_, at) => ({
        from: boundAt(rest + until - 39_000 + at * 3_000),
        to: boundAt(rest + until - 39_000 + (at + 1) * 3_000),
        mode: 'ids',
        ids: [],
      })),
    ]
    for (const segments of requests) {
      const answer = answerRanges(large.index, encodeRangeRequest(head, packSegments(segments)), nonce)
      if (!answer.ok) throw new TypeError(answer.message)
      expect(answer.value.bytes.length).toBeLessThanOrEqual(rangeMessageBytesMax)
      expect(answer.value.hashes).toBeLessThanOrEqual(rangeIdsMax + 2 * rangesMax)
      expect(decodeRangeAnswer(answer.value.bytes).ok).toBe(true)
    }
  })

  it('is told to ask again for what was too much', () => {
    const segments: Segment[] = Array.from({ length: 12 }, (_, at) => ({
      from: boundAt(rest + until - 39_000 + at * 3_000),
      to: boundAt(rest + until - 39_000 + (at + 1) * 3_000),
      mode: 'ids',
      ids: [],
    }))
    const answer = answerRanges(large.index, encodeRangeRequest(head, packSegments(segments)), nonce)
    const read = answer.ok ? decodeRangeAnswer(answer.value.bytes) : answer
    if (!read.ok || 'refused' in read.value) throw new TypeError('no answer')
    const modes = read.value.segments.map(({ mode }) => mode)
    expect(modes).toEqual(['diff', 'diff', 'diff', 'diff', 'diff', 'later'])
  })

  it('gets an answer that it can read to whatever it may ask', () => {
    const range = fc.record({
      gap: fc.nat({ max: 2_000 }),
      length: fc.integer({ min: 1, max: 8_000 }),
      ids: fc.option(fc.array(fc.nat({ max: 2 ** 31 - 1 }), { maxLength: 4 })),
    })
    fc.assert(
      fc.property(fc.array(range, { maxLength: 60 }), ranges => {
        let place = rest + until - 60_000
        const segments = ranges.map(({ gap, length, ids }): Segment => {
          const from = boundAt(place + gap)
          place += gap + length
          return {
            from,
            to: boundAt(place),
            ...(ids === null ? { mode: 'sum', sum: lie } : { mode: 'ids', ids }),
          }
        })
        const answer = answerRanges(large.index, encodeRangeRequest(head, packSegments(segments)), nonce)
        if (!answer.ok) throw new TypeError(answer.message)
        expect(decodeRangeAnswer(answer.value.bytes).ok).toBe(true)
        expect(answer.value.hashes).toBeLessThanOrEqual(rangeIdsMax + 2 * rangesMax)
      }),
      { numRuns: 40 },
    )
  })

  it('cannot make the sender of records search more than its share', () => {
    const wants: Segment[] = Array.from({ length: 12 }, (_, at) => ({
      from: boundAt(rest + until - 39_000 + at * 3_000),
      to: boundAt(rest + until - 39_000 + (at + 1) * 3_000),
      mode: 'ids',
      ids: [1],
    }))
    const tooWide: Segment = { ...others, mode: 'ids', ids: [1] }
    const page = answerWants(large.index, encodeWants(salt, packSegments(wants)), bytesOf(large))
    expect(page.ok && page.value.hashes).toBeLessThanOrEqual(rangeIdsMax)
    expect(page.ok && decodeRecordPage(page.value.bytes)).toMatchObject({
      ok: true,
      value: { records: [], next: {} },
    })
    const none = answerWants(large.index, encodeWants(salt, packSegments([tooWide])), bytesOf(large))
    expect(none.ok && decodeRecordPage(none.value.bytes)).toEqual({ ok: true, value: { records: [] } })
    expect(none.ok && none.value.hashes).toBe(0)
    let asked = 0
    const gone = answerWants(
      large.index,
      encodeWants(salt, packSegments([{ ...others, mode: 'all' }])),
      () => {
        asked++
        return undefined
      },
    )
    expect(gone.ok && decodeRecordPage(gone.value.bytes)).toMatchObject({
      ok: true,
      value: { records: [], next: {} },
    })
    expect(asked).toBe(rangeIdsMax)
  })

  it('is refused what is no request', () => {
    expect(answerRanges(index, filled(9, 1), nonce)).toMatchObject({ ok: false, code: 'range-malformed' })
    expect(answerWants(index, filled(9, 1), bytesOf(large))).toMatchObject({
      ok: false,
      code: 'range-malformed',
    })
  })
})

describe('a sender of records', () => {
  const { need } = compare(peerWith(digests(500)), peerWith([...digests(500), ...digests(20, 7, 'theirs')]))

  function page(records: number, next?: number): Uint8Array {
    const bytes = Array.from({ length: records }, () => filled(40, 1))
    return encodeRecordPage({ records: bytes, ...(next === undefined ? {} : { next: boundAt(next) }) })
  }

  it.each([
    ['range-malformed', 'sends something else', filled(5, 0xff)],
    ['range-outside', 'sends more than was wanted', page(21)],
    ['range-outside', 'would go round in circles', page(1, rest)],
    ['range-outside', 'would go on behind the end', page(1, rest + until + 1)],
  ])('is left with %s when it %s', (code, _name, bytes) => {
    const fetch = fetchRecords(salt, need)
    expect(fetch.request()).toBeDefined()
    expect(fetch.take(bytes)).toMatchObject({ ok: false, code })
    expect(fetch.request()).toBeUndefined()
    expect(fetch.outcome()).toMatchObject({ end: 'partial' })
  })

  it('that sends page after page without an end is left after its pages', () => {
    const fetch = fetchRecords(salt, [{ ...others, mode: 'all' }])
    let place = rest
    while (fetch.request() !== undefined) expect(fetch.take(page(0, ++place)).ok).toBe(true)
    expect(fetch.outcome()).toEqual({ end: 'partial', pages: rangePagesMax, missing: 0 })
  })

  it('that hides what it said it has is found out, and what came is kept', () => {
    const fetch = fetchRecords(salt, need)
    fetch.request()
    expect(fetch.take(page(3))).toMatchObject({ ok: true, value: { length: 3 } })
    expect(fetch.outcome()).toEqual({ end: 'all', pages: 1, missing: 17 })
  })
})
