/** Joining, and what goes wrong beside it. */

import { expect, test } from 'vitest'
import type { Embedder } from '../../../../node/ports.ts'
import { lesson, letIn, letterEmbedder, VirtualWorld } from '../virtual-nodes.ts'

test('a node has joined although it cannot share yet what it learned before; it does so after a restart', async () => {
  const world = new VirtualWorld()
  const host = await world.node()
  let isBroken = false
  const embed: Embedder['embed'] = async texts => {
    if (isBroken) throw new Error('out of memory')
    return letterEmbedder.embed(texts)
  }
  const guest = await world.node({ ports: { embedder: { ...letterEmbedder, embed } } })
  await guest.node.addEntry(lesson('The lift is stuck.'))
  isBroken = true
  await letIn(host, guest)
  const swarm = host.home
  expect(guest.viewOf(swarm)).toMatchObject({ members: 2, entries: 0 })
  expect(guest.log.filter(line => line.level === 'error').map(line => line.message)).toEqual([
    'Joined; sharing what was learned before is tried again at the next start.',
  ])
  await world.settle()
  expect(host.home).toMatchObject({ members: 2, entries: 0 })

  isBroken = false
  await guest.restart()
  await world.pass(10_000)
  expect(guest.viewOf(swarm).entries).toBe(1)
  expect((await host.node.entries({})).items.map(item => item.entry.situation)).toEqual([
    'The lift is stuck.',
  ])
})
