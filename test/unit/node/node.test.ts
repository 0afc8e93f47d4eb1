/** What reaches from one part of a node to another: memberships that end, and entries whose time is over. */

import { expect, test } from 'vitest'
import { cidOfRecord } from '../../../protocol/retraction.ts'
import type { EntryCid } from '../../../protocol/types.ts'
import type { Store } from '../../../store/ports.ts'
import { lesson, letIn, must, VirtualPeer, VirtualWorld } from './virtual-nodes.ts'

test('an author is trusted no more once its inviter has taken its membership back', async () => {
  const world = new VirtualWorld()
  const [founder, guest] = await world.swarm(1)
  if (founder === undefined || guest === undefined) return
  const author = await VirtualPeer.connect(world, founder, 200)
  await author.redeem()
  await author.dial(guest)
  const { cid } = await author.publish('The badge reader blinks red.')
  await world.pass(10_000)
  expect(await guest.isKept(cid)).toBe(true)
  for (const node of [founder, guest]) {
    expect(must(await node.node.peer(author.self))).toMatchObject({ member: true, tier: 'trusted' })
    expect((await node.node.recall({ query: 'badge reader blinks red' })).items).toHaveLength(1)
  }
  const [membership] = author.chain
  if (membership === undefined) return
  const body = { cid: cidOfRecord(membership.id) }
  const key = await founder.keyIn(founder.home.id)
  // By another member it says nothing.
  await author.tell(author.sign({ kind: 'retract', body }, world.nowS, await guest.keyIn(founder.home.id)))
  expect(must(await guest.node.peer(author.self))).toMatchObject({ member: true, tier: 'trusted' })

  await author.tell(author.sign({ kind: 'retract', body }, world.nowS, key))
  for (const node of [founder, guest]) {
    expect(must(await node.node.peer(author.self))).toMatchObject({ member: false, tier: 'quarantined' })
    expect(must(await node.node.peer(author.self)).invitedBy).toBe(founder.home.self)
    // What it signed before stays in the set, for people to see.
    expect(await node.isKept(cid)).toBe(true)
    const { items, heldBack } = await node.node.recall({ query: 'badge reader blinks red' })
    expect(items).toEqual([])
    expect(heldBack).toMatchObject([{ author: author.self, entries: 1, reason: 'stranger' }])
  }
  await guest.restart()
  expect(must(await guest.node.peer(author.self))).toMatchObject({ member: false, tier: 'quarantined' })
})

test('a membership that only ran out takes no trust with it', async () => {
  const world = new VirtualWorld()
  const node = await world.node()
  const author = await VirtualPeer.connect(world, node, 200)
  await author.redeem()
  await world.daysOff(100, node)
  await author.dial(node)
  const { cid } = await author.publish('The badge reader blinks red.')
  await author.link.close()
  await world.daysOff(81, node)
  expect(await node.isKept(cid)).toBe(true)
  expect(must(await node.node.peer(author.self))).toMatchObject({ member: false, tier: 'trusted' })
})

test('an entry whose digest expired while the node was off is gone when it is back', async () => {
  const world = new VirtualWorld()
  const node = await world.node()
  const author = await VirtualPeer.connect(world, node, 200)
  await author.redeem()
  const today = Math.floor(world.nowS / 86_400)
  const brief = await author.publish('The badge reader blinks red.', { expires: today + 2 })
  const lasting = await author.publish('The lift is stuck.', { expires: today + 3 })
  const own = must(await node.node.addEntry(lesson('The kiln cools.')))
  await author.link.close()
  expect(await node.isKept(brief.cid)).toBe(true)
  expect(await node.isKept(lasting.cid)).toBe(true)

  await world.daysOff(3, node)
  expect(await node.isKept(brief.cid)).toBe(false)
  expect((await node.node.recall({ query: 'badge reader blinks red' })).items).toEqual([])
  expect(await node.isKept(lasting.cid)).toBe(true)
  expect(await node.isKept(own.cid)).toBe(true)
  expect(node.home).toMatchObject({ entries: 2 })
  expect(await keysNaming(node.store, brief.cid)).toEqual([])
  expect(await keysNaming(node.store, lasting.cid)).not.toEqual([])
})

test('own lessons go only into swarms in which the node is a member', async () => {
  const world = new VirtualWorld()
  const [host, guest] = await world.swarm(1)
  if (host === undefined || guest === undefined) return
  const swarm = host.home
  must(await guest.node.addEntry(lesson('While it is a member.')))
  expect(guest.node.swarms().map(one => one.entries)).toEqual([1, 1])
  await world.daysOff(181, host, guest)
  const before = guest.viewOf(swarm)
  expect(before.members).toBe(1)

  const { swarm: home, status } = must(await guest.node.addEntry(lesson('When it is none any more.')))
  expect({ home, status }).toEqual({ home: guest.home.id, status: 'shared' })
  expect(guest.viewOf(swarm)).toMatchObject({ records: before.records, entries: before.entries })
  const refused = await guest.node.addEntry(lesson('For that swarm alone.', { swarm: swarm.id }))
  expect(refused).toMatchObject({ ok: false, code: 'not-kept' })

  // Let in again, it shares what it learned meanwhile.
  await letIn(host, guest)
  expect(guest.viewOf(swarm).entries).toBeGreaterThan(before.entries)
  await world.pass(10_000)
  const said = (await host.node.entries({})).items.map(item => item.entry.situation)
  expect(said).toContain('When it is none any more.')
})

async function keysNaming(store: Store, cid: EntryCid): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const [key] of store.entries({ prefix: '' })) if (key.includes(cid)) keys.push(key)
  return keys
}
