import { expect, it } from 'vitest'
import { RecentQueries } from '../../../../node/core/recent-queries.ts'
import { sketchOf } from '../../../../protocol/sketch.ts'
import { seededRandom } from '../../../../sim/random.ts'
import { vectorOf } from '../pipeline/refine/kept-facts.ts'

it('holds a thousand queries, among them older ones, the same for the same chance', () => {
  const sample = (seed: string): readonly number[] => {
    const queries = new RecentQueries(seededRandom(seed))
    for (let at = 0; at < 5_000; at++) queries.note(new Float32Array([at]), 0)
    return queries.vectors().map(([at = -1]) => at)
  }
  const held = sample('a')
  expect(held).toHaveLength(1_000)
  const older = held.filter(at => at < 1_000).length
  expect(older).toBeGreaterThan(500)
  expect(older).toBeLessThan(900)
  expect(sample('a')).toEqual(held)
  expect(sample('b')).not.toEqual(held)
})

it('lacks what would serve a query since the last refining better than what was here', () => {
  const queries = new RecentQueries(seededRandom('a'))
  const near = sketchOf(vectorOf('crane', 'b'))
  const far = sketchOf(vectorOf('tide'))
  expect(queries.lacks(near, 0.9)).toBe(false)
  queries.note(vectorOf('crane'), 0.2)
  expect(queries.lacks(near, 0.9)).toBe(true)
  expect(queries.lacks(near, 0)).toBe(false)
  expect(queries.lacks(far, 0.9)).toBe(false)
  // What was weighed against the query before is not asked for again.
  queries.settle()
  expect(queries.lacks(near, 0.9)).toBe(false)
  queries.note(vectorOf('crane'), 0.95)
  expect(queries.lacks(near, 0.9)).toBe(false)
})
