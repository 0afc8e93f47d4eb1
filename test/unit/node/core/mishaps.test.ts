/**
 * Whole nodes in what goes wrong without anybody's ill will: a clock that is a day off, two nodes with one key, more at
 * once than a node can take, a membership that runs out. Nobody is punished for it, and nothing is lost by it.
 */

import { describe, expect, test } from 'vitest'
import type { Clock, Cpu } from '../../../../node/ports.ts'
import { topicsOf } from '../../../../protocol/swarm.ts'
import { day0, opaqueRecord } from '../../protocol/fixtures.ts'
import { lesson, letIn, must, type VirtualNode, VirtualPeer, VirtualWorld } from '../virtual-nodes.ts'

const minute = 60_000
const dayMs = 86_400_000

async function finding(node: VirtualNode, check: string) {
  return (await node.node.doctor()).find(one => one.check === check)
}

describe('a node whose clock is wrong', () => {
  /** `off` has met A, as B and C have; then its clock changes, and it starts again. */
  async function withClock(offMs: number) {
    const world = new VirtualWorld()
    let isOff = true
    const now = (): number => world.clock.now() + (isOff ? offMs : 0)
    const clock: Clock = {
      now,
      sleep: (ms, signal) => world.clock.sleep(ms, signal),
      within: (ms, parent, work) => world.clock.within(ms, parent, work),
    }
    const [a] = await world.swarm(2)
    if (a === undefined) throw new RangeError('a swarm has a founder')
    isOff = false
    const off = await world.node({ ports: { clock } })
    await letIn(a, off)
    await world.pass(10_000)
    isOff = true
    await off.restart()
    await world.pass(10_000)
    const setRight = (): void => {
      isOff = false
    }
    return { world, a, off, self: off.viewOf(a.home).self, setRight }
  }

  test('a day ahead is told so; what it writes waits for its time, and is not held against it', async () => {
    const { world, a, off, self } = await withClock(dayMs)
    const { trust } = must(await a.node.peer(self))
    const { cid } = must(await off.node.addEntry(lesson('From tomorrow.', { swarm: a.home.id })))
    await world.pass(5 * minute)
    expect(await a.isKept(cid)).toBe(false)
    expect(Object.keys(a.node.status().rejected)).toEqual(['future'])
    expect(await finding(a, 'clock')).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('those of 1 of 3 peers are not'),
    })
    expect(await finding(off, 'clock')).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('ahead of the median peer'),
    })
    expect(must(await a.node.peer(self))).toMatchObject({ connected: true, trust, evidence: { hurt: 0 } })
    await world.pass(dayMs)
    expect(await a.isKept(cid)).toBe(true)
  })

  test('a day behind is told so, and has what it set aside once its clock is right', async () => {
    const { world, a, off, setRight } = await withClock(-dayMs)
    const { cid } = must(await a.node.addEntry(lesson('From today.')))
    await world.pass(5 * minute)
    expect(await off.isKept(cid)).toBe(false)
    expect(await finding(off, 'clock')).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('behind the median peer'),
    })
    setRight()
    await world.pass(5 * minute)
    expect(await off.isKept(cid)).toBe(true)
  })
})

describe('records under a node’s own key that come from a peer', () => {
  test('and that it never wrote tell of a second node with that key, which is said once and fought by nobody', async () => {
    const world = new VirtualWorld()
    const node = await world.node()
    const peer = await VirtualPeer.connect(world, node, 200)
    await peer.redeem()
    await world.pass(20_000)
    const key = await node.keyIn(node.home.id)
    const records = [1, 2, 3].map(n => opaqueRecord(key, node.home.id, world.nowS, { n }))
    for (const record of records) await peer.tell(record)
    expect(node.home.records).toBe(1 + records.length)
    expect(node.log.filter(line => line.message.includes('under the key of this node'))).toHaveLength(1)
    expect(await finding(node, 'key')).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('3 records'),
    })
    expect(node.node.status().swarms).toMatchObject([{ signedElsewhere: 3 }])
    expect(node.home.peers).toBe(1)
    expect(node.node.status().rejected).toEqual({})
  })

  test('and that it wrote itself are no news', async () => {
    const world = new VirtualWorld()
    const [a, b] = await world.swarm(1)
    if (a === undefined || b === undefined) return
    const { cid } = must(await a.node.addEntry(lesson('Its own.')))
    await world.pass(minute)
    await a.restart()
    await world.pass(5 * minute)
    expect(await b.isKept(cid)).toBe(true)
    expect(await finding(a, 'key')).toBeUndefined()
  })
})

test('what an honest neighbour says while a node has all hands full is asked for again', async () => {
  const world = new VirtualWorld()
  const held = Promise.withResolvers<void>()
  let isFull = false
  const cpu: Cpu = { spend: work => (isFull && work === 'verify' ? held.promise : undefined) }
  const node = await world.node({ ports: { cpu } })
  const [honest, ...loud] = await Promise.all(
    [200, 201, 202, 203].map(s => VirtualPeer.connect(world, node, s)),
  )
  if (honest === undefined) return
  await honest.redeem()
  await world.pass(20_000)
  const before = node.home.records
  const standing = async () => {
    const { connected, evidence, tier, trust } = must(await node.node.peer(honest.self))
    return { connected, evidence, tier, trust }
  }
  const esteem = await standing()
  isFull = true
  const [topic = ''] = topicsOf(node.home.id, 1)
  // As many as may be in work, and no neighbour more than its share.
  for (const peer of loud) {
    for (let n = 0; n < 1_400; n++) {
      const { bytes } = opaqueRecord(peer.pair, peer.swarm, world.nowS, { n })
      void peer.link.network.publish(topic, bytes)
    }
  }
  const told = opaqueRecord(honest.pair, honest.swarm, world.nowS, { n: 0 })
  honest.holds(...honest.chain, told)
  await honest.tell(told)
  expect(node.node.status().rejected.busy).toBeGreaterThan(0)
  isFull = false
  held.resolve()
  await world.settle()
  // Gossip has seen it, and brings it no more.
  await honest.tell(told)
  expect(node.home.records).toBe(before)
  expect(await standing()).toEqual({ ...esteem, connected: true })
  await world.pass(3 * minute)
  expect(node.home.records).toBe(before + 1)
  // Who was not heard is not blamed: neither here nor as one that sends junk.
  expect(await standing()).toEqual({ ...esteem, connected: true })
  expect(await finding(node, 'hostile records')).toBeUndefined()
})

test('a member whose record has expired writes no more until it is renewed; what it wrote before stays', async () => {
  const world = new VirtualWorld()
  const node = await world.node()
  const teller = await VirtualPeer.connect(world, node, 200)
  await teller.redeem()
  const guest = await VirtualPeer.connect(world, node, 201)
  const founder = await node.keyIn(node.home.id)
  const letInUntil = async (expires: number): Promise<void> => {
    const body = { member: guest.self, box: guest.pair.box.publicKey, expires }
    await teller.tell(teller.sign({ kind: 'member', body }, world.nowS, founder))
  }
  await letInUntil(day0 + 2)
  const before = await guest.publish('Written as a member.')
  await world.pass(minute)
  expect([node.home.members, await node.isKept(before.cid)]).toEqual([3, true])
  await world.pass(3 * dayMs)
  const late = await guest.publish('Written after that.')
  await world.pass(minute)
  expect([node.home.members, await node.isKept(before.cid), await node.isKept(late.cid)]).toEqual([
    2,
    true,
    false,
  ])
  expect(node.node.status().rejected).toEqual({ 'not-member': 1 })
  expect(node.home.peers).toBe(2)
  await letInUntil(day0 + 90)
  await world.pass(minute)
  expect(node.home.members).toBe(3)
  const again = await guest.publish('Written as a member again.')
  await world.pass(minute)
  expect(await node.isKept(again.cid)).toBe(true)
})
