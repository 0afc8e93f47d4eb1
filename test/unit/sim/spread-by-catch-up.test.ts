/** That what is computed of catch-up is what whole nodes do, and that it does not hang on the swarm's size. */

import { expect, test } from 'vitest'
import { seededRandom } from '../../../sim/random.ts'
import { sessionCosts } from '../../../sim/session-cost.ts'
import { usualSpread } from '../../../sim/spread.ts'
import { catchUpSpanMs, spreadByCatchUp } from '../../../sim/spread-by-catch-up.ts'
import { wholeByCatchUp } from '../../../sim/spread-whole.ts'

test('lessons that gossip said nothing of spread as they do among whole nodes, at the same cost', async () => {
  const whole = await wholeByCatchUp({ nodes: 36, lessons: 10, seed: 'a' })
  const { connections, messageBytes, nodes } = whole
  const settings = { nodes, lessons: 10, dials: connections / 2, messageBytes }
  const computed = await spreadByCatchUp(settings, seededRandom('a'))
  for (const one of [whole, computed]) expect(one.delivered).toBe(1)
  for (const figure of ['messagesPerNode', 'bytesPerNode'] as const) {
    const ratio = computed[figure] / whole[figure]
    expect(ratio, figure).toBeGreaterThan(0.85)
    expect(ratio, figure).toBeLessThan(1.18)
  }
  // Whom the author's neighbours ask next is chance: that decides when it begins.
  expect(computed.p50Ms / whole.p50Ms).toBeGreaterThan(0.5)
  expect(computed.p50Ms / whole.p50Ms).toBeLessThan(2)
})

test('it costs a node the same in a swarm a hundred times as large, and takes some steps more', async () => {
  const [small, large] = await Promise.all(
    [100, 10_000].map(nodes => spreadByCatchUp({ ...usualSpread, nodes }, seededRandom('size'))),
  )
  expect((large?.bytesPerNode ?? 0) / (small?.bytesPerNode ?? 1)).toBeLessThan(1.1)
  expect((large?.maxMs ?? 0) / (small?.maxMs ?? 1)).toBeLessThan(3)
})

test('nobody is given up on who has it later than what it costs is counted for', async () => {
  const rows = await Promise.all(
    ['a', 'b', 'c'].map(seed => spreadByCatchUp({ ...usualSpread, nodes: 5_000 }, seededRandom(seed))),
  )
  expect(rows.map(row => row.delivered)).toEqual([1, 1, 1])
  expect(Math.max(...rows.map(row => row.maxMs))).toBeGreaterThan(catchUpSpanMs)
})

test('two nodes that hold the same need one request, whatever they hold; one that lacks some needs two', () => {
  for (const members of [10, 10_000]) {
    const costs = sessionCosts({ members, digests: 10, digestBytes: 300 }, seededRandom('cost'))
    expect([costs.same.requests, costs.takes.requests, costs.gives.requests]).toEqual([1, 2, 2])
    expect(costs.same.bytes).toBeLessThan(200)
    for (const one of [costs.takes, costs.gives]) expect(one.bytes).toBeGreaterThan(10 * 300)
  }
})
