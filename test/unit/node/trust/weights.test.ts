import { describe, expect, it } from 'vitest'
import { peer } from '../entry-samples.ts'
import { said, today, weighed } from './vouching-world.ts'

describe('influence', () => {
  it('is a third of the source’s for all together, in proportion to its opinion of each', () => {
    const weights = weighed({ mine: { a: 1, b: 0.5 } })
    expect(weights.influenceOf(peer('me'))).toBe(1)
    expect(weights.influenceOf(peer('a'))).toBeCloseTo(2 / 9)
    expect(weights.influenceOf(peer('b'))).toBeCloseTo(1 / 9)
  })

  it('of a peer held in little esteem is little, though it is the only one', () => {
    expect(weighed({ mine: { a: 0.3 } }).influenceOf(peer('a'))).toBeCloseTo(0.1)
  })

  it('reaches three steps and no further', () => {
    const weights = weighed({ mine: { a: 1 }, invited: { a: ['b'], b: ['c'], c: ['d'] } })
    const chain = ['a', 'b', 'c', 'd'].map(name => weights.influenceOf(peer(name)))
    expect(chain[0]).toBeGreaterThan(chain[1] ?? 0)
    expect(chain[1]).toBeGreaterThan(chain[2] ?? 0)
    expect(chain[2]).toBeGreaterThan(0)
    expect(chain[3]).toBe(0)
  })

  it('comes from who attests good of a peer, and not from who attests ill', () => {
    const weights = weighed({
      mine: { a: 1 },
      others: ['x', 'y'],
      attested: [said('a', 'x', 3), said('a', 'y', 1, 3)],
    })
    expect(weights.influenceOf(peer('x'))).toBeGreaterThan(0)
    expect(weights.influenceOf(peer('y'))).toBe(0)
  })

  it('of a guest shrinks when its inviter attests ill of it', () => {
    const guest = (hurt: number) =>
      weighed({
        mine: { a: 1 },
        invited: { a: ['g', 'h'] },
        attested: hurt === 0 ? [] : [said('a', 'g', 0, hurt)],
      }).influenceOf(peer('g'))
    expect(guest(3)).toBeLessThan(guest(0))
  })

  it('neither reaches nor passes a blocked peer', () => {
    const weights = weighed({ mine: { a: 1 }, invited: { a: ['b'] }, words: { a: 'blocked' } })
    expect(weights.influenceOf(peer('a'))).toBe(0)
    expect(weights.influenceOf(peer('b'))).toBe(0)
  })

  it('of a peer on which the owner has spoken is as the owner says, whoever else vouches for it', () => {
    const world = { mine: { a: 1, x: 0.1 }, invited: { a: ['x'] } }
    const spoken = weighed({ ...world, words: { x: 'spoken' } }).influenceOf(peer('x'))
    expect(spoken).toBeLessThan(weighed(world).influenceOf(peer('x')))
    expect(spoken).toBeCloseTo(1 / 3 / 1.1 / 10)
  })

  it('is none for who is no member any more', () => {
    expect(weighed({ mine: {}, attested: [said('gone', 'x', 5)] }).influenceOf(peer('gone'))).toBe(0)
  })
})

describe('what is attested', () => {
  it('counts times the attester’s influence, and of one attester at most as much as the prior', () => {
    const weights = weighed({ mine: { a: 1 }, others: ['x'], attested: [said('a', 'x', 200, 50)] })
    const influence = weights.influenceOf(peer('a'))
    expect(weights.attestedOf(peer('x')).helped).toBeCloseTo(1.6 * influence)
    expect(weights.attestedOf(peer('x')).hurt).toBeCloseTo(0.4 * influence)
    expect(weights.witnessesOf(peer('x'))).toEqual([
      { peer: peer('a'), influence, helped: expect.closeTo(1.6), hurt: expect.closeTo(0.4) },
    ])
  })

  it('adds up over days, and counts half after thirty', () => {
    const of = (day: number) =>
      weighed({ mine: { a: 1 }, others: ['x'], attested: [said('a', 'x', 1, 0, day)] }).attestedOf(peer('x'))
    expect(of(today - 30).helped).toBeCloseTo(of(today).helped / 2)
    const two = weighed({
      mine: { a: 1 },
      others: ['x'],
      attested: [said('a', 'x', 1, 0, today - 30), said('a', 'x', 1)],
    })
    expect(two.attestedOf(peer('x')).helped).toBeCloseTo(1.5 / 3)
  })

  it('is nothing when the attester has no influence, or speaks of me, or is me', () => {
    const attested = [said('nobody', 'x', 5), said('a', 'me', 0, 5), said('me', 'a', 5)]
    const weights = weighed({ mine: { a: 1 }, others: ['x', 'nobody'], attested })
    for (const name of ['x', 'me', 'a'])
      expect(weights.attestedOf(peer(name))).toEqual({ helped: 0, hurt: 0 })
  })
})

describe('independence', () => {
  it('is shared by all behind one voucher, and by the voucher itself', () => {
    const weights = weighed({ mine: { a: 1, b: 1 }, invited: { a: ['c', 'd'], c: ['e'] } })
    for (const name of ['a', 'c', 'd', 'e']) expect(weights.branchOf(peer(name))).toBe(peer('a'))
    expect(weights.branchOf(peer('b'))).toBe(peer('b'))
  })

  it('is won by a second way that avoids the voucher', () => {
    const weights = weighed({
      mine: { a: 1, b: 1 },
      invited: { a: ['c'], c: ['d'] },
      attested: [said('b', 'c', 1)],
    })
    expect(weights.branchOf(peer('c'))).toBe(peer('c'))
    expect(weights.branchOf(peer('d'))).toBe(peer('c'))
  })

  it('is not won by vouching for each other behind the same voucher', () => {
    const weights = weighed({
      mine: { a: 1, b: 1 },
      invited: { a: ['c', 'd'] },
      attested: [said('c', 'd', 9), said('d', 'c', 9), said('c', 'a', 9), said('d', 'b', 9)],
    })
    expect(weights.branchOf(peer('c'))).toBe(peer('a'))
    expect(weights.branchOf(peer('d'))).toBe(peer('a'))
  })

  it('is unknown of who cannot be reached', () => {
    const weights = weighed({ mine: { a: 1 }, others: ['x'] })
    expect(weights.branchOf(peer('x'))).toBeUndefined()
    expect(weights.branchOf(peer('me'))).toBeUndefined()
  })
})

describe('who vouches', () => {
  it('is told with what each passes on, the most first', () => {
    const weights = weighed({
      mine: { a: 1, b: 1 },
      invited: { a: ['x'] },
      attested: [said('b', 'x', 9), said('nobody', 'x', 9)],
      others: ['nobody'],
    })
    const vouchers = weights.vouchersOf(peer('x'))
    expect(vouchers.map(one => one.peer)).toEqual([peer('a'), peer('b')])
    const passed = vouchers.reduce((sum, one) => sum + one.passesOn, 0)
    expect(passed).toBeCloseTo(weights.influenceOf(peer('x')))
  })
})
