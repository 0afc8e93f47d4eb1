/** The withheld control over whole nodes: what is withheld reaches no model, and its tasks are held against the others. */

import { expect, test } from 'vitest'
import { lesson, must, type VirtualNode, VirtualWorld } from '../virtual-nodes.ts'

const situation = 'The badge reader at the north gate blinks red.'

async function knowing(controlShare?: number) {
  const world = new VirtualWorld()
  const node = await world.node(controlShare === undefined ? {} : { config: { controlShare } })
  const { cid } = must(await node.node.addEntry(lesson(situation)))
  return { world, node, cid }
}

async function recalls(node: VirtualNode, count: number, control?: boolean) {
  const found = []
  for (let i = 0; i < count; i++)
    found.push(await node.node.recall({ query: situation, ...(control === undefined ? {} : { control }) }))
  return found
}

test('none is withheld unless the owner says so, and then none for a person who looks', async () => {
  const usual = await knowing()
  expect((await recalls(usual.node, 50)).every(one => !one.withheld && one.items.length === 1)).toBe(true)
  const [first] = await recalls(usual.node, 1)
  expect(must(await usual.node.node.recallOutcome(first?.recallId ?? '', true))).toEqual({ counted: false })
  expect(usual.node.node.status().worth).toBeUndefined()

  const half = await knowing(0.5)
  expect((await recalls(half.node, 50, false)).some(one => one.withheld)).toBe(false)
})

test('about the share is withheld, hands out nothing, and takes no feedback on a lesson', async () => {
  const { node, cid } = await knowing(0.1)
  const all = await recalls(node, 300)
  const withheld = all.filter(one => one.withheld)
  expect(withheld.length).toBeGreaterThan(10)
  expect(withheld.length).toBeLessThan(60)
  for (const one of withheld) expect(one).toMatchObject({ items: [], prompt: '' })
  const [one] = withheld
  expect(await node.node.feedback(one?.recallId ?? '', 'helped', cid)).toMatchObject({
    code: 'not-handed-out',
  })
  // Nothing that helps is no recall to compare.
  const nothing = await node.node.recall({ query: 'zzz' })
  expect(nothing).toMatchObject({ items: [], withheld: false })
})

test('status says what recall is worth with its interval, over restarts, of the last 30 days', async () => {
  const { world, node } = await knowing(0.5)
  expect(node.node.status().worth).toEqual({
    share: 0.5,
    days: 30,
    given: { solved: 0, failed: 0 },
    withheld: { solved: 0, failed: 0 },
  })
  const all = await recalls(node, 80)
  const given = all.filter(one => !one.withheld)
  const withheld = all.filter(one => one.withheld)
  for (const { recallId } of given) must(await node.node.recallOutcome(recallId, true))
  for (const { recallId } of withheld) must(await node.node.recallOutcome(recallId, true))
  // What is said last counts, once.
  for (const { recallId } of withheld)
    for (let time = 0; time < 2; time++)
      expect(must(await node.node.recallOutcome(recallId, false))).toEqual({ counted: true })
  const expected = {
    given: { solved: given.length, failed: 0 },
    withheld: { solved: 0, failed: withheld.length },
    difference: 1,
    high: 1,
  }
  expect(node.node.status().worth).toMatchObject(expected)
  expect(node.node.status().worth?.low).toBeGreaterThan(0.7)
  await node.restart()
  expect(node.node.status().worth).toMatchObject(expected)
  expect(await node.node.recallOutcome('unknown', true)).toMatchObject({ code: 'unknown-recall' })
  await world.daysOff(31, node)
  await world.pass(120_000)
  expect(node.node.status().worth).toMatchObject({ given: { solved: 0, failed: 0 } })
})
