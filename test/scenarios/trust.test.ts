/** Whose word reaches a prompt: strangers wait, the owner's word wins at once, and a flood hides nothing. */

import { afterEach, expect, it } from 'vitest'
import { type RawPeer, rawPeer } from './raw-peer.ts'
import {
  allKept,
  endAll,
  isKept,
  lesson,
  letIn,
  must,
  type NodeOptions,
  recalled,
  startedNode,
  swarmOf,
  type TestNode,
  until,
  untilKept,
} from './real-nodes.ts'

afterEach(endAll)

/** A founder, and a member of its swarm whom nobody near to the founder let in: founder → friend → friend's friend → stranger. */
async function withStranger(
  options: NodeOptions = {},
): Promise<{ node: TestNode; friend: TestNode; stranger: RawPeer }> {
  const node = await startedNode({ ...options, invite: { by: 'members', depth: 3 } })
  const friend = await startedNode()
  const distant = await startedNode()
  const swarm = node.home
  await letIn(node, friend)
  await letIn(friend, distant, swarm)
  await until('the friend’s invitation counts here', () => node.home.members === 3)
  const stranger = await rawPeer(distant, { swarm: swarm.id })
  await stranger.dial(node)
  await until('the stranger is a member', () => node.home.members === 4)
  return { node, friend, stranger }
}

it('a stranger’s lessons are held back and counted, with the command that lets them in', async () => {
  const { node, stranger } = await withStranger()
  const first = await stranger.publish('The badge reader blinks red.')
  const second = await stranger.publish('The badge reader blinks red twice.')
  await untilKept(node, first.cid)
  await untilKept(node, second.cid)
  const query = { query: 'The badge reader blinks red.', timeBudgetMs: 5_000 }
  const held = await node.node.recall(query)
  expect(held.items).toEqual([])
  expect(held.prompt).toBe('')
  expect(held.heldBack).toEqual([
    {
      author: stranger.self,
      entries: 2,
      reason: 'stranger',
      command: `swarmlore trust pin ${stranger.self}`,
    },
  ])
  expect(node.node.status().entries).toMatchObject({ received: 2, quarantined: 2 })

  must(await node.node.setTrust(stranger.self, { pinned: true }))
  const letThrough = await node.node.recall(query)
  expect(letThrough.items[0]).toMatchObject({ author: stranger.self, tier: 'trusted' })
  expect(letThrough.heldBack).toEqual([])
  await node.restart()
  expect((await node.node.recall(query)).items[0]).toMatchObject({ author: stranger.self })

  must(await node.node.setTrust(stranger.self, undefined))
  expect((await node.node.recall(query)).items).toEqual([])
})

it('strangers fill a tenth of the room at most; what waited outside comes in with the owner’s word', async () => {
  const { node, stranger } = await withStranger({ config: { capacityEntries: 20, fetchConcurrency: 1 } })
  const said = []
  for (let i = 0; i < 8; i++) said.push(await stranger.publish(`Case ${i} of the badge reader.`))
  await until('all digests are here', () => node.home.records === 3 + said.length)
  await until('nothing is under way', () => node.node.status().fetch.waiting === 0)
  expect((await allKept(node)).length).toBeLessThan(said.length)
  must(await node.node.setTrust(stranger.self, { pinned: true }))
  for (const { cid } of said) await untilKept(node, cid)
})

it('what a node and its friends say in another swarm is not taken for what strangers say in this one', async () => {
  const { node, stranger } = await withStranger({ config: { capacityEntries: 20, fetchConcurrency: 1 } })
  const elsewhere = await startedNode()
  await letIn(elsewhere, node)
  const swarm = elsewhere.home.id
  const own = []
  for (let i = 0; i < 3; i++)
    own.push(must(await node.node.addEntry(lesson(`The lift hums ${i}.`, 'Let it.', { swarm }))).cid)
  const friend = must(await elsewhere.node.addEntry(lesson('The lift is stuck.', 'Press reset.'))).cid
  await untilKept(node, friend)
  // What was found out of anybody before is found out anew; a tenth of twenty is room for two.
  must(await node.node.setTrust(stranger.self, { trust: 0.5 }))
  for (let i = 0; i < 2; i++) await untilKept(node, (await stranger.publish(`Badge reader ${i}.`)).cid)
  const kept = await allKept(node)
  expect(kept).toEqual(expect.arrayContaining([...own, friend]))
  expect((await recalled(node, 'The lift hums 1.')).map(item => item.cid)).toContain(own[1])
  expect((await recalled(node, 'The lift is stuck.')).map(item => item.cid)).toContain(friend)
})

it('a stranger whose lessons proved themselves is trusted without a word of the owner', async () => {
  const { node, stranger } = await withStranger()
  const { cid } = await stranger.publish('The badge reader blinks red.')
  await untilKept(node, cid)
  must(await node.node.setTrust(stranger.self, { pinned: true }))
  for (let i = 0; i < 5; i++) {
    const { recallId } = await node.node.recall({ query: 'badge reader blinks red', timeBudgetMs: 5_000 })
    must(await node.node.feedback(recallId, 'helped', cid))
  }
  must(await node.node.setTrust(stranger.self, undefined))
  const [item] = await recalled(node, 'badge reader blinks red')
  expect(item).toMatchObject({ cid, tier: 'trusted' })
  expect(item?.why.join(' ')).toContain('helped')
})

it('two hundred near-identical lessons of strangers do not hide the trusted one', async () => {
  const { node, friend, stranger } = await withStranger()
  const situation = 'The badge reader at the north gate blinks red.'
  const trusted = must(
    await friend.node.addEntry(lesson(situation, 'Hold the badge still.', { swarm: node.home.id })),
  )
  await untilKept(node, trusted.cid)
  for (let i = 0; i < 200; i++) await stranger.publish(`${situation} Case ${i}.`)
  await until('all are here', async () => (await allKept(node)).length === 201, 30_000)
  const { items, heldBack } = await node.node.recall({ query: situation, timeBudgetMs: 5_000 })
  expect(items.map(item => item.cid)).toEqual([trusted.cid])
  expect(heldBack[0]?.author).toBe(stranger.self)
  expect(heldBack[0]?.entries).toBeGreaterThanOrEqual(50)
})

it('a block holds at once and over restarts, and ends when it is taken back', async () => {
  const [a, b] = await swarmOf(1)
  if (a === undefined || b === undefined) return
  const { cid } = must(await a.node.addEntry(lesson('The lift is stuck.', 'Press reset.')))
  await untilKept(b, cid)
  expect(await recalled(b, 'The lift is stuck.')).toHaveLength(1)
  must(await b.node.setTrust(a.home.self, { blocked: true }))
  const blocked = await b.node.recall({ query: 'The lift is stuck.', timeBudgetMs: 5_000 })
  expect(blocked.items).toEqual([])
  expect(blocked.heldBack).toMatchObject([{ author: a.home.self, reason: 'blocked' }])
  await until('it is disconnected', () => b.viewOf(a.home).peers === 0)

  await b.restart()
  expect(await recalled(b, 'The lift is stuck.')).toEqual([])
  expect(must(await b.node.peer(a.home.self))).toMatchObject({ tier: 'quarantined', trust: 0 })
  const meanwhile = must(await a.node.addEntry(lesson('The lift hums.', 'Let it.')))

  must(await b.node.setTrust(a.home.self, undefined))
  expect(await recalled(b, 'The lift is stuck.')).toHaveLength(1)
  await b.restart()
  await untilKept(b, meanwhile.cid)
})

it('what a blocked author published while others passed it on comes when the block ends', async () => {
  const [a, b, c] = await swarmOf(2)
  if (a === undefined || b === undefined || c === undefined) return
  must(await b.node.addEntry(lesson('First.', 'One.', { swarm: a.home.id })))
  const author = b.selfIn(a.home)
  await until('C knows the author', async () => (await c.node.peer(author)).ok)
  must(await c.node.setTrust(author, { blocked: true }))
  const { cid } = must(await b.node.addEntry(lesson('Second.', 'Two.', { swarm: a.home.id })))
  await untilKept(a, cid)
  await until('C holds the digest', () => c.viewOf(a.home).records === a.home.records)
  expect(await isKept(c, cid)).toBe(false)
  must(await c.node.setTrust(author, undefined))
  await untilKept(c, cid)
})

it('a trust that the owner sets decides alone, whatever the evidence', async () => {
  const [a, b] = await swarmOf(1)
  if (a === undefined || b === undefined) return
  const { cid } = must(await a.node.addEntry(lesson('The lift is stuck.', 'Press reset.')))
  await untilKept(b, cid)
  must(await b.node.setTrust(a.home.self, { trust: 0.2 }))
  expect(await recalled(b, 'The lift is stuck.')).toEqual([])
  must(await b.node.setTrust(a.home.self, { trust: 0.9 }))
  const [item] = await recalled(b, 'The lift is stuck.')
  expect(item).toMatchObject({ trust: 0.9, tier: 'trusted' })
  expect(must(await b.node.peer(a.home.self)).why).toContain('You set its trust to 0.9.')
  expect((await b.node.setTrust(b.selfIn(a.home), { trust: 1 })).ok).toBe(false)
})
