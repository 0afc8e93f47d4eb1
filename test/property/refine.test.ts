/** Refining holds its bounds whatever is kept, and does not depend on the order in which entries are given. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refinePolicies } from '../../node/pipeline/refine/policies.ts'
import type { KeptFacts, RefineInput, RefinePolicy } from '../../node/pipeline/refine/policy.ts'
import { isProven } from '../../node/pipeline/refine/usefulness.ts'
import type { EntryCid } from '../../protocol/types.ts'
import { cid } from '../unit/node/entry-samples.ts'
import { by, demandFor, kept, now, served, vectorOf } from '../unit/node/pipeline/refine/kept-facts.ts'

const dayMs = 86_400_000
const topics = ['crane', 'tide', 'loom', 'kiln', 'mast', 'well']
const countMax = 60
/** All that can occur, made once. */
const ids = Array.from({ length: countMax }, (_, at) => cid(`refined ${at}`))
const variants = ids.map((_, at) => topics.map(topic => vectorOf(topic, String(at))))
const asked = topics.flatMap(topic => [vectorOf(topic), vectorOf(topic, 'asked')])

const one = fc.record({
  topic: fc.nat({ max: topics.length - 1 }),
  author: fc.constantFrom('ada', 'ben', 'cyd', 'dee'),
  bytes: fc.integer({ min: 200, max: 4_096 }),
  isOwn: fc.boolean(),
  trust: fc.constantFrom(0, 0.2, 0.5, 0.8),
  helped: fc.constantFrom(0, 0, 0, 1, 3),
  hurt: fc.constantFrom(0, 0, 1, 4),
  uses: fc.nat({ max: 5 }),
  ageDays: fc.nat({ max: 100 }),
})
const scene = fc.record({
  made: fc.array(one, { minLength: 1, maxLength: countMax, size: 'max' }),
  entries: fc.integer({ min: 1, max: countMax }),
  bytes: fc.integer({ min: 1_000, max: 100_000 }),
  queries: fc.subarray(asked),
})
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never

function inputOf({
  made,
  entries,
  bytes,
  queries,
}: Scene): RefineInput & { vectors: Map<EntryCid, Float32Array> } {
  const vectors = new Map<EntryCid, Float32Array>()
  const facts = made.map(({ topic, author, ageDays, isOwn, ...rest }, at): KeptFacts => {
    const id = ids[at] ?? cid('none')
    const vector = variants[at]?.[topic]
    if (vector !== undefined) vectors.set(id, vector)
    const own = isOwn && at % 9 === 0
    return {
      ...kept(''),
      ...rest,
      ...by(own ? 'me' : author),
      cid: id,
      isOwn: own,
      createdAt: now - ageDays * dayMs,
    }
  })
  const demand = demandFor(queries, vectors)
  return { facts, budget: { entries, bytes }, nowMs: now, demand, seed: 7, pause: () => undefined, vectors }
}

function stays({ facts }: RefineInput, evicted: readonly EntryCid[]): readonly KeptFacts[] {
  const gone = new Set(evicted)
  return facts.filter(({ cid: id }) => !gone.has(id))
}

const sum = (of: readonly KeptFacts[]): number => of.reduce((all, { bytes }) => all + bytes, 0)

describe.each(Object.entries(refinePolicies))('%s', (name, policy) => {
  it('stays within entries and bytes, but for own lessons, which never go', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async made => {
        const input = inputOf(made)
        const { evicted } = await policy(input)
        const rest = stays(input, evicted)
        expect(new Set(evicted).size).toBe(evicted.length)
        expect(rest.filter(({ isOwn }) => isOwn)).toEqual(input.facts.filter(({ isOwn }) => isOwn))
        if (rest.every(({ isOwn }) => isOwn)) return
        expect(rest.length).toBeLessThanOrEqual(made.entries)
        expect(sum(rest)).toBeLessThanOrEqual(made.bytes)
      }),
    )
  })

  it('lets nothing go where there is room for all', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async made => {
        const { evicted } = await policy(inputOf({ ...made, entries: countMax, bytes: 4_096 * countMax }))
        expect(evicted).toEqual([])
      }),
    )
  })

  it('gives equal answers to equal sets, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(scene, fc.infiniteStream(fc.nat()), async (made, draws) => {
        const input = inputOf(made)
        const keys = new Map(input.facts.map(({ cid: id }) => [id, draws.next().value ?? 0]))
        const facts = input.facts.toSorted((a, b) => (keys.get(a.cid) ?? 0) - (keys.get(b.cid) ?? 0))
        const [first, second] = [await policy(input), await policy({ ...input, facts })]
        expect(second.evicted).toEqual(first.evicted)
      }),
    )
  })

  // By demand an entry can go for another that serves the same query: what is not here is judged by its usefulness alone.
  if (name === 'demand') return
  it('fetches nothing back that went', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async made => {
        const input = inputOf(made)
        const { evicted, isWorth } = await policy(input)
        const unused = input.facts.filter(
          ({ cid: id, lastUsedAt }) => evicted.includes(id) && lastUsedAt === undefined,
        )
        expect(unused.filter(gone => isWorth(gone, now))).toEqual([])
      }),
    )
  })
})

describe('by demand', () => {
  const { demand, random, fifo, lru } = refinePolicies

  it('no author has more than its share while an entry of somebody within it goes', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async made => {
        const input = inputOf({ ...made, bytes: 4_096 * countMax })
        const { evicted } = await demand(input)
        const received = stays(input, evicted).filter(({ isOwn }) => !isOwn)
        const authors = new Set(input.facts.filter(({ isOwn }) => !isOwn).map(({ author }) => author))
        const share = Math.max(1, made.entries / authors.size)
        const countOf = (author: string) => received.filter(fact => fact.author === author).length
        const lost = new Set(
          input.facts.filter(({ cid: id }) => evicted.includes(id)).map(fact => fact.author),
        )
        for (const author of authors) {
          const unproven = received.filter(fact => fact.author === author && !isProven(fact)).length
          if (countOf(author) <= share || unproven === 0) continue
          for (const other of lost) expect(other === author || countOf(other) + 1 > share).toBe(true)
        }
      }),
    )
  })

  it('a flood of one author pushes out nothing that others have within their share', async () => {
    await fc.assert(
      fc.asyncProperty(scene, fc.constantFrom(0.2, 0.5, 0.95), async (made, trust) => {
        const few = inputOf({ ...made, made: made.made.slice(0, 8), entries: 32, bytes: 4_096 * countMax })
        const flood = ids
          .slice(8)
          .map(id => ({ ...kept(''), cid: id, ...by('flooder'), trust, bytes: 4_096 }))
        for (const [at, { cid: id }] of flood.entries())
          few.vectors.set(id, variants[at]?.[at % topics.length] ?? vectorOf('crane'))
        const { evicted } = await demand({ ...few, facts: [...few.facts, ...flood] })
        // Five authors, six places each; of the others none has more, for of each there are at most eight.
        const counts = Map.groupBy(few.facts, ({ author }) => author)
        const within = few.facts.filter(({ author }) => (counts.get(author)?.length ?? 0) <= 6)
        expect(within.filter(({ cid: id }) => evicted.includes(id))).toEqual([])
      }),
    )
  })

  // Not to the last bit: taking the best next one is not always the best in the end, and chance may be lucky once.
  it('serves the recent queries as well as the others do, or better', async () => {
    await fc.assert(
      fc.asyncProperty(scene, fc.nat(), async (made, seed) => {
        const full = inputOf({ ...made, bytes: 4_096 * countMax })
        // Nothing but demand decides: one author, nothing own, nothing proven.
        const facts = full.facts.map(({ cid: id, createdAt }) => ({ ...kept(''), cid: id, createdAt }))
        const input = { ...full, facts, seed }
        const worth = async (policy: RefinePolicy): Promise<number> =>
          served(stays(input, (await policy(input)).evicted), made.queries, full.vectors)
        const chosen = await worth(demand)
        for (const policy of [random, fifo, lru])
          expect(chosen).toBeGreaterThanOrEqual(0.98 * (await worth(policy)) - 0.001 * made.queries.length)
      }),
    )
  })
})
