import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { turn } from '../../../sim/events.ts'
import type { Machine } from '../../../sim/machine.ts'
import { allAdversaries, allFaults, simulateRun, usual, violated } from './runs.ts'

describe('a run', () => {
  it('is the same again with the same seed, whatever goes wrong in it, and another with another seed', async () => {
    const first = await simulateRun({ faults: allFaults })
    const again = await simulateRun({ faults: allFaults })
    const other = await simulateRun({ seed: '2', faults: allFaults })
    expect(again).toEqual(first)
    expect(other.traceHash).not.toBe(first.traceHash)
  })

  it('with nothing going wrong violates nothing, and delivers everything at once', async () => {
    const result = await simulateRun()
    expect(result.violations).toEqual([])
    expect(result.deliveries).toBeGreaterThan(20)
    expect([result.delivered10s, result.badRecalls]).toEqual([1, 0])
    // Some of the lessons go out of date, and are recalled until somebody has seen that.
    expect(result.recallAccuracy).toBeGreaterThan(0.6)
    expect(result.propagationP50Ms).toBeGreaterThan(5)
  })
})

describe('a swarm cut in two', () => {
  it('holds the same everywhere within a minute after it is whole again, and has found all lessons', async () => {
    const faults = usual('split')
    const result = await simulateRun({ nodes: 8, minutes: 12, publishesPerHour: 60, faults })
    expect(violated(result)).toEqual([])
    expect(result.publishes).toBeGreaterThan(60)
    // Of the seven others three are on a lesson's own side.
    expect(result.delivered60s).toBeGreaterThan(0.35)
    expect(result.delivered60s).toBeLessThan(0.55)
    expect(result.convergedAfterHealS).toBeGreaterThan(1)
    expect(result.convergedAfterHealS).toBeLessThanOrEqual(60)
  })

  it('with more lessons than a node keeps is not blamed for those that it has left out', async () => {
    const result = await simulateRun({ nodes: 4, minutes: 10, publishesPerHour: 60, capacityEntries: 20 })
    expect(violated(result)).toEqual([])
    expect(result.publishes).toBeGreaterThan(30)
    expect(result.delivered60s).toBe(1)
  })
})

describe('bugs that runs have found stay mended', () => {
  it('what was written right before two halves met is passed on in them as soon as the rest', async () => {
    const faults = usual('split')
    const load = { publishesPerHour: 12, recallsPerHour: 0 }
    const result = await simulateRun({ seed: '64', nodes: 14, minutes: 10, ...load, faults })
    expect(violated(result)).toEqual([])
    expect(result.convergedAfterHealS).toBeLessThanOrEqual(60)
  })

  it('nothing of a world that is over stays in memory, whatever its machines were doing when their power went', async () => {
    const machines: WeakRef<Machine>[] = []
    const remember = {
      node: <T>(node: T, machine: Machine): T => {
        machines.push(new WeakRef(machine))
        return node
      },
    }
    const load = { publishesPerHour: 12, recallsPerHour: 60 }
    const wrong = { faults: allFaults, adversaries: allAdversaries }
    // In this one a node is cut off while it takes over what another has.
    await simulateRun({ seed: '8', nodes: 12, minutes: 4, ...load, ...wrong }, remember)
    expect(machines.length).toBeGreaterThan(12)
    expect(await kept(machines)).toHaveLength(0)
  })

  it('what a full disk refused of peers’ records and entries is stored when there is room again', async () => {
    for (const seed of ['1', '2', '3']) {
      const faults = usual('full-disk')
      expect(violated(await simulateRun({ seed, nodes: 12, minutes: 3, faults }))).toEqual([])
    }
  })
})

/** Those that something else than a weak reference still holds. The compiler, which works beside, may do so for a while. */
async function kept(machines: readonly WeakRef<Machine>[]): Promise<readonly WeakRef<Machine>[]> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  let left = machines
  for (let round = 0; left.length > 0 && round < 50; round++) {
    await turn()
    collect()
    left = left.filter(machine => machine.deref() !== undefined)
  }
  return left
}
