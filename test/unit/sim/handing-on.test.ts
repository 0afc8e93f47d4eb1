/** An entry goes through a swarm right behind its announcement: each node hands it on as soon as it has it. */

import { expect, it } from 'vitest'
import { blockProtocol } from '../../../sim/network/link.ts'
import { World } from '../../../sim/world.ts'

const nodes = 40

it('a lesson costs each node little more than one question, though all hear of it before they have it', async () => {
  let questions = 0
  const world = new World({
    seed: 'handing on',
    nodes,
    config: {},
    onArrival: (_lane, what) => {
      if (what === blockProtocol) questions++
    },
    onBug: (where, cause) => {
      throw new Error(`${where}: ${cause}`)
    },
  })
  await world.found()
  await world.run(10_000)
  const author = world.machines[nodes - 1]?.node
  if (author === undefined) throw new TypeError('the author does not run')
  const written = await world.meanwhile(
    author.addEntry({
      swarm: world.swarm,
      kind: 'pitfall',
      situation: 'The gate does not open.',
      insight: { summary: 'It is locked.', detail: 'The lock is on the left.', action: 'Turn the key.' },
      domains: ['gates'],
    }),
  )
  if (written?.ok !== true) throw new TypeError('the lesson was refused')
  await world.run(5_000)
  const have = await Promise.all(
    world.machines.map(({ node }) =>
      node === undefined ? undefined : world.meanwhile(node.entry(written.value.cid)),
    ),
  )
  expect(have.filter(one => one?.ok)).toHaveLength(nodes)
  expect(questions).toBeGreaterThanOrEqual(nodes - 1)
  expect(questions).toBeLessThan(1.5 * nodes)
})
