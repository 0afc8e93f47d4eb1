/** The whole way between two nodes, every component real: what one model learned helps the other one's. */

import { afterEach, describe, expect, it } from 'vitest'
import type { SwarmloreNode } from '../../node/api.ts'
import {
  allKept,
  endAll,
  lastingStore,
  letIn,
  must,
  type NodeOptions,
  recalled,
  startedNode,
  until,
  untilKept,
} from './real-nodes.ts'

afterEach(endAll)

/** Two runs of different asks: the id that the model made up fails, the one that a result holds goes through. */
function run(ask: number): Record<string, unknown> {
  const order = `ORD-${ask}`
  const call = (id: string, tool: string, args: object) => ({
    type: 'call',
    id,
    tool,
    arguments: JSON.stringify(args),
  })
  const result = (callId: string, tool: string, text: string) => ({ type: 'result', callId, tool, text })
  const method = `card_${7_100 + ask}`
  return {
    ask: `refund ${ask}`,
    reward: 1,
    interactions: [
      { type: 'message', role: 'user', text: `Please refund my order ${order}, customer kim_${ask}.` },
      call('1', 'refund_order', { order_id: order, payment_id: `card-9${ask}` }),
      result('1', 'refund_order', 'Error: payment method not found'),
      call('2', 'get_customer', { customer_id: `kim_${ask}` }),
      result('2', 'get_customer', JSON.stringify({ name: 'Kim', payment_methods: [{ id: method }] })),
      call('3', 'refund_order', { order_id: order, payment_id: method }),
      result('3', 'refund_order', JSON.stringify({ status: 'refunded' })),
      { type: 'message', role: 'assistant', text: 'It is refunded.' },
    ],
  }
}

const afterTheError = {
  pendingCall: { tool: 'refund_order', arguments: '{"payment_id":"card-1"}' },
  lastError: 'Error: payment method not found',
  timeBudgetMs: 5_000,
} as const

async function capturedAndDistilled(node: SwarmloreNode) {
  for (const ask of [1, 2, 3]) must(await node.capture(run(ask)))
  return node.distil()
}

const stores: readonly { name: string; options: () => NodeOptions }[] = [
  { name: 'Level in a folder', options: () => ({ dht: true }) },
  { name: 'a store in memory', options: () => ({ openStore: lastingStore() }) },
]

describe.each(stores)('on $name', ({ options }) => {
  it('goes from capture to recall at a peer, to feedback, and to a retraction that lasts', async () => {
    const a = await startedNode(options())
    const b = await startedNode(options())
    const report = await capturedAndDistilled(a.node)
    expect(report).toMatchObject({ episodes: 3 })
    expect(report.published).toBeGreaterThanOrEqual(1)
    await letIn(a, b)

    await until('B holds what A published', async () => (await allKept(b)).length === report.published)
    const first = await b.node.recall(afterTheError)
    const [item] = first.items
    expect(item).toMatchObject({ author: a.home.self, tier: 'trusted', kind: 'pitfall' })
    expect(item?.insight.action).toContain('get_customer.payment_methods')
    expect(item?.why.length).toBeGreaterThanOrEqual(2)
    expect(item?.support).toMatchObject({ episodes: 3, asks: 3, solved: 3 })
    expect(first.prompt).toContain('refund_order')
    if (item === undefined) return

    const before = must(await b.node.peer(a.home.self)).trust
    const counted = must(await b.node.feedback(first.recallId, 'helped', item.cid)).counted
    expect(counted).toEqual([{ cid: item.cid, author: a.home.self, trust: expect.any(Number) }])
    const after = must(await b.node.peer(a.home.self)).trust
    expect(after).toBeGreaterThan(before)
    // The same outcome told again counts once.
    must(await b.node.feedback(first.recallId, 'helped', item.cid))
    expect(must(await b.node.peer(a.home.self)).trust).toBe(after)
    must(await b.node.feedback(first.recallId, 'hurt', item.cid))
    expect(must(await b.node.peer(a.home.self)).trust).toBeLessThan(before)

    expect(must(await a.node.retract(item.cid))).toEqual({ swarms: 1 })
    await until('it is gone from B', async () => !(await allKept(b)).includes(item.cid))
    expect((await b.node.recall(afterTheError)).items.map(one => one.cid)).not.toContain(item.cid)
    expect((await a.node.recall(afterTheError)).items.map(one => one.cid)).not.toContain(item.cid)

    await b.restart()
    await a.restart()
    await until('they are connected again', () => b.viewOf(a.home).peers === 1)
    expect(await allKept(b)).not.toContain(item.cid)
    expect((await b.node.recall(afterTheError)).items.map(one => one.cid)).not.toContain(item.cid)
    expect(await allKept(a)).not.toContain(item.cid)
  })
})

it('brings a lesson to a peer that was connected when it was written', async () => {
  const a = await startedNode()
  const b = await startedNode()
  await letIn(a, b)
  const { cid } = must(
    await a.node.addEntry({
      kind: 'fact',
      domains: ['staging'],
      situation: 'Which port does the staging database listen on?',
      insight: { summary: 'It is 5433.', action: 'Connect to port 5433.' },
    }),
  )
  await untilKept(b, cid)
  const [item] = await recalled(b, 'port of the staging database')
  expect(item).toMatchObject({ cid, author: a.home.self, tier: 'trusted' })
})

it('shares with a swarm what was learned before joining it', async () => {
  const a = await startedNode()
  const b = await startedNode()
  const report = await capturedAndDistilled(b.node)
  expect(report.published).toBeGreaterThanOrEqual(1)
  await letIn(a, b)
  await until('A holds it', async () => (await allKept(a)).length === report.published)
  const [item] = (await a.node.recall(afterTheError)).items
  expect(item).toMatchObject({ author: b.selfIn(a.home), tier: 'trusted' })
})
