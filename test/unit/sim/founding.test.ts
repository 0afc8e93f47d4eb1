/** How a world begins: with all its nodes in one swarm, however many there are. */

import { expect, it } from 'vitest'
import type { Machine } from '../../../sim/machine.ts'
import { World } from '../../../sim/world.ts'

it.each([
  ['of a few who join one after the other', 12],
  ['too large for that, whose members were let in before', 101],
])('a swarm %s is founded: everybody knows all members, and finds some', async (_, nodes) => {
  const bugs: string[] = []
  const world: World = new World({
    seed: 'founding',
    nodes,
    config: {},
    onBug: (where, cause) => bugs.push(`${where}: ${cause}`),
  })
  await world.found()
  // What was said last is still on its way.
  await world.run(20_000)
  const views = world.machines.map(machine => world.view(machine))
  expect(new Set(views.map(view => view?.members))).toEqual(new Set([nodes]))
  // A record for each member but the founder.
  expect(new Set(views.map(view => view?.records))).toEqual(new Set([nodes - 1]))
  expect(Math.min(...views.map(view => view?.peers ?? 0))).toBeGreaterThan(3)
  const newest = world.peerOf(world.machines.at(-1) as Machine)
  const peers = await world.machines[0]?.node?.peers()
  expect(peers?.find(({ peer }) => peer === newest)?.invitedBy).toBe(world.inviterOf(newest))
  expect(bugs).toEqual([])
})
