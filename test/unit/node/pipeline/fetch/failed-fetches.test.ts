import { expect, test } from 'vitest'
import { FailedFetches } from '../../../../../node/pipeline/fetch/failed-fetches.ts'
import { signRecord } from '../../../../../protocol/envelope.ts'
import type { PeerId, RecordId } from '../../../../../protocol/types.ts'
import { ada, cidNumber, digestBody, peer, swarm, t0 } from '../../../protocol/fixtures.ts'

const body = digestBody({ cid: cidNumber(1) })
const signed = signRecord({ swarm, kind: 'digest', t: t0, body }, ada)
const of = (id: string, author: PeerId = peer(ada)) => ({
  digest: { ...signed, id: id as RecordId, envelope: { ...signed.envelope, author } },
  from: undefined,
})

/** What is due at this pace and time, all of which is tried. */
function due(failed: FailedFetches, pace: 'soon' | 'rarely', nowMs: number, atOnce = 100): string[] {
  const tried: string[] = []
  failed.tryDue(pace, atOnce, nowMs, ({ digest }) => tried.push(digest.id) > 0)
  return tried
}

/** Failed eight times: tried rarely from now on. */
function failOften(failed: FailedFetches, id: string): void {
  for (let times = 0; times < 8; times++) failed.postpone(of(id), 0)
}

test('few authors with thousands of entries that nobody has keep no other author’s from being remembered', () => {
  const failed = new FailedFetches()
  const first = 'did:key:first' as PeerId
  const second = 'did:key:second' as PeerId
  for (let at = 0; at < 10_000; at++) failed.postpone(of(`hostile${at}`, at % 2 === 0 ? first : second), 0)
  for (let at = 0; at < 10; at++) expect(failed.postpone(of(`honest${at}`), 0)).toBe(true)
  for (let at = 0; at < 10; at++) expect(failed.tries(`honest${at}` as RecordId)).toBe(1)
  expect(failed.postpone(of('one more', first), 0)).toBe(false)
  expect(failed.tries('one more' as RecordId)).toBe(0)
  // What failed before, and fails again, needs no new room.
  expect(failed.postpone(of('hostile9999', second), 0)).toBe(true)
  expect(failed.tries('hostile9999' as RecordId)).toBe(2)
  expect(failed.size).toBe(10_000)
})

test('each failure in a row is followed by twice the wait, and the eighth by a minute', () => {
  const failed = new FailedFetches()
  for (let times = 0; times < 7; times++) {
    failed.postpone(of('a'), 0)
    const waitMs = 100 * 2 ** times
    expect(failed.isAnyWaitingSoon()).toBe(true)
    expect([due(failed, 'soon', waitMs - 1), due(failed, 'soon', waitMs)]).toEqual([[], ['a']])
  }
  failed.postpone(of('a'), 0)
  expect(failed.isAnyWaitingSoon()).toBe(false)
  expect([due(failed, 'soon', 60_000), due(failed, 'rarely', 59_999)]).toEqual([[], []])
  expect(due(failed, 'rarely', 60_000)).toEqual(['a'])
})

test('what came and could not be kept waits for half a minute, for its first try anew', () => {
  const failed = new FailedFetches()
  failOften(failed, 'a')
  failed.notKept(of('a'), 0)
  expect(failed.tries('a' as RecordId)).toBe(1)
  expect([due(failed, 'soon', 29_999), due(failed, 'soon', 30_000)]).toEqual([[], ['a']])
})

test('what is tried is not due until it fails again, and what finds no room to be tried stays due', () => {
  const failed = new FailedFetches()
  failed.postpone(of('a'), 0)
  failed.tryDue('soon', 1, 100, () => false)
  expect(failed.isAnyWaitingSoon()).toBe(true)
  expect([due(failed, 'soon', 100), due(failed, 'soon', 1_000_000)]).toEqual([['a'], []])
  expect(failed.isAnyWaitingSoon()).toBe(false)
})

test('so many are tried at once, and who waited longest first', () => {
  const failed = new FailedFetches()
  for (const id of ['a', 'b', 'c']) failOften(failed, id)
  failed.postpone(of('a'), 0)
  expect(due(failed, 'rarely', 60_000, 2)).toEqual(['b', 'c'])
  expect(due(failed, 'rarely', 60_000, 2)).toEqual(['a'])
})

test('a clock that was set back makes nothing wait for the time that comes again', () => {
  const failed = new FailedFetches()
  failed.postpone(of('a'), 1_000_000)
  expect(due(failed, 'soon', 500_000)).toEqual(['a'])
})

test('when all were tried, they are tried soon again, whatever they failed before', () => {
  const failed = new FailedFetches()
  failOften(failed, 'a')
  failOften(failed, 'b')
  failed.tryAll(10, ({ digest }) => digest.id === 'a')
  expect(due(failed, 'soon', 10)).toEqual(['b'])
  failed.postpone(of('a'), 10)
  expect(due(failed, 'soon', 110)).toEqual(['a'])
  expect(failed.tries('a' as RecordId)).toBe(9)
})

test('of each author one is named that was tried often in vain, and is not under way', () => {
  const failed = new FailedFetches()
  failed.postpone(of('once', 'did:key:other' as PeerId), 0)
  for (const id of ['a', 'b', 'c']) failOften(failed, id)
  expect([...failed.inVain(id => id === 'a')]).toEqual([[peer(ada), of('b')]])
})
