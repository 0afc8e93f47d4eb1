/** What outcomes are read against: the node's rate, and that of a situation where the withheld control has seen it. */

import { expect, test } from 'vitest'
import type { RecallResult } from '../../../../node/api.ts'
import { lesson, letIn, must, type VirtualNode, VirtualWorld } from '../virtual-nodes.ts'

const gate = 'The badge reader at the north gate blinks red.'
const lamp = 'A lamp of workshop seven flickers every evening.'

/** A node that withholds half of its recalls, and a member whose lessons it hands out. */
async function reading(author: VirtualNode, user: VirtualNode, world: VirtualWorld) {
  const { self } = author.viewOf(user.home)
  for (const situation of [gate, lamp]) {
    const { cid } = must(await author.node.addEntry(lesson(situation, { swarm: user.home.id })))
    await world.pass(10_000)
    expect(await user.isKept(cid)).toBe(true)
  }
  const ask = async (query: string, count: number): Promise<readonly RecallResult[]> => {
    const found: RecallResult[] = []
    for (let time = 0; time < count; time++) found.push(await user.node.recall({ query }))
    return found
  }
  const view = async () => must(await user.node.peer(self))
  const rate = async () => {
    const { details = [] } = (await view()).reasons.find(one => one.about === 'experience') ?? {}
    return Number(/success rate of (\d+) %/.exec(details.join(' '))?.[1])
  }
  return { ask, rate, view }
}

async function pair() {
  const world = new VirtualWorld()
  const user = await world.node({ config: { controlShare: 0.5 } })
  const author = await world.node()
  await letIn(user, author)
  await world.pass(10_000)
  return { world, author, user, ...(await reading(author, user, world)) }
}

test('where tasks fail without the lesson, failing with it is not blamed as much; elsewhere it is', async () => {
  const { ask, rate, user, view } = await pair()
  const given = (await ask(gate, 40)).filter(one => !one.withheld)
  for (const [at, { recallId }] of given.slice(0, 10).entries())
    must(await user.node.feedback(recallId, at < 3 ? 'helped' : 'hurt'))
  expect(await rate()).toBe(50)
  const blamed = await view()

  const tell = async (query: string, solved: boolean): Promise<number> => {
    const withheld = (await ask(query, 120)).filter(one => one.withheld)
    for (const { recallId } of withheld) must(await user.node.recallOutcome(recallId, solved))
    return withheld.length
  }
  // Its lesson on the lamp has had no outcome: how tasks with lamps end says nothing of those that it had.
  await tell(lamp, false)
  expect(await rate()).toBe(50)
  const failed = await tell(gate, false)
  const expected = Math.round((100 * 10) / (20 + failed))
  expect(await rate()).toBe(expected)
  expect((await view()).trust).toBeGreaterThan(blamed.trust + 0.1)

  await user.restart()
  expect(await rate()).toBe(expected)
})

test('what was told of a withheld task first is taken back by what is told later', async () => {
  const { ask, rate, user } = await pair()
  const all = await ask(gate, 60)
  const [given] = all.filter(one => !one.withheld)
  const withheld = all.filter(one => one.withheld)
  must(await user.node.feedback(given?.recallId ?? '', 'helped'))
  for (const { recallId } of withheld) must(await user.node.recallOutcome(recallId, false))
  expect(await rate()).toBeLessThan(40)
  for (const { recallId } of withheld) must(await user.node.recallOutcome(recallId, true))
  expect(await rate()).toBe(Math.round((100 * (10 + withheld.length)) / (20 + withheld.length)))
})

test('is the node’s again once what was withheld is forgotten', async () => {
  const { ask, author, rate, user, world } = await pair()
  const all = await ask(gate, 60)
  const given = all.filter(one => !one.withheld)
  for (const { recallId } of given) must(await user.node.feedback(recallId, 'helped'))
  for (const { recallId } of all.filter(one => one.withheld))
    must(await user.node.recallOutcome(recallId, false))
  expect(await rate()).toBeLessThan(40)
  await world.daysOff(31, user, author)
  await world.pass(120_000)
  expect(await rate()).toBe(50)
})
