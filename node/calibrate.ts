/**
 * `sim calibrate`: one scenario on real nodes and simulated, fitted on ten of them and tested on thirty, and what work costs
 * on this machine. A part of the composition root that only this command loads.
 */

import { cpus } from 'node:os'
import { compared, fitTo, observe, observeSimulated, type Scenario } from '../sim/calibration.ts'
import { fitted } from '../sim/network/fitted.ts'
import { measureCosts } from './calibration/costs.ts'
import { openRealSwarm } from './calibration/real-swarm.ts'
import type { Calibrated, CalibrateOptions } from './surface/cli/program.ts'

const fittedOn = 10
const testedOn = 30

/** Few nodes share more lessons, and sooner: the program has as much to do, and has become as quick at it. */
const scenarioOf = (nodes: number): Scenario => ({
  nodes,
  warmUps: 900 / nodes,
  publishes: 900 / nodes,
  everyMs: 50 * nodes,
  settleMs: 60_000,
  idleMs: 120_000,
  afterMs: 15_000,
})

export async function calibrate({ onStep }: CalibrateOptions): Promise<Calibrated> {
  onStep('measuring what work costs')
  const costs = await measureCosts()
  const few = scenarioOf(fittedOn)
  const realFew = await observeReal(few, onStep)
  onStep('fitting the simulation')
  const fit = await fitTo(realFew, few)
  const simulatedFew = await observeSimulated(few, fit)
  const many = scenarioOf(testedOn)
  const realMany = await observeReal(many, onStep)
  onStep(`simulating ${testedOn} nodes`)
  const simulatedMany = await observeSimulated(many, fit)
  return {
    fit: { ...fit },
    inUse: { ...fitted },
    swarms: [
      {
        nodes: fittedOn,
        isFitted: true,
        othersBusy: realFew.othersBusy,
        rows: compared(realFew, simulatedFew),
      },
      {
        nodes: testedOn,
        isFitted: false,
        othersBusy: realMany.othersBusy,
        rows: compared(realMany, simulatedMany),
      },
    ],
    costs,
  }
}

async function observeReal(scenario: Scenario, onStep: CalibrateOptions['onStep']) {
  const { nodes } = scenario
  const swarm = await openRealSwarm(nodes, joined => onStep(`starting real nodes: ${joined} of ${nodes}`))
  try {
    onStep(`watching ${nodes} real nodes for some five minutes`)
    const before = busySoFar()
    const observed = await observe(swarm, scenario)
    const after = busySoFar()
    return { ...observed, othersBusy: (after.others - before.others) / (after.all - before.all) }
  } finally {
    await swarm.close()
  }
}

/** Milliseconds of all processors so far, and those of them that other programs have used: what is real is then slower than it is. */
function busySoFar(): { readonly all: number; readonly others: number } {
  const { user, system } = process.cpuUsage()
  let all = 0
  let idle = 0
  for (const { times } of cpus()) {
    all += times.user + times.nice + times.sys + times.irq + times.idle
    idle += times.idle
  }
  return { all, others: all - idle - (user + system) / 1000 }
}
