/** A member that signs for others who are in already, to come between them and those who let them in: it gains nothing. */

import { expect, test } from 'vitest'
import { dayOf } from '../../../../protocol/body.ts'
import type { MemberRecord } from '../../../../protocol/types.ts'
import { letIn, must, type VirtualNode, VirtualPeer, VirtualWorld } from '../virtual-nodes.ts'

const invite = { by: 'members', depth: 2 } as const

async function swarmWithMallory() {
  const world = new VirtualWorld()
  const host = await world.node({ invite })
  const [ada, ben] = [await world.node(), await world.node()]
  for (const guest of [ada, ben]) await letIn(host, guest)
  const mallory = await VirtualPeer.connect(world, host, 9)
  await mallory.redeem()
  const { swarm } = mallory
  const idOf = (node: VirtualNode) => node.viewOf({ id: swarm }).self
  /** Signs for them, to last for ever, dated before they came. */
  const signFor = async (...nodes: readonly VirtualNode[]): Promise<void> => {
    const [own] = mallory.chain
    const box = own?.envelope.body.box ?? new Uint8Array(32)
    for (const node of nodes) {
      const body = { member: idOf(node), box, expires: dayOf(world.nowS) + 20_000 }
      const t = own?.envelope.t ?? world.nowS
      await mallory.tell(mallory.sign({ kind: 'member', body }, t) as MemberRecord)
    }
    await world.settle()
  }
  return { world, host, ada, ben, mallory, idOf, signFor }
}

test('nobody becomes the inviter of a node by signing for it, and so a friend of it', async () => {
  const { ada, host, mallory, idOf, signFor } = await swarmWithMallory()
  const before = must(await ada.node.peer(mallory.self))
  await signFor(ada, host)
  const after = must(await ada.node.peer(mallory.self))
  expect(after).toMatchObject({ tier: before.tier, trust: before.trust })
  expect(after.why.join(' ')).not.toContain('It invited you.')
  expect(must(await ada.node.peer(idOf(host)))).toMatchObject({ tier: 'trusted' })
})

test('who was let in by this node, or by whoever let this node in, stays its friend', async () => {
  const { ada, ben, host, mallory, idOf, signFor } = await swarmWithMallory()
  await signFor(ada, ben)
  must(await host.node.setTrust(mallory.self, { blocked: true }))
  must(await ada.node.setTrust(mallory.self, { blocked: true }))
  expect(must(await host.node.peer(idOf(ada)))).toMatchObject({ tier: 'trusted', invitedBy: idOf(host) })
  expect(must(await ada.node.peer(idOf(ben)))).toMatchObject({ tier: 'trusted', invitedBy: idOf(host) })
})

test('a member is renewed by whoever let it in, whatever another one has signed', async () => {
  const { ada, host, signFor, world } = await swarmWithMallory()
  await signFor(ada)
  await world.daysOff(121, host, ada)
  await world.pass(20 * 60_000)
  expect(host.said('A membership was renewed.')).toBe(true)
})
