/** A fixed set of runs with everything going wrong that can: none violates anything. Seeds that once did stay in it. */

import { expect, it } from 'vitest'
import { allFaults, simulateRun } from './runs.ts'

const seeds = Array.from({ length: 25 }, (_, at) => `${at + 1}`)

it.each(seeds)('seed %s with all faults violates nothing', async seed => {
  const { violations } = await simulateRun({ seed, nodes: 8, minutes: 2, faults: allFaults })
  expect(violations).toEqual([])
})
