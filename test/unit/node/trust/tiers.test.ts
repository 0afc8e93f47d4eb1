import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OwnerWord } from '../../../../node/api.ts'
import { noCounts, opinionOf } from '../../../../node/trust/opinion.ts'
import { type AuthorFacts, standingOf } from '../../../../node/trust/tiers.ts'
import type { PeerId } from '../../../../protocol/types.ts'
import { peer } from '../entry-samples.ts'

const me = peer('me')
const noWord: OwnerWord = { pinned: false, blocked: false }

function facts(changes: Partial<AuthorFacts> & { helped?: number; hurt?: number } = {}): AuthorFacts {
  const { helped = 0, hurt = 0, ...rest } = changes
  return {
    self: me,
    author: peer('x'),
    word: noWord,
    counts: { helped, hurt },
    attested: noCounts,
    reading: { hurtWeight: 1.5 },
    pinned: new Set<PeerId>(),
    blocked: new Set<PeerId>(),
    inviterOf: () => undefined,
    isDiscredited: () => false,
    ...rest,
  }
}

const readings = fc.record({
  hurtWeight: fc.double({ min: 1, max: 3, noNaN: true }),
  baseRate: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
})

describe('opinion', () => {
  it('is one half with full uncertainty when nothing is known', () => {
    expect(opinionOf(noCounts, { hurtWeight: 1.5 })).toEqual({ expected: 0.5, uncertainty: 0.5 })
  })

  it('rises with every success, falls with every failure, and stays within [0, 1]', () => {
    const count = fc.double({ min: 0, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(count, count, readings, (helped, hurt, reading) => {
        const now = opinionOf({ helped, hurt }, reading).expected
        expect(now).toBeGreaterThanOrEqual(0)
        expect(now).toBeLessThanOrEqual(1)
        expect(opinionOf({ helped: helped + 1, hurt }, reading).expected).toBeGreaterThanOrEqual(now)
        expect(opinionOf({ helped, hurt: hurt + 1 }, reading).expected).toBeLessThanOrEqual(now)
      }),
    )
  })

  it('keeps an author that changes nothing at one half, however often it was tried', () => {
    fc.assert(
      fc.property(readings, fc.integer({ min: 1, max: 10_000 }), (reading, tried) => {
        const rate = reading.baseRate
        const counts = { helped: tried * rate, hurt: tried * (1 - rate) }
        expect(opinionOf(counts, reading).expected).toBeCloseTo(0.5, 9)
      }),
    )
  })

  it('keeps an honest author at or above one half where half of the tasks fail anyway', () => {
    fc.assert(
      fc.property(readings, fc.nat(1_000), fc.nat(1_000), ({ hurtWeight }, hurt, better) => {
        const counts = { helped: hurt + better, hurt }
        expect(opinionOf(counts, { hurtWeight, baseRate: 0.5 }).expected).toBeGreaterThanOrEqual(0.5)
      }),
    )
  })

  it('weighs failures more than successes where neither the base rate nor chance explains them', () => {
    const worse = (hurtWeight: number) => opinionOf({ helped: 2, hurt: 20 }, { hurtWeight }).expected
    expect(worse(3)).toBeLessThan(worse(1))
    for (const explained of [
      { helped: 8, hurt: 2 },
      { helped: 2, hurt: 6 },
    ])
      expect(opinionOf(explained, { hurtWeight: 3 })).toEqual(opinionOf(explained, { hurtWeight: 1 }))
  })
})

describe('tiers', () => {
  it('quarantines a stranger', () => {
    expect(standingOf(facts()).tier).toBe('quarantined')
  })

  it('holds this node itself for its own', () => {
    expect(standingOf(facts({ author: me })).tier).toBe('own')
  })

  it.each([
    ['my inviter', facts({ myInviter: peer('x') })],
    ['whom I invited', facts({ authorInviter: me })],
    ['whom my inviter invited', facts({ myInviter: peer('i'), authorInviter: peer('i') })],
    [
      'whom a peer that I invited invited',
      facts({ authorInviter: peer('i'), inviterOf: p => (p === peer('i') ? me : undefined) }),
    ],
    ['a pinned peer', facts({ pinned: new Set([peer('x')]) })],
    ['whom a pinned peer invited', facts({ authorInviter: peer('i'), pinned: new Set([peer('i')]) })],
    ['who has proved itself', facts({ helped: 8 })],
  ])('trusts %s', (_who, given) => {
    expect(standingOf(given).tier).toBe('trusted')
  })

  it('does not trust two steps beyond those next to me', () => {
    const chain = new Map([
      [peer('i'), peer('j')],
      [peer('j'), peer('k')],
    ])
    expect(standingOf(facts({ authorInviter: peer('i'), inviterOf: p => chain.get(p) })).tier).toBe(
      'quarantined',
    )
  })

  it('does not trust on too few outcomes, however good', () => {
    expect(standingOf(facts({ helped: 3 })).tier).toBe('quarantined')
  })

  it('lets nobody in on the word of others alone, however good', () => {
    const given = facts({ helped: 3, attested: { helped: 100, hurt: 0 } })
    expect(standingOf(given)).toMatchObject({ tier: 'quarantined' })
    expect(standingOf(given).trust).toBeGreaterThan(standingOf(facts({ helped: 3 })).trust)
  })

  it('puts nobody out on the word of others alone whose lessons proved themselves here', () => {
    const given = facts({ helped: 8, attested: { helped: 0, hurt: 2 } })
    expect(standingOf(given).tier).toBe('trusted')
    expect(standingOf(given).trust).toBeLessThan(standingOf(facts({ helped: 8 })).trust)
  })

  it('lets the owner block anyone, a pinned inviter too', () => {
    const blocked = facts({ myInviter: peer('x'), helped: 100, word: { pinned: true, blocked: true } })
    expect(standingOf(blocked)).toMatchObject({ tier: 'quarantined', trust: 0 })
  })

  it('withdraws the trust that came through a blocked inviter', () => {
    const given = facts({ myInviter: peer('i'), authorInviter: peer('i'), blocked: new Set([peer('i')]) })
    expect(standingOf(given).tier).toBe('quarantined')
  })

  it.each([
    [0.9, 'trusted'],
    [0.2, 'quarantined'],
  ])('takes the owner at their word: trust %d is %s', (trust, tier) => {
    const given = facts({ myInviter: peer('x'), word: { ...noWord, trust } })
    expect(standingOf(given)).toMatchObject({ tier, trust })
  })

  it('makes a stranger of a friend whose lessons did nothing but harm, unless the owner pinned it', () => {
    const given = { myInviter: peer('x'), hurt: 6 }
    expect(standingOf(facts({ ...given, hurt: 5 })).tier).toBe('trusted')
    expect(standingOf(facts({ ...given, helped: 3 })).tier).toBe('trusted')
    expect(standingOf(facts(given)).tier).toBe('quarantined')
    expect(standingOf(facts(given)).why.join(' ')).toMatch(/It invited you. But .* hurt/)
    expect(standingOf(facts({ ...given, pinned: new Set([peer('x')]) })).tier).toBe('trusted')
  })

  it('does not trust whom a discredited friend let in: a new name is no new start', () => {
    const given = { authorInviter: peer('i'), inviterOf: () => me }
    expect(standingOf(facts(given)).tier).toBe('trusted')
    expect(standingOf(facts({ ...given, isDiscredited: p => p === peer('i') })).tier).toBe('quarantined')
    const pinned = { isDiscredited: () => true, pinned: new Set([peer('i')]) }
    expect(standingOf(facts({ ...given, ...pinned })).tier).toBe('trusted')
  })

  it('moves a friend’s weight by its record: up when it helps, down when it hurts', () => {
    const friend = (helped: number, hurt: number) =>
      standingOf(facts({ myInviter: peer('x'), helped, hurt })).trust
    expect(friend(1, 0)).toBeGreaterThan(friend(0, 0))
    expect(friend(0, 1)).toBeLessThan(friend(0, 0))
    expect(friend(0, 50)).toBeLessThan(0.1)
  })
})
