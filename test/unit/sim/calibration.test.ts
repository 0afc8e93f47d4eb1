/** That a fit finds what a swarm differs by, and that a difference is told as it is. */

import { expect, test } from 'vitest'
import { compared, fitTo, observeSimulated } from '../../../sim/calibration.ts'
import { fitted } from '../../../sim/network/fitted.ts'

const scenario = {
  nodes: 4,
  warmUps: 2,
  publishes: 12,
  everyMs: 1_000,
  settleMs: 20_000,
  idleMs: 10_000,
  afterMs: 5_000,
}

test('a fit finds again what another swarm of the same kind costs', async () => {
  const hidden = {
    frameBytes: 210,
    idleBytesPerS: 333,
    handlingMs: 25,
    messageMicros: 400,
    idleMicrosPerS: 700,
  }
  const fit = await fitTo(await observeSimulated(scenario, hidden), scenario)
  for (const [figure, value] of Object.entries(hidden))
    expect(fit[figure as keyof typeof hidden], figure).toBeCloseTo(value, 1)
})

test('what is simulated is many swarms: who is connected to whom in one of them is chance', async () => {
  const { delaysMs, delivered } = await observeSimulated(scenario, fitted)
  expect(delivered).toBe(1)
  const ofOneSwarm = scenario.publishes * (scenario.nodes - 1)
  expect(delaysMs.length).toBeGreaterThanOrEqual(4 * ofOneSwarm)
  expect(delaysMs).toEqual(delaysMs.toSorted((a, b) => a - b))
})

test('both swarms stand side by side, and how far they are apart', () => {
  const real = {
    delaysMs: [100, 200, 300, 400],
    delivered: 1,
    idleBytesPerS: 50,
    bytesPerLesson: 1_000,
    idleBusyMsPerS: 2,
    busyMsPerLesson: 4,
    connections: 3,
  }
  const simulated = { ...real, delaysMs: [100, 200, 330, 400], bytesPerLesson: 900 }
  const messagesPerLesson = undefined
  const rows = compared({ ...real, messagesPerLesson }, { ...simulated, messagesPerLesson })
  const row = (what: string) => rows.find(one => one.what.startsWith(what))
  expect(row('delivery, 50 %')).toMatchObject({ real: 300, simulated: 330, distance: 0.1 })
  expect(row('sent for a lesson')).toMatchObject({ real: 1_000, simulated: 900, distance: 0.1 })
  expect(row('sent when idle')).toMatchObject({ distance: 0 })
})
