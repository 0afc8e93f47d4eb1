/** Whom a node believes, over whole nodes: what members attest, what agreement of strangers is worth, and what shadow evidence earns. */

import { describe, expect, test } from 'vitest'
import type { RecallResult } from '../../../../node/api.ts'
import {
  lesson,
  lessonFinder,
  letIn,
  must,
  type VirtualNode,
  type VirtualOptions,
  VirtualWorld,
} from '../virtual-nodes.ts'

const situation = 'The badge reader at the north gate blinks red.'
const tickMs = 700_000

/** A founder, and for each name a chain of members let in one by the other, the first by the founder. */
async function chains(
  lengths: readonly number[],
  options: VirtualOptions = {},
  ofGuests: VirtualOptions = {},
) {
  const world = new VirtualWorld()
  const founder = await world.node({ ...options, invite: { by: 'members', depth: 3 } })
  const all: (readonly VirtualNode[])[] = []
  for (const length of lengths) {
    const chain: VirtualNode[] = []
    for (let step = 0; step < length; step++) {
      const host = chain.at(-1) ?? founder
      const guest = await world.node(ofGuests)
      await letIn(host, guest, founder.home)
      // The host's word on its guest reaches the founder before the guest invites in its turn.
      await world.pass(5_000)
      chain.push(guest)
    }
    all.push(chain)
  }
  return { world, founder, chains: all, selfOf: (node: VirtualNode) => node.viewOf(founder.home).self }
}

async function say(node: VirtualNode, founder: VirtualNode, world: VirtualWorld, text = situation) {
  const { cid } = must(await node.node.addEntry(lesson(text, { swarm: founder.home.id })))
  await world.pass(10_000)
  expect(await founder.isKept(cid)).toBe(true)
  return cid
}

function recall(node: VirtualNode): Promise<RecallResult> {
  return node.node.recall({ query: situation })
}

describe('attestations', () => {
  async function afterFeedback(ofGuests: VirtualOptions = {}) {
    const found = await chains([1, 1], {}, ofGuests)
    const { world, founder } = found
    const [[author] = [], [user] = []] = found.chains
    if (author === undefined || user === undefined) throw new TypeError('two guests')
    await say(author, founder, world)
    for (let time = 0; time < 2; time++) {
      const { recallId, items } = await recall(user)
      expect(items).toHaveLength(1)
      must(await user.node.feedback(recallId, 'helped'))
    }
    const view = async () => must(await founder.node.peer(found.selfOf(author)))
    return { ...found, author, user, view }
  }

  test('are told once a day is over, and move the opinion of who holds the attester in esteem', async () => {
    const { world, founder, user, view, selfOf } = await afterFeedback()
    const before = await view()
    expect(before.attested).toEqual({ helped: 0, hurt: 0 })
    await world.pass(tickMs)
    expect((await view()).attested).toEqual({ helped: 0, hurt: 0 })

    await world.daysOff(1, founder, user)
    await world.pass(tickMs)
    const after = await view()
    expect(after.attested.helped).toBeGreaterThan(0)
    expect(after.trust).toBeGreaterThan(before.trust)
    const attested = after.reasons.find(one => one.about === 'attestations')
    expect(attested?.details[0]).toContain(selfOf(user))
    const records = founder.home.records

    await world.pass(tickMs)
    await world.daysOff(1, founder, user)
    await world.pass(tickMs)
    expect(founder.home.records).toBe(records)
  })

  test('of a peer that is blocked count nothing, at once and after a restart', async () => {
    const { world, founder, user, view, selfOf } = await afterFeedback()
    await world.daysOff(1, founder, user)
    await world.pass(tickMs)
    expect((await view()).attested.helped).toBeGreaterThan(0)
    must(await founder.node.setTrust(selfOf(user), { blocked: true }))
    const blocked = { tier: 'quarantined', trust: 0, influence: 0 }
    expect((await view()).attested).toEqual({ helped: 0, hurt: 0 })
    expect(must(await founder.node.peer(selfOf(user)))).toMatchObject(blocked)
    await founder.restart()
    expect((await view()).attested).toEqual({ helped: 0, hurt: 0 })
    expect(must(await founder.node.peer(selfOf(user)))).toMatchObject(blocked)
  })

  test('are not told where the owner does not want it', async () => {
    const { world, founder, user, view } = await afterFeedback({ config: { attest: 'off' } })
    await world.daysOff(1, founder, user)
    await world.pass(tickMs)
    expect((await view()).attested).toEqual({ helped: 0, hurt: 0 })
  })
})

describe('agreement of strangers', () => {
  test('reaches a prompt, marked, when they stand behind different peers', async () => {
    const { world, founder, chains: found, selfOf } = await chains([3, 3])
    const strangers = found.map(chain => chain.at(-1)).filter(node => node !== undefined)
    const [first, second] = strangers
    if (first === undefined || second === undefined) return
    await say(first, founder, world)
    const alone = await recall(founder)
    expect(alone.items).toEqual([])
    expect(alone.heldBack).toMatchObject([{ author: selfOf(first), entries: 1 }])

    await say(second, founder, world)
    const { heldBack, items, prompt } = await recall(founder)
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({ tier: 'corroborated', independent: 1 })
    expect(new Set([items[0]?.author, ...(items[0]?.corroboratedBy ?? [])])).toEqual(
      new Set(strangers.map(selfOf)),
    )
    expect(prompt).toContain('not trusted by itself, confirmed by independent peers')
    expect(heldBack).toHaveLength(1)

    // The owner's word on one of them wins at once.
    must(await founder.node.setTrust(selfOf(second), { trust: 0.4 }))
    expect((await recall(founder)).items).toEqual([])
  })

  test('is held back when one voucher let them both in', async () => {
    const { world, founder, chains: found } = await chains([3])
    const [, host, first] = found[0] ?? []
    if (host === undefined || first === undefined) return
    const second = await world.node()
    await letIn(host, second, founder.home)
    await world.pass(5_000)
    await say(first, founder, world)
    await say(second, founder, world)
    const { heldBack, items } = await recall(founder)
    expect(items).toEqual([])
    expect(heldBack).toHaveLength(2)
  })
})

describe('shadow evidence', () => {
  const distiller = lessonFinder(situation)
  async function learned(node: VirtualNode, world: VirtualWorld, runs = 1): Promise<void> {
    for (let gate = 0; gate < runs; gate++) {
      const messages = [
        { role: 'user', content: `Gate ${gate} of ${runs} is shut.` },
        { role: 'assistant', content: 'Opened.' },
      ]
      must(await node.node.capture({ messages, outcome: true }))
    }
    expect((await node.node.distil()).published).toBeGreaterThan(0)
    await world.pass(1_000)
  }

  test('counts for a stranger who had said so before, opens no prompt, and is attested to nobody', async () => {
    const { world, founder, chains: found, selfOf } = await chains([3], { ports: { distiller } })
    const stranger = found[0]?.at(-1)
    if (stranger === undefined) return
    await say(stranger, founder, world)
    await learned(founder, world)
    const view = must(await founder.node.peer(selfOf(stranger)))
    expect(view).toMatchObject({ evidence: { helped: 1, hurt: 0 }, tier: 'quarantined' })
    const records = founder.home.records
    await world.daysOff(1, founder)
    await world.pass(tickMs)
    expect(founder.home.records).toBe(records)
    expect(must(await founder.node.peer(selfOf(stranger))).evidence.helped).toBeCloseTo(0.977)
  })

  test('is none for who says so after it could be read', async () => {
    const { world, founder, chains: found, selfOf } = await chains([3], { ports: { distiller } })
    const stranger = found[0]?.at(-1)
    if (stranger === undefined) return
    await learned(founder, world)
    await say(stranger, founder, world)
    // Ours is replaced by a successor, which is younger than theirs.
    await learned(founder, world, 20)
    expect(must(await founder.node.peer(selfOf(stranger))).evidence).toEqual({ helped: 0, hurt: 0 })
  })
})
