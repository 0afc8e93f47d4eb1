import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KeptFacts, leastUseful } from '../../../../node/pipeline/refine.ts'
import { cid } from '../entry-samples.ts'

const now = 20_000 * 86_400_000
const kept = (name: string, changes: Partial<KeptFacts> = {}): KeptFacts => ({
  cid: cid(name),
  trust: 0.5,
  helped: 0,
  hurt: 0,
  uses: 0,
  lastTouchedAt: now,
  ...changes,
})

describe('eviction', () => {
  it.each([
    ['has helped', { helped: 2 }],
    ['is by a more trusted author', { trust: 0.9 }],
    ['is in use', { uses: 20 }],
  ] as const)('spares what %s', (_why, changes) => {
    expect(leastUseful([kept('1', changes), kept('2')], 1, now)).toEqual([cid('2')])
  })

  it.each([
    ['has hurt', { hurt: 3 }],
    ['is long unused', { lastTouchedAt: now - 200 * 86_400_000 }],
    ['is by a blocked author', { trust: 0 }],
  ] as const)('takes what %s first', (_why, changes) => {
    expect(leastUseful([kept('1', changes), kept('2')], 1, now)).toEqual([cid('1')])
  })

  it('does not depend on the order in which entries are given', () => {
    const entries = Array.from({ length: 20 }, (_, i) => kept(String(i), { helped: i % 3, uses: i % 5 }))
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: 20 }), fc.nat(20), (order, count) => {
        expect(leastUseful(order, count, now)).toEqual(leastUseful(entries, count, now))
      }),
    )
  })
})
