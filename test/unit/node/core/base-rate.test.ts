import { expect, test } from 'vitest'
import { baseRateOf } from '../../../../node/core/base-rate.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { putEpisodeOps } from '../../../../store/episodes.ts'
import { openMemoryStore } from '../../../../store/memory.ts'
import { t0 } from '../../protocol/fixtures.ts'
import { virtualPorts } from '../virtual-nodes.ts'

async function holding(runs: readonly { solved: boolean; recalled?: true }[]): Promise<number> {
  const store = openMemoryStore()
  const ports = virtualPorts(new VirtualClock(t0 * 1000), store)
  for (const [number, { solved, recalled }] of runs.entries()) {
    const head = {
      id: String(number).padStart(8, '0'),
      ask: 'a',
      source: 'test',
      capturedAt: t0 * 1000 + number,
      interactions: 1,
      outcome: { solved, by: 'test' },
      ...(recalled === undefined ? {} : { recalled }),
    }
    await store.batch(putEpisodeOps(store, head, new Uint8Array([0x7b, 0x7d])))
  }
  return baseRateOf(ports, new AbortController().signal)
}

test('is that of the runs without a lesson, once there are enough of them; else that of all', async () => {
  const with80 = Array.from({ length: 80 }, () => ({ solved: true, recalled: true }) as const)
  const without = (count: number) => Array.from({ length: count }, (_, at) => ({ solved: at % 2 === 0 }))
  expect(await holding([...with80, ...without(20)])).toBe(11 / 22)
  expect(await holding([...with80, ...without(18)])).toBe(90 / 100)
})

test('is one half before anything has an outcome, and then the share that was solved', async () => {
  const store = openMemoryStore()
  const ports = virtualPorts(new VirtualClock(t0 * 1000), store)
  const rate = () => baseRateOf(ports, new AbortController().signal)
  expect(await rate()).toBe(0.5)
  for (let number = 0; number < 1_200; number++) {
    const solved = number % 4 === 0
    const outcome = number < 800 ? { outcome: { solved, by: 'test' } } : {}
    const head = {
      id: String(number).padStart(8, '0'),
      ask: 'a',
      source: 'test',
      capturedAt: t0 * 1000 + number,
      interactions: 1,
      ...outcome,
    }
    await store.batch(putEpisodeOps(store, head, new Uint8Array([0x7b, 0x7d])))
  }
  expect(await rate()).toBe(201 / 802)
})
