/** Several authors on one matter: contradiction is shown, agreement is said, and what is replaced is gone. */

import { afterEach, expect, it } from 'vitest'
import type { NewEntry } from '../../node/api.ts'
import type { EntryDraft } from '../../node/ports.ts'
import {
  allKept,
  endAll,
  isKept,
  lesson,
  letIn,
  must,
  recalled,
  startedNode,
  swarmOf,
  type TestNode,
  until,
  untilKept,
} from './real-nodes.ts'

afterEach(endAll)

const situation = '`ship_order` fails with "address not verified".'

function add(node: TestNode, home: TestNode, action: string, changes: Partial<NewEntry> = {}) {
  return node.node.addEntry(lesson(situation, action, { swarm: home.home.id, ...changes })).then(must)
}

it('hands out both sides of a contradiction next to each other', async () => {
  const [a, b, c] = await swarmOf(2)
  if (a === undefined || b === undefined || c === undefined) return
  const one = await add(a, a, 'Call `verify_address` first.')
  const other = await add(c, a, 'Ask the customer for another destination.')
  await untilKept(b, one.cid)
  await untilKept(b, other.cid)
  const items = await recalled(b, situation)
  expect(items.map(item => item.cid).toSorted()).toEqual([one.cid, other.cid].toSorted())
  const [first, second] = items
  expect(first?.alternatives).toEqual([second?.cid])
  expect(second?.alternatives).toEqual([first?.cid])
  expect(second?.why.at(-1)).toBe(`It says otherwise than ${first?.cid}.`)
  expect(must(await b.node.entry(one.cid)).alternatives).toEqual([other.cid])
  const { prompt } = await b.node.recall({ query: situation, timeBudgetMs: 5_000 })
  expect(prompt).toContain('verify_address')
  expect(prompt).toContain('another destination')
  expect(prompt).toContain('another lesson here says otherwise')
})

it('says when a second author agrees, and hands the lesson out once', async () => {
  const [a, b, c] = await swarmOf(2)
  if (a === undefined || b === undefined || c === undefined) return
  const one = await add(a, a, 'Call `verify_address` first.')
  const other = await add(c, a, 'Call `verify_address` first, please.')
  await untilKept(b, one.cid)
  await untilKept(b, other.cid)
  const items = await recalled(b, situation)
  expect(items).toHaveLength(1)
  const authors = [a.home.self, c.selfIn(a.home)]
  expect(authors).toContain(items[0]?.author)
  expect(items[0]?.corroboratedBy).toEqual(authors.filter(author => author !== items[0]?.author))
})

/** Runs of as many asks as were captured: a lesson of any one of them. */
function question(ask: number): Record<string, unknown> {
  return {
    question: `Run ${ask}: how long is the cooling phase?`,
    answer: 'Ninety minutes.',
    feedback: 'correct',
  }
}

/** One draft from all episodes, as a pattern that many asks show gives. */
function oneLesson(summary: () => string) {
  return {
    id: 'one-lesson/1',
    distil: async (
      episodes: readonly { id: string; ask: string; outcome?: { solved: boolean } }[],
    ): Promise<readonly EntryDraft[]> => [
      {
        key: 'cooling',
        pattern: 'one-lesson',
        kind: 'fact',
        domains: ['kiln'],
        situation: 'How long is the cooling phase of the kiln?',
        insight: { summary: summary(), detail: '', action: 'Wait.' },
        context: {},
        support: episodes.map(({ id, ask, outcome }) => ({ episode: id, ask, solved: outcome?.solved })),
        asksToShare: 1,
        needsSolved: false,
      },
    ],
  }
}

it('repeats add support and no entry; far more of it replaces the entry at every peer', async () => {
  let summary = 'Ninety minutes.'
  const a = await startedNode({ ports: { distiller: oneLesson(() => summary) } })
  const b = await startedNode()
  await letIn(a, b)
  const learn = async (...asks: number[]) => {
    for (const ask of asks) must(await a.node.capture(question(ask)))
    return a.node.distil()
  }
  expect(await learn(1, 2)).toMatchObject({ newDrafts: 1, published: 1 })
  const [first] = await allKept(a)
  if (first === undefined) throw new Error('it is kept')
  await untilKept(b, first)

  expect(await learn(3)).toMatchObject({ drafts: 1, newDrafts: 0, published: 0 })
  expect(await learn(1)).toMatchObject({ episodes: 0, published: 0 })
  expect(await allKept(a)).toEqual([first])

  expect(await learn(4)).toMatchObject({ newDrafts: 0, published: 1 })
  const [second] = await allKept(a)
  if (second === undefined) throw new Error('it is kept')
  expect(second).not.toBe(first)
  await untilKept(b, second)
  await until('the predecessor is gone', async () => !(await isKept(b, first)))
  const [item] = await recalled(b, 'How long is the cooling phase of the kiln?')
  expect(item).toMatchObject({ cid: second, support: { episodes: 4, asks: 4, solved: 4 } })
  expect(must(await b.node.entry(second)).entry.supersedes).toBe(first)

  // What the lesson says has changed.
  summary = 'Two hours.'
  expect(await learn(5)).toMatchObject({ published: 1 })
  await until('the new words are here', async () => {
    const items = await recalled(b, 'How long is the cooling phase of the kiln?')
    return items.length === 1 && items[0]?.insight.summary === 'Two hours.'
  })
  expect(await allKept(b)).toHaveLength(1)
  // Who comes later gets the last one alone.
  const late = await startedNode()
  await letIn(a, late)
  await until('it is here', async () => (await allKept(late)).length === 1)
  expect((await recalled(late, 'cooling phase of the kiln'))[0]?.insight.summary).toBe('Two hours.')
  await until('nothing is left to fetch', () => late.node.status().fetch.waiting === 0)
  expect(late.node.status().fetch.failed).toBe(0)
})
