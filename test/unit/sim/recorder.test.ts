import { describe, expect, it } from 'vitest'
import { Measures } from '../../../sim/measures.ts'
import { Recorder, type Recording } from '../../../sim/recorder.ts'
import type { RunSettings } from '../../../sim/run.ts'
import { World } from '../../../sim/world.ts'
import { allFaults, simulateRun } from './runs.ts'

async function recorded(settings: Partial<RunSettings>): Promise<Recording> {
  const recorder = new Recorder()
  await simulateRun(settings, {}, { recorder })
  return recorder.recording()
}

describe('a recorder', () => {
  it('changes nothing of a run, whatever goes wrong in it', async () => {
    const settings = { nodes: 3, minutes: 1, faults: allFaults }
    const plain = await simulateRun(settings)
    expect(await simulateRun(settings, {}, { recorder: new Recorder() })).toEqual(plain)
  })

  it('has samples of all that is shown, every few seconds', async () => {
    const { healedS, known, nodes, samples, snapshots, stored } = await recorded({ nodes: 5, minutes: 2 })
    expect(nodes.map(({ name }) => name)).toEqual(['n0', 'n1', 'n2', 'n3', 'n4'])
    expect(samples.length).toBeGreaterThan(20)
    expect(samples.every(({ atS }, at) => at === 0 || atS > (samples[at - 1]?.atS ?? 0))).toBe(true)
    const last = samples.at(-1)
    expect(last?.published).toBeGreaterThan(3)
    expect(last?.known).toBe(4 * (last?.published ?? 0))
    expect(last?.stored).toBe(last?.known)
    expect(last?.sentBytes).toBeGreaterThan(samples[0]?.sentBytes ?? 0)
    expect(last?.answered).toBeGreaterThan(0)
    expect(last?.fill?.middle).toBeCloseTo((last?.published ?? 0) / 500, 2)
    expect(samples.at(-1)?.honest?.middle).toBeGreaterThan(0.5)
    expect(samples.every(({ hostile }) => hostile === null)).toBe(true)
    expect(healedS).toBeGreaterThan(120)
    for (const { afterMs, share } of [known, stored]) {
      expect(afterMs).toHaveLength(101)
      expect(share).toBe(1)
    }
    expect(snapshots.length).toBeGreaterThan(3)
    // Five nodes are all in each other's mesh.
    expect(snapshots.at(-1)?.mesh).toHaveLength(20)
  })

  it('tells trust in hostile machines apart, and who they are', async () => {
    const fail = (where: string, cause: unknown): never => {
      throw new Error(where, { cause })
    }
    const world = new World({ seed: '1', nodes: 3, config: {}, onBug: fail })
    const [looking, , hostile] = world.machines
    if (looking === undefined || hostile === undefined) throw new TypeError('there are three')
    world.hostile.add(hostile)
    await world.found()
    await world.run(2_000)
    const recorder = new Recorder()
    recorder.begin(world, new Measures(world), world.nowMs)
    const views = (await world.meanwhile(looking.node?.peers() ?? fail('it runs', undefined))) ?? []
    const evidence = { helped: 1, hurt: 0 }
    recorder.looked(
      looking,
      views.map(view => ({
        ...view,
        evidence,
        trust: world.machineOf(view.peer) === hostile ? 0.125 : 0.75,
      })),
    )
    // What a hostile machine thinks is not asked.
    recorder.looked(
      hostile,
      views.map(view => ({ ...view, evidence, trust: 1 })),
    )
    await world.run(6_000)
    const { nodes, samples } = recorder.recording()
    expect(nodes.map(({ isHostile }) => isHostile)).toEqual([false, false, true])
    expect(samples.at(-1)).toMatchObject({ honest: { middle: 0.75, high: 0.75 }, hostile: { middle: 0.125 } })
  })

  it('keeps no more of a long run than of a short one', async () => {
    const { samples, snapshots } = await recorded({
      nodes: 2,
      minutes: 40,
      recallsPerHour: 1,
      publishesPerHour: 1,
    })
    expect(samples.length).toBeLessThanOrEqual(240)
    expect(samples.length).toBeGreaterThan(120)
    expect(snapshots.length).toBeLessThanOrEqual(48)
    expect(samples.at(-1)?.atS).toBeGreaterThan(1_490)
  })
})
