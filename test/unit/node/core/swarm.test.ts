/** What one swarm of a node does with its neighbours, and when the network fails it. */

import { expect, test } from 'vitest'
import { keyPairFromSeed } from '../../../../crypto/keys.ts'
import { peerOf } from '../../../../protocol/identity.ts'
import { streamsOf } from '../../../../protocol/swarm.ts'
import { knownAddresses } from '../../../../store/swarms.ts'
import { day0, filled } from '../../protocol/fixtures.ts'
import { lesson, must, VirtualPeer, VirtualWorld } from '../virtual-nodes.ts'

const minute = 60_000

test('what gossip loses comes with the periodic catch-up, within two minutes', async () => {
  const world = new VirtualWorld()
  const [a, b] = await world.swarm(1)
  if (a === undefined || b === undefined) return
  // Beyond the greetings, which catch up as well.
  await world.pass(10_000)
  world.network.gossip = 'lose'
  const { cid } = must(await a.node.addEntry(lesson('The lift is stuck.')))
  await world.pass(29_000)
  expect(await b.isKept(cid)).toBe(false)
  await world.pass(1.5 * minute + 1_000)
  expect(await b.isKept(cid)).toBe(true)
  const late = must(await a.node.addEntry(lesson('The lift hums.')))
  // Half a minute in which it may still be on its way, and a catch-up at most 90 seconds after the last.
  await world.pass(2 * minute)
  expect(await b.isKept(late.cid)).toBe(true)
})

test('gossip that fails fails no publish: the lesson is shared, and reaches others by catch-up', async () => {
  const world = new VirtualWorld()
  const [a, b] = await world.swarm(1)
  if (a === undefined || b === undefined) return
  await world.pass(10_000)
  world.network.gossip = 'fail'
  const records = a.home.records
  const { cid } = must(await a.node.addEntry(lesson('The lift is stuck.')))
  expect(must(await a.node.entry(cid)).status).toBe('shared')
  expect(a.home.records).toBe(records + 1)
  expect(a.log).toContainEqual({ level: 'warn', message: 'A record could not be gossiped.' })
  await world.pass(2 * minute)
  expect(await b.isKept(cid)).toBe(true)
})

test('addresses are kept of members, to be dialled after a restart, and of nobody else', async () => {
  const world = new VirtualWorld()
  const [a, b] = await world.swarm(1)
  if (a === undefined || b === undefined) return
  const stranger = await VirtualPeer.connect(world, a, 200)
  await world.pass(10_000)
  expect(a.home.peers).toBe(2)
  const known = await knownAddresses(a.store, a.home.id)
  expect(known.map(one => one.peer)).toEqual([b.viewOf(a.home).self])
  expect(known[0]?.addresses).toEqual(b.viewOf(a.home).addresses)
  expect(stranger.link.network.peers()).toEqual([a.home.self])
})

test('how far a peer’s clock is off is known while it is connected', async () => {
  const world = new VirtualWorld()
  const [a, b] = await world.swarm(1)
  if (a === undefined || b === undefined) return
  await world.pass(10_000)
  const self = b.viewOf(a.home).self
  expect(must(await a.node.peer(self)).clockOffsetMs).toBe(500)
  await b.stop()
  await world.settle()
  expect(must(await a.node.peer(self)).connected).toBe(false)
  expect(must(await a.node.peer(self)).clockOffsetMs).toBeUndefined()
})

test('a clock that a peer tells while it goes is not remembered', async () => {
  const world = new VirtualWorld()
  const node = await world.node()
  const peer = await VirtualPeer.connect(world, node, 200)
  await peer.redeem()
  await peer.link.network.disconnect(node.home.self, 'for a moment')
  let asked = 0
  peer.link.network.serve(streamsOf(peer.swarm).hello, { maxBytes: 2_048, perPeer: 1 }, async () => {
    asked++
    await peer.link.network.disconnect(node.home.self, 'in the middle of its answer')
    return peer.hello()
  })
  await peer.dial(node)
  expect([asked, node.home.peers]).toEqual([1, 0])
  expect(must(await node.node.peer(peer.self)).clockOffsetMs).toBeUndefined()
})

test('a membership dated ahead counts when its time has come, though nobody gossips it again', async () => {
  const world = new VirtualWorld()
  const node = await world.node()
  const teller = await VirtualPeer.connect(world, node, 200)
  await teller.redeem()
  const newcomer = keyPairFromSeed(filled(32, 201))
  const body = { member: peerOf(newcomer.publicKey), box: newcomer.box.publicKey, expires: day0 + 100 }
  const ahead = teller.sign({ kind: 'member', body }, world.nowS + 3_600, await node.keyIn(node.home.id))
  teller.holds(ahead)
  await teller.tell(ahead)
  expect(node.node.status().rejected).toEqual({ future: 1 })
  await world.pass(60 * minute)
  expect(node.home.members).toBe(2)
  await world.pass(3 * minute)
  expect(node.home.members).toBe(3)
  await world.pass(60 * minute)
  expect(node.home.members).toBe(3)
})
