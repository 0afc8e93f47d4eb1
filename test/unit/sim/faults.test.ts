/** Each kind of fault really does what it says. */

import { describe, expect, it } from 'vitest'
import { beginFaults, endFaults, type FaultName, faultNames, mixedFaults } from '../../../sim/faults.ts'
import type { Machine } from '../../../sim/machine.ts'
import { Operator } from '../../../sim/operator.ts'
import { World } from '../../../sim/world.ts'

const minuteMs = 60_000

/** A founded world in which one fault begins. */
async function worldWith(fault: FaultName, strength: number, minutes = 3) {
  const bugs: string[] = []
  const restored: Machine[] = []
  const world: World = new World({
    seed: fault,
    nodes: 6,
    config: {},
    onBug: (where, cause) => bugs.push(`${where}: ${cause}`),
  })
  await world.found()
  await world.run(20_000)
  const operator = new Operator(world, {
    started: () => undefined,
    powerLost: () => undefined,
    restored: machine => restored.push(machine),
  })
  const endMs = world.nowMs + minutes * minuteMs
  const context = { world, operator, random: world.random.fork('faults'), endMs }
  beginFaults(context, new Map([[fault, strength]]))
  return { world, bugs, restored, end: () => endFaults(context) }
}

/** Looks ten times a second until the faults would end; whether it ever held. */
async function ever(world: World, holds: () => boolean, minutes = 3): Promise<boolean> {
  return world.runUntil(holds, 100, minutes * minuteMs)
}

describe('a fault', () => {
  it.each(['loss', 'duplicate', 'reorder', 'corrupt'] as const)(
    '%s changes the conditions of the network, and is over when it ends',
    async fault => {
      const { world, end } = await worldWith(fault, 0.2)
      expect(world.network.conditions[fault]).toBe(0.2)
      end()
      expect(world.network.conditions[fault]).toBe(0)
    },
  )

  it('corrupt ends connections', async () => {
    const { world } = await worldWith('corrupt', 0.5)
    const before = world.view(world.machines[0] as Machine)?.peers ?? 0
    expect(before).toBeGreaterThan(0)
    expect(await ever(world, () => (world.view(world.machines[0] as Machine)?.peers ?? 0) < before)).toBe(
      true,
    )
  })

  it('latency comes in spells', async () => {
    const { world } = await worldWith('latency', 0.5)
    const { conditions } = world.network
    expect(await ever(world, () => conditions.latency > 5)).toBe(true)
    expect(await ever(world, () => conditions.latency === 1)).toBe(true)
  })

  it('slow-line keeps nobody else’s messages waiting, and is over with all that it had to carry', async () => {
    const { world, end } = await worldWith('slow-line', 0.2)
    const slow = world.machines.find(({ host }) => host.upBytesPerMs < 100) as Machine
    const [fast] = world.machines.filter(one => one !== slow) as [Machine]
    const from = (machine: Machine) => [...world.network.links].find(({ host }) => host === machine.host)
    const topic = from(slow)?.options.topics[0] ?? ''
    // Half a megabyte to each neighbour, at 64 kbit/s.
    for (let message = 0; message < 1_000; message++)
      await from(slow)?.publish(topic, world.random.fork(`${message}`).bytes(500))
    await world.run(1_000)
    expect(slow.host.upFreeMs - world.nowMs).toBeGreaterThan(60_000)
    expect(fast.host.downFreeMs - world.nowMs).toBeLessThan(1_000)
    end()
    expect(slow.host.upFreeMs - world.nowMs).toBeLessThan(1_000)
    await world.run(30_000)
    expect(from(slow)?.peers().length).toBeGreaterThan(0)
  })

  it.each([
    ['slow-line', ({ host }: Machine) => host.upBytesPerMs < 100],
    ['nat', ({ host }: Machine) => host.isBehindNat],
    ['slow-disk', ({ disk }: Machine) => disk.slowness > 1],
    ['slow-cpu', ({ slowness }: Machine) => slowness > 1],
  ] as const)('%s befalls its share of the machines, and is mended', async (fault, isBefallen) => {
    const { world, end } = await worldWith(fault, 0.4)
    expect(world.machines.filter(isBefallen)).toHaveLength(2)
    end()
    expect(world.machines.filter(isBefallen)).toHaveLength(0)
  })

  it.each([
    ['partition', true],
    ['one-way', false],
    ['partial', true],
  ] as const)('%s cuts machines off from others, %s both ways', async (fault, bothWays) => {
    const { world, end } = await worldWith(fault, 0.4)
    const { conditions } = world.network
    const cuts = (): boolean[][] =>
      world.machines.map(a => world.machines.map(b => a !== b && conditions.isCut(a.host, b.host)))
    expect(await ever(world, () => cuts().flat().includes(true))).toBe(true)
    const isSymmetric = cuts().every((row, a) => row.every((cut, b) => cuts()[b]?.[a] === cut))
    expect(isSymmetric).toBe(bothWays)
    end()
    expect(cuts().flat()).not.toContain(true)
  })

  it('split cuts the swarm in two from the beginning to the end, and is not among all faults', async () => {
    const { world, end } = await worldWith('split', 0.5)
    const { conditions } = world.network
    const sides = (): number[] =>
      world.machines.map(a => world.machines.filter(b => conditions.isCut(a.host, b.host)).length)
    expect(sides()).toEqual([3, 3, 3, 3, 3, 3])
    await world.run(3 * minuteMs - 1)
    expect(sides()).toEqual([3, 3, 3, 3, 3, 3])
    end()
    expect(sides()).toEqual([0, 0, 0, 0, 0, 0])
    expect(mixedFaults).not.toContain('split')
    expect(mixedFaults).toHaveLength(faultNames.length - 1)
  })

  it.each(['crash', 'churn'] as const)('%s turns machines off, and they come back', async fault => {
    const { world, bugs, end } = await worldWith(fault, 0.8)
    expect(await ever(world, () => world.running().length < 6)).toBe(true)
    await world.run(3 * minuteMs)
    end()
    expect(await ever(world, () => world.running().length === 6)).toBe(true)
    expect(world.machines.some(({ boots }) => boots > 1)).toBe(true)
    expect(bugs).toEqual([])
  })

  it('asleep stops a machine where it stands; it notices when it wakes, and has heard nothing meanwhile', async () => {
    const { world, bugs, end } = await worldWith('asleep', 0.8)
    expect(await ever(world, () => world.machines.some(({ isAsleep }) => isAsleep))).toBe(true)
    const machine = world.machines.find(({ isAsleep }) => isAsleep) as Machine
    const { sentMessages } = machine.host
    for (; machine.isAsleep; await world.run(500)) {
      expect(machine.node).toBeUndefined()
      expect(machine.host.sentMessages).toBe(sentMessages)
    }
    const notices = (): boolean =>
      world.trace.last(400).some(line => line.includes('The machine was asleep; catching up.'))
    expect(await ever(world, notices)).toBe(true)
    end()
    await world.run(3 * minuteMs)
    expect(world.running()).toHaveLength(6)
    expect(world.view(machine)?.peers).toBeGreaterThan(0)
    expect(bugs).toEqual([])
  })

  it('backup sets machines back to an old copy of their disk', async () => {
    const { world, restored } = await worldWith('backup', 0.8)
    expect(await ever(world, () => restored.length > 0)).toBe(true)
  })

  it.each(['skew', 'jump'] as const)('%s makes clocks wrong, and they are set right', async fault => {
    const { world, end } = await worldWith(fault, 0.8)
    expect(await ever(world, () => world.machines.some(({ wrong }) => Math.abs(wrong.skewMs) > 1_000))).toBe(
      true,
    )
    const wrong = world.machines.find(machine => Math.abs(machine.wrong.skewMs) > 1_000)
    const shown = wrong?.node?.status().now ?? 0
    expect(Math.abs(shown - world.nowMs - (wrong?.wrong.skewMs ?? 0))).toBeLessThan(1_000)
    end()
    expect(world.machines.every(machine => machine.wrong.skewMs === 0)).toBe(true)
  })

  it.each(['failing-disk', 'full-disk'] as const)('%s refuses what is to be written', async fault => {
    const { world, end } = await worldWith(fault, 0.8)
    const isRefusing = ({ disk }: Machine): boolean =>
      disk.failing > 0 || disk.bytesMax < Number.POSITIVE_INFINITY
    expect(await ever(world, () => world.machines.some(isRefusing))).toBe(true)
    const machine = world.machines.find(isRefusing)
    const insight = { summary: 'It helps.', action: 'Do it.' }
    const added = machine?.node?.addEntry({ kind: 'fact', domains: ['x'], situation: 'badum', insight })
    const outcome = expect(added).rejects.toThrow(/disk/)
    await world.run(1_000)
    await outcome
    end()
    expect(world.machines.some(isRefusing)).toBe(false)
  })
})
