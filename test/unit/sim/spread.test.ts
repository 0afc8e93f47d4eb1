/** That what is computed of how digests spread is what whole nodes do, and that it does not hang on the swarm's size. */

import { expect, test } from 'vitest'
import { seededRandom } from '../../../sim/random.ts'
import { spread, usualSpread } from '../../../sim/spread.ts'
import { spreadWhole } from '../../../sim/spread-whole.ts'

test('digests spread as they do among whole nodes, at the same cost', async () => {
  const nodes = 36
  const whole = await spreadWhole({ nodes, lessons: 5, loss: 0, seed: 'spread' })
  const { connections, messageBytes } = whole
  const settings = { ...usualSpread, nodes, dials: connections / 2, messageBytes }
  const computed = spread(settings, seededRandom('spread'))
  expect(whole.delivered).toBe(1)
  expect(computed.delivered).toBe(1)
  for (const figure of ['p50Ms', 'p99Ms', 'messagesPerNode', 'bytesPerNode'] as const) {
    const ratio = computed[figure] / whole[figure]
    // Among whole nodes, who let many in has many neighbours: all are few steps from it, and it tells but its mesh what it has itself.
    expect(ratio, figure).toBeGreaterThan(0.75)
    expect(ratio, figure).toBeLessThan(1.4)
  }
})

test('an author tells all its neighbours in a swarm of any size, as long as it has few', () => {
  const p50Ms = [31, 32].map(
    nodes => spread({ ...usualSpread, lessons: 50, nodes }, seededRandom('flood')).p50Ms,
  )
  expect((p50Ms[1] ?? 0) / (p50Ms[0] ?? 1)).toBeLessThan(1.07)
})

test('a lesson costs a node the same in a swarm a hundred times as large, and takes a few steps more', () => {
  const small = spread({ ...usualSpread, lessons: 5, nodes: 100 }, seededRandom('small'))
  const large = spread({ ...usualSpread, lessons: 2, nodes: 10_000 }, seededRandom('large'))
  expect(large.bytesPerNode / small.bytesPerNode).toBeLessThan(1.1)
  expect(large.p99Ms / small.p99Ms).toBeLessThan(2)
})

test('what gets lost is told of by others, and arrives nevertheless', () => {
  const settings = { ...usualSpread, lessons: 5, nodes: 1_000 }
  const whole = spread(settings, seededRandom('loss'))
  const lossy = spread({ ...settings, loss: 0.4 }, seededRandom('loss'))
  expect(lossy.p99Ms).toBeGreaterThan(whole.p99Ms)
  expect(lossy.delivered).toBeGreaterThan(0.999)
})
