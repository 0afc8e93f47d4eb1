/** A fixed set of runs beside adversaries, with and without faults: none violates anything. Seeds that once did stay in it. */

import { expect, it } from 'vitest'
import type { RunSettings } from '../../../sim/run.ts'
import { allAdversaries, allFaults, hostile, simulateRun, usual } from './runs.ts'

const withFaults = { faults: allFaults, adversaries: allAdversaries }
const runs: readonly (readonly [why: string, settings: Partial<RunSettings>])[] = [
  ...[1, 2].map(seed => ['no faults', { seed: `${seed}`, adversaries: allAdversaries }] as const),
  ...[1, 3, 5, 6].map(seed => ['all faults', { seed: `${seed}`, ...withFaults }] as const),
  [
    'what a racer sent over slow lines kept everybody’s busy long after the faults had stopped',
    { seed: '2', minutes: 4, faults: usual('slow-line'), adversaries: hostile('racer') },
  ],
  [
    'a node that had sent away the only one whose address it had was alone for ever',
    { seed: '10524', nodes: 12, minutes: 4, publishesPerHour: 12, recallsPerHour: 60, ...withFaults },
  ],
]

it.each(runs)('beside adversaries, %s: %j violates nothing', async (_why, settings) => {
  const { violations } = await simulateRun({ nodes: 8, minutes: 1, ...settings })
  expect(violations).toEqual([])
})

it('a run beside adversaries is the same again with the same seed', async () => {
  const settings = { seed: '7', nodes: 6, minutes: 1, ...withFaults }
  expect(await simulateRun(settings)).toEqual(await simulateRun(settings))
})

it('a stranger’s flood keeps no other stranger’s lessons out', async () => {
  const settings = { seed: '2', nodes: 12, minutes: 2, publishesPerHour: 60, adversaries: hostile('spammer') }
  const { delivered60s, deliveries } = await simulateRun(settings)
  expect(deliveries).toBeGreaterThan(50)
  expect(delivered60s).toBe(1)
})
