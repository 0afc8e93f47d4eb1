/** Catch-up by ranges between two peers that mean well: what each lacks is found, in few rounds and few bytes. */

import { describe, expect, it } from 'vitest'
import { bytesOfId, recordIdOfHash } from '../../../../protocol/identity.ts'
import { rangeMessageBytesMax } from '../../../../protocol/limits.ts'
import { answerRanges } from '../../../../protocol/range/answer.ts'
import { areApart } from '../../../../protocol/range/bound.ts'
import { openRanges } from '../../../../protocol/range/session.ts'
import type { RecordId } from '../../../../protocol/types.ts'
import { filled } from '../fixtures.ts'
import {
  catchUp,
  compare,
  digests,
  fetchAll,
  type Item,
  idOf,
  idsIn,
  nonce,
  type Peer,
  peerWith,
  put,
  rest,
  salt,
  until,
} from './peers.ts'

/** A shared past, and something of each side's own within the last day. */
function apart(shared: number, own: number): readonly [Peer, Peer] {
  const past = digests(shared, 60)
  return [peerWith([...past, ...digests(own, 7, 'mine')]), peerWith([...past, ...digests(own, 11, 'theirs')])]
}

describe('two peers', () => {
  it('with the same set find that out in one round of some hundred bytes', () => {
    const outcome = compare(peerWith(digests(20_000)), peerWith(digests(20_000).toReversed()))
    expect(outcome).toMatchObject({ end: 'equal', rounds: 1, have: [], need: [], collision: 'none' })
    expect(outcome.bytes).toBeLessThanOrEqual(400)
  })

  it('find what each lacks in two rounds, when that is of the last day', () => {
    const [a, b] = apart(5_000, 40)
    const outcome = compare(a, b)
    expect(outcome).toMatchObject({ end: 'differs', rounds: 2 })
    expect([...outcome.have].sort()).toEqual(
      digests(40, 7, 'mine')
        .map(({ id }) => id)
        .sort(),
    )
    const { came } = fetchAll(a, b, outcome.need)
    expect(came.map(({ id }) => id).sort()).toEqual(
      digests(40, 11, 'theirs')
        .map(({ id }) => id)
        .sort(),
    )
  })

  it.each([
    [1, 0],
    [40, 1],
    [5_000, 300],
    [0, 6_000],
  ])('with %i items in common and %i of their own are equal afterwards', (shared, own) => {
    const [a, b] = apart(shared, own)
    catchUp(a, b)
    expect(idsIn(a)).toEqual(idsIn(b))
    expect(a.index.size).toBe(shared + 2 * own)
    expect(compare(a, b)).toMatchObject({ end: 'equal', rounds: 1 })
  })

  it('with nothing in common need several messages, none larger than allowed', () => {
    const [a, b] = apart(0, 40_000)
    const outcome = compare(a, b)
    expect(outcome.rounds).toBeGreaterThan(3)
    expect(outcome.largest).toBeLessThanOrEqual(rangeMessageBytesMax)
    // More than one session may find: the next ones go on.
    expect(outcome.end).toBe('partial')
    for (let session = 0; session < 6; session++) catchUp(a, b)
    expect(idsIn(a)).toEqual(idsIn(b))
  })

  it('look at nothing that gossip may still be bringing', () => {
    const a = peerWith(digests(100))
    const b = peerWith(digests(100))
    put(a, { place: rest + until + 1, id: idOf('young digest') })
    put(b, { place: until + 1, id: idOf('young retraction') })
    expect(compare(a, b)).toMatchObject({ end: 'equal' })
    put(b, { place: until, id: idOf('settled retraction') })
    expect(compare(a, b).need).toHaveLength(1)
  })

  it('tell ids apart that share their second', () => {
    const crowd = (from: number, to: number): Item[] =>
      Array.from({ length: to - from }, (_, number) => ({ place: rest + until, id: idOf(from + number) }))
    const a = peerWith(crowd(0, 900))
    const b = peerWith(crowd(300, 1_200))
    catchUp(a, b)
    expect(idsIn(a)).toEqual(idsIn(b))
    expect(a.index.size).toBe(1_200)
  })
})

describe('an empty node', () => {
  it('asks for everything at once, members and retractions first', () => {
    const empty = peerWith([])
    const full = peerWith([...digests(1_000), { place: until - 5, id: idOf('retraction') }])
    const outcome = compare(empty, full)
    expect(outcome).toMatchObject({ rounds: 0, bytes: 0, end: 'differs', have: [] })
    expect(outcome.need.map(({ mode }) => mode)).toEqual(['all', 'all'])
    const { came, pages, end } = fetchAll(empty, full, outcome.need)
    expect(idsIn(empty)).toEqual(idsIn(full))
    expect(came[0]?.id).toBe(idOf('retraction'))
    expect({ pages, end }).toEqual({ pages: 4, end: 'all' })
  })

  it('is given everything by a peer that asks it', () => {
    const empty = peerWith([])
    const full = peerWith(digests(5_000))
    const outcome = catchUp(full, empty)
    expect(idsIn(empty)).toEqual(idsIn(full))
    expect(outcome).toMatchObject({ rounds: 1, need: [] })
    expect(outcome.bytes).toBeLessThan(200)
  })

  it('that has retractions only is shown no more than that there are other records', () => {
    const retraction = { place: until - 5, id: idOf('retraction') }
    const outcome = compare(peerWith([retraction]), peerWith([retraction, ...digests(5_000)]))
    expect(outcome.need.map(({ mode }) => mode)).toEqual(['all'])
    expect(outcome).toMatchObject({ rounds: 1, have: [] })
    expect(outcome.bytes).toBeLessThan(300)
  })

  it('among empty ones wants nothing that exists', () => {
    const [a, b] = [peerWith([]), peerWith([])]
    expect(fetchAll(a, b, compare(a, b).need)).toMatchObject({ came: [], end: 'all', pages: 1 })
  })
})

it('what comes first in a want comes first in its pages: retractions before digests, whatever differs', () => {
  const [a, b] = apart(2_000, 50)
  for (const number of [1, 500, 90_000]) put(b, { place: until - number, id: idOf(`retraction ${number}`) })
  const { came } = fetchAll(a, b, compare(a, b).need)
  const places = came.map(({ place }) => place)
  expect(places).toEqual(places.toSorted((x, y) => x - y))
  expect(places.filter(place => place < rest)).toHaveLength(3)
})

it('a set that changes during a session does it no harm: what was found is still true of the peer', () => {
  const [a, b] = apart(3_000, 30)
  const session = openRanges(a.index, { salt, until })
  for (let round = 1; ; round++) {
    const request = session.request()
    if (request === undefined) break
    const answer = answerRanges(b.index, request, nonce)
    expect(answer.ok && session.take(answer.value.bytes).ok).toBe(true)
    // Gossip, other sessions and the calendar add and remove meanwhile, among what is being compared.
    for (const item of digests(20, 13, `round ${round}`)) put(a, item)
    for (const { place, id } of digests(10, 7, 'mine')) a.index.remove(place, id)
    for (const item of digests(20, 17, `theirs in ${round}`)) put(b, item)
  }
  const { have, need } = session.outcome()
  for (const { id } of digests(30, 7, 'mine').slice(10)) expect(have).toContain(id)
  const { came } = fetchAll(a, b, need)
  for (const { id } of digests(30, 11, 'theirs')) expect(came.map(one => one.id)).toContain(id)
})

it('ids that begin alike for 28 bytes need long bounds, and no message grows over it', () => {
  const like = (number: number): Item => {
    const bytes = new Uint8Array(32)
    new DataView(bytes.buffer).setUint32(28, number + 1)
    return { place: rest + until, id: recordIdOfHash(bytes) }
  }
  const all = Array.from({ length: 60_000 }, (_, number) => like(number))
  const a = peerWith(all)
  const b = peerWith(all.filter((_, number) => number % 40 !== 7))
  const outcome = compare(a, b)
  expect(outcome.largest).toBeLessThanOrEqual(rangeMessageBytesMax)
  expect(outcome).toMatchObject({ end: 'differs', need: [] })
  expect(outcome.have).toHaveLength(1_500)
})

describe('ids of which the sums were forced to be equal', () => {
  const shift = (id: string, by: bigint): RecordId =>
    recordIdOfHash(Buffer.from((BigInt(`0x${id}`) + by).toString(16).padStart(64, '0'), 'hex'))

  /** As an author could find them, if at great cost: r + s = (r + 1) + (s − 1). */
  function colliding(count: number): readonly [Peer, Peer] {
    const shared = digests(count)
    const [r, s] = [idOf('r'), idOf('s')]
    const place = rest + until - count * 5
    return [
      peerWith([...shared, { place, id: r }, { place, id: s }]),
      peerWith([...shared, { place, id: shift(r, 1n) }, { place, id: shift(s, -1n) }]),
    ]
  }

  it('are found by the sample, reported, and exchanged', () => {
    const [a, b] = colliding(3_000)
    const outcome = catchUp(a, b)
    expect(outcome).toMatchObject({ end: 'differs', rounds: 2, collision: 'found' })
    expect(outcome.have).toHaveLength(2)
    expect(idsIn(a)).toEqual(idsIn(b))
    expect(a.index.size).toBe(3_004)
  })

  it('are wanted once, also where the differing pieces around them were listed in the same answer', () => {
    const shared = digests(9_000)
    const near = (ids: readonly RecordId[]): Item[] =>
      ids.map((id, number) => ({ place: rest + until - 70_000 + number * 4_000, id }))
    const [r, s] = [idOf('r'), idOf('s')]
    const a = peerWith([...shared, ...near([r, s]), ...digests(3, 9, 'mine')])
    const b = peerWith([...shared, ...near([shift(r, 1n), shift(s, -1n)])])
    const found = Array.from({ length: 12 }, (_, session) =>
      compare(a, b, { salt, nonce: bytesOfId(idOf(session)).subarray(0, 16) }),
    )
    expect(found.map(({ collision }) => collision)).toContain('found')
    for (const { need, have } of found) {
      const ids = need.flatMap(want => (want.mode === 'ids' ? want.ids : []))
      expect(new Set(ids).size).toBe(ids.length)
      expect(need.every((want, at) => at === 0 || areApart(need[at - 1] ?? want, want))).toBe(true)
      expect(ids.length).toBe(2)
      expect(have).toHaveLength(5)
    }
  })

  it('are found sooner or later in a set that is larger than the sample', () => {
    const [a, b] = colliding(12_000)
    const outcomes = Array.from({ length: 24 }, (_, session) =>
      catchUp(a, b, { salt: filled(16, session), nonce: bytesOfId(idOf(session)).subarray(0, 16) }),
    )
    expect(outcomes.map(({ collision }) => collision)).toContain('found')
    expect(idsIn(a)).toEqual(idsIn(b))
  })
})

it('the same set, salt and time give the same request', () => {
  const { index } = peerWith(digests(100))
  expect(openRanges(index, { salt, until }).request()).toEqual(openRanges(index, { salt, until }).request())
  expect(openRanges(index, { salt: filled(16, 8), until }).request()).not.toEqual(
    openRanges(index, { salt, until }).request(),
  )
})
