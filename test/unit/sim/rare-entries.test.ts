/** Entries that next to nobody has, in a swarm where not everybody is connected with everybody. */

import { expect, it } from 'vitest'
import { streamsOf } from '../../../protocol/swarm.ts'
import type { PeerId } from '../../../protocol/types.ts'
import { altered } from '../../../sim/altered.ts'
import { World } from '../../../sim/world.ts'
import { simulateRun } from './runs.ts'

const nodes = 24

it('what its author alone hands out reaches those who are no neighbours of it, too', async () => {
  const author = nodes - 1
  const world: World = new World({
    seed: 'rare',
    nodes,
    config: {},
    tampering: {
      blocks: (blocks, { number }) =>
        number === author ? blocks : { get: () => undefined, has: () => false, hasSoon: () => false },
      link: (link, { number }) => {
        if (number === author) return link
        const { network } = link
        const serve: typeof network.serve = (protocol, options, handler) =>
          protocol === streamsOf(world.swarm).entries
            ? () => undefined
            : network.serve(protocol, options, handler)
        return { ...link, network: altered(network, { serve }) }
      },
    },
    onBug: (where, cause) => {
      throw new Error(`${where}: ${cause}`)
    },
  })
  await world.found()
  await world.run(60_000)
  const machine = world.machines[author]
  const others = world.machines.slice(0, author)
  if (machine?.node === undefined) throw new TypeError('the author does not run')
  const self: PeerId = world.peerOf(machine)
  const neighbours = () => {
    const peers = [...world.network.links].find(link => link.self === self)?.peers() ?? []
    return new Set(peers.map(peer => world.machineOf(peer)))
  }
  const strangers = others.filter(one => !neighbours().has(one))
  expect(strangers.length).toBeGreaterThan(2)
  const written = await world.meanwhile(
    machine.node.addEntry({
      swarm: world.swarm,
      kind: 'pitfall',
      situation: 'The gate does not open.',
      insight: { summary: 'It is locked.', detail: 'The lock is on the left.', action: 'Turn the key.' },
      domains: ['gates'],
    }),
  )
  if (written?.ok !== true) throw new TypeError('the lesson was refused')
  const { cid } = written.value
  const lacking = new Set(strangers)
  const look = async (): Promise<void> => {
    for (const one of lacking) {
      if (one.node !== undefined && (await world.meanwhile(one.node.entry(cid)))?.ok) lacking.delete(one)
    }
  }
  for (let s = 0; s < 120 && lacking.size > 0; s += 10) {
    await world.run(10_000)
    await look()
  }
  expect([...lacking].map(({ name }) => name)).toEqual([])
})

it('room that strangers leave is filled again, though what is missing was announced long ago', async () => {
  const settings = {
    seed: '1',
    nodes: 30,
    minutes: 2,
    capacityEntries: 100,
    publishesPerHour: 30,
    recallsPerHour: 12,
  }
  const { violations } = await simulateRun(settings)
  expect(violations).toEqual([])
})
