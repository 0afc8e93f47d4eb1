/** Merges and the ranking of alternatives depend on the set alone: not on its order, nor on how it was come by. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contest, type Merge, mergeOf, type Stake } from '../../node/pipeline/contest.ts'
import { cid } from '../unit/node/entry-samples.ts'

const claim = fc.record({
  cid: fc.nat({ max: 30 }).map(number => cid(String(number).padStart(2, '0'))),
  trust: fc.constantFrom(0.3, 0.5, 0.75, 1),
  helped: fc.nat({ max: 20 }),
  hurt: fc.nat({ max: 20 }),
})
const claims = fc.uniqueArray(claim, { selector: one => one.cid, minLength: 1, maxLength: 12 })
const itself = (merge: Merge): Merge => merge

describe('a merge', () => {
  it('names all parents, is believed no more than any of them, and is one in any order and with any repeats', () => {
    const drawn = claims.chain(of =>
      fc.tuple(fc.constant(of), fc.shuffledSubarray(of, { minLength: of.length }), fc.subarray(of)),
    )
    fc.assert(
      fc.property(drawn, ([of, order, again]) => {
        const merge = mergeOf(of)
        expect(merge.parents).toEqual(of.map(one => one.cid).toSorted())
        for (const one of of) expect(merge.trust).toBeLessThanOrEqual(one.trust)
        expect(mergeOf([...order, ...again])).toEqual(merge)
      }),
    )
  })

  it('only loses trust by a further part', () => {
    fc.assert(
      fc.property(claims, claim, (of, one) => {
        const more = { ...one, cid: cid('more') }
        expect(mergeOf([...of, more]).trust).toBeLessThanOrEqual(mergeOf(of).trust)
      }),
    )
  })
})

describe('a contest', () => {
  const arms = (of: readonly Stake[]): readonly Merge[] => of.map(one => mergeOf([one]))

  it('comes out alike in any order, and loses nobody', () => {
    const drawn = claims.chain(of =>
      fc.tuple(fc.constant(of), fc.shuffledSubarray(of, { minLength: of.length })),
    )
    fc.assert(
      fc.property(drawn, ([of, order]) => {
        const { open, contested } = contest(arms(of), itself)
        expect(contest(arms(order), itself)).toEqual({ open, contested })
        const names = [...open, ...contested].flatMap(arm => arm.parents)
        expect(names.toSorted()).toEqual(of.map(one => one.cid).toSorted())
        expect(open.length).toBeGreaterThan(0)
      }),
    )
  })

  it('is lost by no one of whom nothing is known yet', () => {
    fc.assert(
      fc.property(claims, of => {
        const untried = of.map(one => ({ ...one, helped: 0, hurt: 0 }))
        expect(contest(arms(untried), itself).contested).toEqual([])
      }),
    )
  })

  const good: Stake = { cid: cid('good'), trust: 0.5, helped: 12, hurt: 1 }
  const bad: Stake = { cid: cid('bad'), trust: 0.9, helped: 2, hurt: 8 }

  it('is decided by outcomes against a better name, once they are clear', () => {
    const { open, contested } = contest(arms([bad, good]), itself)
    expect(open.map(arm => arm.parents)).toEqual([[cid('good')]])
    expect(contested.map(arm => arm.parents)).toEqual([[cid('bad')]])
    const unclear = contest(arms([{ ...bad, helped: 1, hurt: 1 }, good]), itself)
    expect(unclear.contested).toEqual([])
  })

  it('is open again where this recall explores', () => {
    expect(contest(arms([bad, good]), itself, 0.6).open.map(arm => arm.parents)).toEqual([
      [cid('bad')],
      [cid('good')],
    ])
  })
})
