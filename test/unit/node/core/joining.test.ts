/** Joining, and what goes wrong beside it. */

import { expect, test } from 'vitest'
import type { Embedder, Network, OpenSwarm } from '../../../../node/ports.ts'
import { lesson, letIn, letterEmbedder, must, VirtualWorld } from '../virtual-nodes.ts'

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

/** A guest whose calls of others do not come about, the first so many times. */
async function unlucky(world: VirtualWorld, failures: number, what: 'dial' | 'request') {
  let tries = 0
  const fail = () => {
    if (tries++ < failures) throw new Error('the connection ended')
  }
  const openSwarm: OpenSwarm = async options => {
    const link = await world.network.open(options)
    const { network } = link
    const dial = network.dial.bind(network)
    const request = network.request.bind(network)
    const changes: Pick<Network, 'dial' | 'request'> = {
      dial: async (...asked) => {
        if (what === 'dial') fail()
        return dial(...asked)
      },
      request: async (...asked) => {
        const answer = await request(...asked)
        if (what === 'request' && asked[1].includes('join')) fail()
        return answer
      },
    }
    Object.assign(network, changes)
    return link
  }
  const guest = await world.node({ ports: { openSwarm } })
  return { guest, tries: () => tries }
}

test.each(['dial', 'request'] as const)(
  'an inviter whose %s fails twice is asked again, and lets the node in once',
  async what => {
    const world = new VirtualWorld()
    const host = await world.node()
    const { guest } = await unlucky(world, 2, what)
    const { text } = must(await host.node.invite({}))
    const joining = guest.node.join(text)
    await world.pass(5_000)
    expect(await joining).toMatchObject({ ok: true })
    expect(host.home.members).toBe(2)
    expect((await host.node.invites()).map(({ used }) => used)).toEqual([1])
  },
)

test('an inviter that never answers is asked a few times and no more', async () => {
  const world = new VirtualWorld()
  const host = await world.node()
  const { guest, tries } = await unlucky(world, 1_000, 'dial')
  const { text } = must(await host.node.invite({}))
  const joining = guest.node.join(text)
  await world.pass(20_000)
  expect(await joining).toMatchObject({ ok: false, code: 'inviter-unreachable' })
  expect(tries()).toBe(3)
  expect(guest.node.swarms()).toHaveLength(1)
})
