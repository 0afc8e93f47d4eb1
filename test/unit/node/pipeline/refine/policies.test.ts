import { describe, expect, it } from 'vitest'
import { refinePolicies } from '../../../../../node/pipeline/refine/policies.ts'
import type { EntryFacts, KeptFacts, RefineInput } from '../../../../../node/pipeline/refine/policy.ts'
import { isProven, isRefuted } from '../../../../../node/pipeline/refine/usefulness.ts'
import type { EntryCid } from '../../../../../protocol/types.ts'
import { cid } from '../../entry-samples.ts'
import { by, demandFor, kept, now, vectorOf } from './kept-facts.ts'

const dayMs = 86_400_000
const noDemand = demandFor([], new Map())

function input(
  facts: readonly KeptFacts[],
  entries: number,
  changes: Partial<RefineInput> = {},
): RefineInput {
  const budget = { entries, bytes: 1_000_000 }
  return { facts, budget, nowMs: now, demand: noDemand, seed: 1, pause: () => undefined, ...changes }
}

function unseen(name: string, changes: Partial<EntryFacts> = {}): EntryFacts {
  const { cid: id, author, trust, helped, hurt, createdAt } = kept(name)
  return { cid: id, author, trust, helped, hurt, createdAt, ...changes }
}

describe('by demand', () => {
  const { demand } = refinePolicies

  it.each([
    ['has helped', { helped: 2 }],
    ['is by a more trusted author', { trust: 0.9 }],
    ['is in use', { uses: 20, lastUsedAt: now }],
    ['is an own lesson, however useless', { isOwn: true, trust: 0.1, hurt: 5 }],
  ] as const)('keeps what %s', async (_why, changes) => {
    const { evicted } = await demand(input([kept('1', changes), kept('2')], 1))
    expect(evicted).toEqual([cid('2')])
  })

  it.each([
    ['has hurt', { hurt: 3 }],
    ['is long unused', { createdAt: now - 200 * dayMs }],
    ['is by a blocked author', { trust: 0, helped: 9 }],
  ] as const)('lets go first what %s', async (_why, changes) => {
    const { evicted } = await demand(input([kept('1', changes), kept('2')], 1))
    expect(evicted).toEqual([cid('1')])
  })

  const topics = ['crane', 'tide', 'loom']
  const facts = topics.flatMap(topic =>
    ['a', 'b', 'c'].map(variant => kept(`${topic} ${variant}`, { createdAt: now - 300 * dayMs })),
  )
  const vectors = new Map(
    topics.flatMap(topic =>
      ['a', 'b', 'c'].map((variant): [EntryCid, Float32Array] => [
        cid(`${topic} ${variant}`),
        vectorOf(topic, variant),
      ]),
    ),
  )
  const queries = ['crane', 'tide'].map(topic => vectorOf(topic))
  const asked = demandFor(queries, vectors)

  it('keeps one for each thing that is asked before a second for any', async () => {
    const { evicted } = await demand(input(facts, 2, { demand: asked }))
    const stays = facts.filter(one => !evicted.includes(one.cid)).map(one => one.cid)
    const near = (topic: string) => ['a', 'b', 'c'].map(variant => cid(`${topic} ${variant}`))
    expect(stays.filter(one => near('crane').includes(one))).toHaveLength(1)
    expect(stays.filter(one => near('tide').includes(one))).toHaveLength(1)
  })

  it('takes what promises most, by trust and not by nearness alone', async () => {
    const trusted = facts.map(one => (one.cid === cid('crane c') ? { ...one, trust: 0.9 } : one))
    const { evicted } = await demand(
      input(trusted, 1, { demand: { ...asked, queries: queries.slice(0, 1) } }),
    )
    expect(evicted).not.toContain(cid('crane c'))
  })

  it('keeps what proved useful, though nobody asks for it of late', async () => {
    const proven = facts.map(one => (one.cid === cid('loom b') ? { ...one, helped: 1 } : one))
    const { evicted } = await demand(input(proven, 1, { demand: asked }))
    expect(evicted).not.toContain(cid('loom b'))
  })

  it('prefers two small ones to a large one where bytes are short', async () => {
    const large = facts.map(one =>
      one.cid.startsWith(cid('crane a')) ? { ...one, bytes: 4_000, trust: 0.55 } : one,
    )
    const { evicted } = await demand(
      input(large, 10, { budget: { entries: 10, bytes: 4_000 }, demand: asked }),
    )
    expect(evicted).toContain(cid('crane a'))
    expect(evicted).toHaveLength(5)
  })

  it('lets a flood have an equal share only, while others want the places', async () => {
    const flood = Array.from({ length: 50 }, (_, at) => kept(`flood ${at}`, { ...by('flooder'), trust: 0.9 }))
    const honest = Array.from({ length: 10 }, (_, at) => kept(`honest ${at}`, by('honest')))
    const { evicted, isWorth } = await demand(input([...flood, ...honest], 20))
    expect(evicted.filter(one => honest.some(other => other.cid === one))).toEqual([])
    // Beyond its share only what is better than its own is worth a place.
    expect(isWorth(unseen('more', { ...by('flooder'), trust: 0.9 }), now)).toBe(false)
  })

  it('gives a flood the places that nobody else wants', async () => {
    const flood = Array.from({ length: 50 }, (_, at) => kept(`flood ${at}`, by('flooder')))
    const { evicted } = await demand(input([...flood, kept('honest', by('honest'))], 20))
    expect(evicted).toHaveLength(31)
  })

  it('finds worth a place only what is more useful than what went', async () => {
    const older = [1, 2, 3].map(at => kept(String(at), { createdAt: now - at * dayMs }))
    const { evicted, isWorth } = await demand(input(older, 2))
    expect(evicted).toEqual([cid('3')])
    expect(isWorth(unseen('3', { createdAt: now - 3 * dayMs }), now)).toBe(false)
    expect(isWorth(unseen('4', { createdAt: now - 2 * dayMs }), now)).toBe(true)
  })
})

describe('the policies to compare with', () => {
  const facts = [
    kept('1', { createdAt: now - 9 * dayMs, lastUsedAt: now, uses: 1 }),
    kept('2', { createdAt: now - 5 * dayMs }),
    kept('3', { createdAt: now - 7 * dayMs, lastUsedAt: now - 6 * dayMs, uses: 1 }),
    kept('4', { createdAt: now - 20 * dayMs, isOwn: true }),
  ]

  it.each([
    ['fifo', ['1', '3']],
    ['lru', ['3', '2']],
  ] as const)('%s lets go in its order, own lessons never', async (name, gone) => {
    const { evicted } = await refinePolicies[name](input(facts, 2))
    expect(evicted).toEqual(gone.map(one => cid(one)))
  })

  it('random lets go others for another seed, and never takes back what went', async () => {
    const many = Array.from({ length: 40 }, (_, at) => kept(String(at)))
    const first = await refinePolicies.random(input(many, 20, { seed: 1 }))
    const second = await refinePolicies.random(input(many, 20, { seed: 2 }))
    expect(first.evicted).toHaveLength(20)
    expect(new Set(first.evicted)).not.toEqual(new Set(second.evicted))
    const back = many.filter(one => first.evicted.includes(one.cid) && first.isWorth(one, now))
    expect(back).toEqual([])
  })
})

describe('what outcomes alone say', () => {
  it('one success within a month proves, unless it is outweighed', () => {
    expect(isProven(kept('1', { helped: 0.6 }))).toBe(true)
    expect(isProven(kept('1', { helped: 0.4 }))).toBe(false)
    expect(isProven(kept('1', { helped: 2, hurt: 2 }))).toBe(false)
    expect(isProven(kept('1', { helped: 2, trust: 0 }))).toBe(false)
  })

  it('six failures in a row refute where half of all tasks succeed, and not where most fail anyway', () => {
    expect(isRefuted({ helped: 0, hurt: 5 }, 0.5)).toBe(false)
    expect(isRefuted({ helped: 0, hurt: 6 }, 0.5)).toBe(true)
    expect(isRefuted({ helped: 0, hurt: 6 }, 0.25)).toBe(false)
    expect(isRefuted({ helped: 20, hurt: 22 }, 0.5)).toBe(false)
  })
})
