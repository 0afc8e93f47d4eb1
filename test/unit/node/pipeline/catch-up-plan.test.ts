import { expect, test } from 'vitest'
import { FollowUps, partnersOf, untilOf } from '../../../../node/pipeline/catch-up-plan.ts'
import type { PeerId } from '../../../../protocol/types.ts'
import { t0 } from '../../protocol/fixtures.ts'

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(name => `did:key:${name}` as PeerId)
if (a === undefined || b === undefined || c === undefined || d === undefined)
  throw new TypeError('four peers')
const first = () => 0

test('peers that meet compare all that a set may hold, also what is dated ahead; later ones leave what is young', () => {
  expect(untilOf(t0 * 1000 + 999, 'met')).toBe(t0 + 900)
  expect(untilOf(t0 * 1000 + 999, 'later')).toBe(t0 - 30)
  expect(untilOf(5_000, 'later')).toBe(0)
  expect(untilOf(2 ** 32 * 1000, 'met')).toBe(2 ** 32 - 1)
})

test('two neighbours at random are asked, and one that is trusted, each once', () => {
  const trustsD = (peer: PeerId) => (peer === d ? 5 : 0)
  expect(partnersOf([a, b, c, d], 2, trustsD, first)).toEqual([a, b, d])
  expect(partnersOf([a, b, c, d], 2, trustsD, n => n - 1)).toEqual([d, c])
  expect(partnersOf([a], 2, trustsD, first)).toEqual([a])
  expect(partnersOf([d], 2, trustsD, first)).toEqual([d])
  expect(partnersOf([], 2, trustsD, first)).toEqual([])
})

test('who is blocked is not asked', () => {
  expect(partnersOf([a, b, c], 2, peer => (peer === b ? -100 : 0), first)).toEqual([a, c])
})

test('twelve sessions follow in a minute, and the next ones when it is over', () => {
  const followUps = new FollowUps()
  const taken = Array.from({ length: 14 }, (_, n) => followUps.take(1_000 * n))
  expect(taken.indexOf(false)).toBe(12)
  expect(followUps.take(59_999)).toBe(false)
  expect(followUps.take(60_000)).toBe(true)
  expect(followUps.take(60_001)).toBe(false)
})
