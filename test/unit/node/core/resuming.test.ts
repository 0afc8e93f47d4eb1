/** A machine that was asleep catches up when it wakes, and not when its timers happen to end. */

import { expect, test } from 'vitest'
import { lesson, must, VirtualWorld } from '../virtual-nodes.ts'

const hour = 3_600_000

async function missed(asleepMs: number) {
  const world = new VirtualWorld()
  const [a, b] = await world.swarm(1)
  if (a === undefined || b === undefined) throw new TypeError('a founder and a guest')
  // Beyond the greetings, and at the beginning of the pause before the next catch-up.
  await world.pass(10_000)
  world.network.gossip = 'lose'
  const { cid } = must(await a.node.addEntry(lesson('The lift is stuck.')))
  world.clock.oversleep(asleepMs)
  await world.pass(11_000)
  return { world, b, has: await b.isKept(cid) }
}

test('what was said while it slept is here within seconds of its waking', async () => {
  const { b, has } = await missed(3 * hour)
  expect(has).toBe(true)
  expect(b.said('The machine was asleep')).toBe(true)
})

test('a clock that is set right by a little is no sleep', async () => {
  const { b, has } = await missed(30_000)
  expect(has).toBe(false)
  expect(b.said('The machine was asleep')).toBe(false)
})

test('days that ended while it slept are over when it wakes: what they end is gone', async () => {
  const { world, b } = await missed(0)
  const records = () => b.node.swarms()[1]?.records
  expect(records()).toBeGreaterThan(0)
  world.clock.oversleep(400 * 24 * hour)
  await world.pass(11_000)
  expect(records()).toBe(0)
})
