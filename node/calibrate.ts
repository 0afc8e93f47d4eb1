/**
 * `sim calibrate`: one scenario on real nodes and simulated, fitted on ten of them and tested on thirty, and what work costs
 * on this machine. A part of the composition root that only this command loads.
 */

import { compared, fitTo, observe, observeSimulated, type Scenario } from '../sim/calibration.ts'
import { fitted } from '../sim/network/fitted.ts'
import { measureCosts } from './calibration/costs.ts'
import { openRealSwarm } from './calibration/real-swarm.ts'
import type { Calibrated, CalibrateOptions } from './surface/cli/program.ts'

/** The nodes of a swarm with this many are all connected, as they are with thirty. */
const fittedOn = 10
const testedOn = 30

const usual = { publishes: 30, everyMs: 1_500, settleMs: 60_000, idleMs: 60_000, afterMs: 15_000 }

export async function calibrate({ onStep }: CalibrateOptions): Promise<Calibrated> {
  onStep('measuring what work costs')
  const costs = await measureCosts()
  const few = { ...usual, nodes: fittedOn }
  const realFew = await observeReal(few, onStep)
  onStep('fitting the simulation')
  const fit = await fitTo(realFew, few)
  const simulatedFew = await observeSimulated(few, fit)
  const many = { ...usual, nodes: testedOn }
  const realMany = await observeReal(many, onStep)
  onStep(`simulating ${testedOn} nodes`)
  const simulatedMany = await observeSimulated(many, fit)
  return {
    fit: { ...fit },
    inUse: { ...fitted },
    swarms: [
      { nodes: fittedOn, isFitted: true, rows: compared(realFew, simulatedFew) },
      { nodes: testedOn, isFitted: false, rows: compared(realMany, simulatedMany) },
    ],
    costs,
  }
}

async function observeReal(scenario: Scenario, onStep: CalibrateOptions['onStep']) {
  const { nodes } = scenario
  const swarm = await openRealSwarm(nodes, joined => onStep(`starting real nodes: ${joined} of ${nodes}`))
  try {
    onStep(`watching ${nodes} real nodes for some three minutes`)
    return await observe(swarm, scenario)
  } finally {
    await swarm.close()
  }
}
