/**
 * What must hold of trust whatever graph, records and identities there are: it cannot be made by making identities, by
 * saying things again, or by saying ill of others without influence.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clusterRate, meanRate } from '../../node/trust/cluster-rate.ts'
import { opinionOf, priorWeight } from '../../node/trust/opinion.ts'
import { standingOf } from '../../node/trust/tiers.ts'
import type { Attested } from '../../node/trust/vouching.ts'
import type { Weights } from '../../node/trust/weights.ts'
import type { PeerId } from '../../protocol/types.ts'
import { peer } from '../unit/node/entry-samples.ts'
import { said, today, type World, weighed } from '../unit/node/trust/vouching-world.ts'

const honest = ['a', 'b', 'c', 'd', 'e', 'f'] as const
const sybils = ['s0', 's1', 's2', 's3', 's4', 's5'] as const
const runs = { numRuns: process.env.FUZZ ? 20_000 : 300 }
const epsilon = 1e-12

const anyOf = (names: readonly string[]) => fc.constantFrom(...names)
const statements = (authors: readonly string[], subjects: readonly string[]) =>
  fc.array(
    fc
      .record({
        author: anyOf(authors),
        subject: anyOf(subjects),
        helped: fc.nat(255),
        hurt: fc.nat(20),
        age: fc.nat(89),
      })
      .filter(one => one.author !== one.subject && one.helped + one.hurt > 0)
      .map(one => said(one.author, one.subject, one.helped, one.hurt, today - one.age)),
    { maxLength: 30 },
  )
const mine = fc.dictionary(anyOf(honest), fc.double({ min: 0.01, max: 1, noNaN: true }), { maxKeys: 6 })
const invitations = (inviters: readonly string[], guests: readonly string[]) =>
  fc.dictionary(anyOf(inviters), fc.array(anyOf(guests), { maxLength: 4 }), { maxKeys: 5 })

const worlds = fc.record({
  mine,
  invited: invitations(honest, honest),
  attested: statements(honest, honest),
  others: fc.constant([...honest, ...sybils]),
})

interface Attack {
  readonly world: World & { readonly invited: Readonly<Record<string, readonly string[]>> }
  readonly voucher: string
  /** Whom the voucher let in. */
  readonly guests: readonly string[]
  /** Whom those let in. */
  readonly among: Readonly<Record<string, readonly string[]>>
  readonly say: readonly Attested[]
  /** What the voucher says of them. */
  readonly vouches: readonly Attested[]
}

/** As the replicated set gives them: of each author, subject and day the greatest of each count. */
function merged(all: readonly Attested[]): readonly Attested[] {
  const best = new Map<string, Attested>()
  for (const one of all) {
    const key = `${one.author} ${one.subject} ${one.day}`
    const other = best.get(key) ?? one
    const helped = Math.max(one.helped, other.helped)
    best.set(key, { ...one, helped, hurt: Math.max(one.hurt, other.hurt) })
  }
  return [...best.values()]
}

function sumOfInfluence(weights: Weights, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + weights.influenceOf(peer(name)), 0)
}

function standing(weights: Weights, name: string) {
  return standingOf({
    self: peer('me'),
    author: peer(name),
    word: { pinned: false, blocked: false },
    counts: { helped: 0, hurt: 0 },
    attested: weights.attestedOf(peer(name)),
    reading: { hurtWeight: 1.5 },
    pinned: new Set<PeerId>(),
    blocked: new Set<PeerId>(),
    inviterOf: () => undefined,
    isDiscredited: () => false,
  })
}

function picture(weights: Weights) {
  return [...honest, ...sybils].map(name => ({
    influence: weights.influenceOf(peer(name)),
    branch: weights.branchOf(peer(name)),
    standing: standing(weights, name),
  }))
}

describe('identities behind one voucher', () => {
  const behindOne: fc.Arbitrary<Attack> = fc.record({
    world: worlds,
    voucher: anyOf(honest),
    guests: fc.subarray<string>([...sybils], { minLength: 1 }),
    among: invitations(sybils, sybils),
    say: statements(sybils, [...sybils, ...honest]),
    vouches: statements(['v'], sybils),
  })

  function attacked({ world, voucher, guests, among, say, vouches }: Attack): World {
    const { [voucher]: own = [], ...others } = world.invited
    // A guest has one inviter: those that the voucher let in are not another's.
    const inner = Object.entries(among).map(([inviter, invited]) => [
      inviter,
      invited.filter(guest => !guests.includes(guest)),
    ])
    return {
      ...world,
      invited: { ...others, ...Object.fromEntries(inner), [voucher]: [...own, ...guests] },
      attested: merged([
        ...(world.attested ?? []),
        ...say,
        ...vouches.map(one => ({ ...one, author: peer(voucher) })),
      ]),
    }
  }

  it('together never weigh more than half of it, however they vouch', () => {
    fc.assert(
      fc.property(behindOne, attack => {
        const weights = weighed(attacked(attack))
        const voucher = weights.influenceOf(peer(attack.voucher))
        expect(sumOfInfluence(weights, sybils)).toBeLessThanOrEqual(voucher / 2 + epsilon)
      }),
      runs,
    )
  })

  it('are never independent of it, nor of each other', () => {
    fc.assert(
      fc.property(behindOne, attack => {
        const weights = weighed(attacked(attack))
        const branches = sybils.map(name => weights.branchOf(peer(name))).filter(one => one !== undefined)
        expect(new Set(branches).size).toBeLessThanOrEqual(1)
        for (const branch of branches) expect(branch).toBe(weights.branchOf(peer(attack.voucher)))
      }),
      runs,
    )
  })

  it('together move the opinion of anybody by at most half of what the voucher may', () => {
    fc.assert(
      fc.property(behindOne, attack => {
        const world = attacked(attack)
        const weights = weighed({
          ...world,
          others: [...(world.others ?? []), 'target'],
          attested: [...(world.attested ?? []), ...sybils.map(name => said(name, 'target', 0, 255))],
        })
        const { hurt } = weights.attestedOf(peer('target'))
        expect(hurt).toBeLessThanOrEqual(
          priorWeight * (weights.influenceOf(peer(attack.voucher)) / 2) + epsilon,
        )
      }),
      runs,
    )
  })

  it('take nothing from anybody else by being there', () => {
    fc.assert(
      fc.property(worlds, statements(sybils, [...honest, ...sybils]), (world, say) => {
        // Nobody vouches for them here: whatever they say, it is as if they were silent.
        const crowd = weighed({ ...world, attested: [...world.attested, ...merged(say)] })
        expect(picture(crowd)).toEqual(picture(weighed(world)))
      }),
      runs,
    )
  })
})

describe('saying it again', () => {
  it('changes nothing: forwarded, signed anew, or merged in another order', () => {
    const shuffled = worlds.chain(world =>
      fc
        .tuple(
          fc.shuffledSubarray([...world.attested], { minLength: world.attested.length }),
          fc.subarray([...world.attested]),
          fc.nat(3),
        )
        .map(([order, again, less]) => ({ world, order, again, less })),
    )
    fc.assert(
      fc.property(shuffled, ({ world, order, again, less }) => {
        const lowered = again.map(one => ({ ...one, helped: Math.max(0, one.helped - less) }))
        const once = weighed({ ...world, attested: merged(world.attested) })
        const twice = weighed({
          ...world,
          mine: Object.fromEntries(Object.entries(world.mine).reverse()),
          others: [...world.others].reverse(),
          attested: merged([...order, ...again, ...lowered]),
        })
        expect(picture(twice)).toEqual(picture(once))
      }),
      runs,
    )
  })

  it('by a peer without influence raises nobody: another’s word is worth its new signer', () => {
    fc.assert(
      fc.property(worlds, anyOf(sybils), (world, thief) => {
        const stolen = world.attested
          .filter(one => one.subject !== peer(thief))
          .map(one => ({ ...one, author: peer(thief) }))
        const after = weighed({ ...world, attested: merged([...world.attested, ...stolen]) })
        const before = weighed({ ...world, attested: merged(world.attested) })
        for (const name of honest) expect(standing(after, name).trust).toBe(standing(before, name).trust)
      }),
      runs,
    )
  })
})

describe('slander', () => {
  it('by peers without influence moves nothing', () => {
    fc.assert(
      fc.property(worlds, anyOf(honest), (world, victim) => {
        const slander = sybils.map(name => said(name, victim, 0, 255))
        const after = weighed({ ...world, attested: [...world.attested, ...slander] })
        expect(picture(after)).toEqual(picture(weighed(world)))
      }),
      runs,
    )
  })

  it('by one peer, however loud and however long, moves an opinion by at most its influence times the prior', () => {
    fc.assert(
      fc.property(worlds, anyOf(honest), fc.integer({ min: 1, max: 90 }), (world, liar, days) => {
        const loud = Array.from({ length: days }, (_, age) => said(liar, 'victim', 0, 255, today - age))
        const after = weighed({
          ...world,
          others: [...world.others, 'victim'],
          attested: [...world.attested, ...loud],
        })
        const { hurt } = after.attestedOf(peer('victim'))
        expect(hurt).toBeLessThanOrEqual(priorWeight * after.influenceOf(peer(liar)) + epsilon)
        const { expected } = opinionOf({ helped: 0, hurt }, { hurtWeight: 1.5 })
        expect(expected).toBeGreaterThan(0.28)
      }),
      runs,
    )
  })
})

describe('a peer that the owner has blocked', () => {
  const facts = fc.record({
    counts: fc.record({ helped: fc.nat(1_000), hurt: fc.nat(10) }),
    attested: fc.record({ helped: fc.nat(100), hurt: fc.nat(10) }),
    trust: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    isInviter: fc.boolean(),
    isInvited: fc.boolean(),
    isPinned: fc.boolean(),
  })

  it('is in no prompt and weighs nothing, whatever speaks for it', () => {
    fc.assert(
      fc.property(facts, ({ attested, counts, isInvited, isInviter, isPinned, trust }) => {
        const self = peer('me')
        const author = peer('a')
        const { tier, trust: weight } = standingOf({
          self,
          author,
          ...(isInviter ? { myInviter: author } : {}),
          ...(isInvited ? { authorInviter: self } : {}),
          word: { pinned: isPinned, blocked: true, ...(trust === undefined ? {} : { trust }) },
          counts,
          attested,
          reading: { hurtWeight: 1.5 },
          pinned: new Set(isPinned ? [author] : []),
          blocked: new Set([author]),
          inviterOf: () => undefined,
          isDiscredited: () => false,
        })
        expect({ tier, weight }).toEqual({ tier: 'quarantined', weight: 0 })
      }),
      runs,
    )
  })

  it('has no influence, and gives none to whom it alone vouches for', () => {
    fc.assert(
      fc.property(worlds, anyOf(honest), (world, name) => {
        const weights = weighed({
          ...world,
          invited: { ...world.invited, [name]: [...sybils] },
          words: { [name]: 'blocked' },
        })
        expect(weights.influenceOf(peer(name))).toBe(0)
        expect(sumOfInfluence(weights, sybils)).toBe(0)
      }),
      runs,
    )
  })
})

describe('honest authors', () => {
  it('whose lessons change nothing keep E at one half, whichever share of the tasks succeeds here anyway', () => {
    const rates = fc.double({ min: 0.2, max: 0.8, noNaN: true })
    fc.assert(
      fc.property(
        rates,
        fc.nat(500),
        fc.double({ min: 1, max: 3, noNaN: true }),
        (baseRate, n, hurtWeight) => {
          const counts = { helped: n * baseRate, hurt: n * (1 - baseRate) }
          const { expected } = opinionOf(counts, { hurtWeight, baseRate })
          expect(expected).toBeGreaterThanOrEqual(0.5 - 1e-9)
        },
      ),
      runs,
    )
  })

  // What is left of the heavier failures beyond chance costs 0.0007 at most, with a weight of 3 and 25 outcomes.
  const rest = 0.0007

  it('whose lessons change nothing where half of the tasks fail lose nothing on average by being used', () => {
    // E after n such outcomes has a standard deviation of sqrt(n) / 2 / (n + 2), 0.18 at most and mostly less, so the mean
    // of 10,000 sequences is within five standard errors, 5 * 0.18 / 100.
    const samplingError = 0.009
    const sequences = { numRuns: 10_000, seed: 5 }
    const outcomes = fc.array(fc.boolean(), { minLength: 1, maxLength: 60, size: 'max' })
    const weights = fc.double({ min: 1, max: 3, noNaN: true })
    const all = fc.sample(fc.tuple(outcomes, weights), sequences).map(([solved, hurtWeight]) => {
      const helped = solved.filter(Boolean).length
      return opinionOf({ helped, hurt: solved.length - helped }, { hurtWeight, baseRate: 0.5 }).expected
    })
    const mean = all.reduce((sum, one) => sum + one, 0) / all.length
    const unused = opinionOf({ helped: 0, hurt: 0 }, { hurtWeight: 3, baseRate: 0.5 }).expected
    expect(mean).toBeGreaterThanOrEqual(unused - rest - samplingError)
  })

  it('expect exactly that, however often they are used and however much failures weigh', () => {
    for (const hurtWeight of [1, 1.5, 3]) {
      for (let n = 0; n <= 50; n++) {
        let mean = 0
        for (let helped = 0, chance = 0.5 ** n; helped <= n; helped++) {
          mean += chance * opinionOf({ helped, hurt: n - helped }, { hurtWeight }).expected
          chance *= (n - helped) / (helped + 1)
        }
        expect(mean).toBeGreaterThanOrEqual(0.5 - rest)
      }
    }
  })
})

describe('the rate of success without a lesson', () => {
  const rate = fc.double({ min: 0, max: 1, noNaN: true })
  const outcomes = fc.double({ min: 0, max: 1_000, noNaN: true })
  const tasks = fc
    .tuple(fc.nat(5_000), fc.nat(5_000))
    .map(([solved, failed]) => ({ solved, all: solved + failed }))

  it('of a cluster is the node’s where nothing is known of it, and lies between the two', () => {
    fc.assert(
      fc.property(rate, tasks, (ofNode, seen) => {
        expect(clusterRate({ solved: 0, all: 0 }, ofNode)).toBeCloseTo(ofNode, 12)
        const own = seen.all === 0 ? ofNode : seen.solved / seen.all
        const found = clusterRate(seen, ofNode)
        expect(found).toBeGreaterThanOrEqual(Math.min(own, ofNode) - epsilon)
        expect(found).toBeLessThanOrEqual(Math.max(own, ofNode) + epsilon)
      }),
      runs,
    )
  })

  it('of a cluster comes ever nearer to its own', () => {
    fc.assert(
      fc.property(rate, fc.nat(100), fc.integer({ min: 1, max: 1_000 }), (ofNode, ofHundred, times) => {
        const off = clusterRate({ solved: ofHundred * times, all: 100 * times }, ofNode) - ofHundred / 100
        expect(Math.abs(off)).toBeLessThanOrEqual(20 / (100 * times) + epsilon)
      }),
      runs,
    )
  })

  it('over an author’s outcomes is a mean of what each is read against, and keeps what they are beyond it', () => {
    const parts = fc.array(fc.record({ rate, outcomes }), { maxLength: 10 })
    fc.assert(
      fc.property(parts, rate, outcomes, (all, ofNode, elsewhere) => {
        const count = all.reduce((sum, one) => sum + one.outcomes, elsewhere)
        const found = meanRate(all, count, ofNode)
        const rates = [ofNode, ...all.map(one => one.rate)]
        expect(found).toBeGreaterThanOrEqual(Math.min(...rates) - epsilon)
        expect(found).toBeLessThanOrEqual(Math.max(...rates) + epsilon)
        const expected = all.reduce((sum, one) => sum + one.outcomes * one.rate, elsewhere * ofNode)
        expect(found * count).toBeCloseTo(expected, 6)
      }),
      runs,
    )
  })
})
