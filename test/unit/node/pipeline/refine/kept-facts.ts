/** Kept entries and demand for the tests of refining: vectors of a few dimensions that can be thought through. */

import type { Demand, KeptFacts } from '../../../../../node/pipeline/refine/policy.ts'
import { sketchOf } from '../../../../../protocol/sketch.ts'
import type { EntryCid, PeerId } from '../../../../../protocol/types.ts'
import { seededRandom } from '../../../../../sim/random.ts'
import { cid } from '../../entry-samples.ts'

export const now = 20_000 * 86_400_000

export function kept(name: string, changes: Partial<KeptFacts> = {}): KeptFacts {
  return {
    cid: cid(name),
    author: 'somebody' as PeerId,
    bytes: 1_000,
    isOwn: false,
    trust: 0.5,
    helped: 0,
    hurt: 0,
    uses: 0,
    createdAt: now,
    ...changes,
  }
}

export function by(author: string): Pick<KeptFacts, 'author'> {
  return { author: author as PeerId }
}

/** Unit vectors that are near each other where their topics are one, and far where they are not. */
export function vectorOf(topic: string, variant = '', dimensions = 96): Float32Array {
  const towards = gaussian(topic, dimensions)
  const aside = gaussian(`${topic} ${variant}`, dimensions)
  const mixed = towards.map((value, at) => value + (variant === '' ? 0 : 0.5 * (aside[at] ?? 0)))
  const length = Math.hypot(...mixed)
  return Float32Array.from(mixed, value => value / length)
}

function gaussian(seed: string, count: number): number[] {
  const random = seededRandom(seed)
  // The sum of twelve is near enough to normal.
  return Array.from({ length: count }, () => {
    let sum = -6
    for (let i = 0; i < 12; i++) sum += random.below(65_536) / 65_536
    return sum
  })
}

export function demandFor(
  queries: readonly Float32Array[],
  vectors: ReadonlyMap<EntryCid, Float32Array>,
): Demand {
  return {
    queries,
    copySketch: (one, into, at) => {
      const vector = vectors.get(one)
      if (vector === undefined) return false
      const sketch = sketchOf(vector)
      into.set(new Uint32Array(sketch.slice().buffer), at)
      return true
    },
    cosine: (one, query) => {
      let sum = 0
      for (const [at, value] of (vectors.get(one) ?? new Float32Array()).entries())
        sum += value * (query[at] ?? 0)
      return sum
    },
  }
}

/** What the entries that stay do for the queries: for each the best, by similarity × trust, of those that recall hands out. */
export function served(
  stays: readonly KeptFacts[],
  queries: readonly Float32Array[],
  vectors: ReadonlyMap<EntryCid, Float32Array>,
): number {
  const { cosine } = demandFor(queries, vectors)
  let sum = 0
  for (const query of queries) {
    const worth = stays.map(one => ({ near: cosine(one.cid, query), trust: one.trust }))
    sum += Math.max(0, ...worth.filter(({ near }) => near >= 0.5).map(({ near, trust }) => near * trust))
  }
  return sum
}
