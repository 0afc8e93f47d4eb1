/** What later runs do to lessons that stand. */

import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../node/adapters/system.ts'
import type { Clock, Distiller, EntryDraft } from '../../node/ports.ts'
import { demoTranscripts } from '../../node/surface/demo/transcripts.ts'
import { endAll, loadedNode, must, until } from './real-nodes.ts'

afterEach(endAll)

/** Finds one lesson in every run, unless a run of the look says otherwise; counts how often each run was looked at. */
function contrary() {
  const looks: string[][] = []
  const distiller: Distiller = {
    id: 'contrary/1',
    async distil(episodes) {
      looks.push(episodes.map(episode => episode.ask))
      const texts = episodes.map(episode => JSON.stringify(episode.interactions))
      if (texts.some(text => text.includes('not so'))) return []
      const draft: EntryDraft = {
        key: 'contrary|one',
        pattern: 'contrary',
        kind: 'fact',
        domains: ['test'],
        situation: 'Which way do the gates open?',
        insight: { summary: 'They open inwards.', detail: '', action: 'Pull.' },
        context: {},
        support: episodes.map(({ id, ask, outcome }) => ({ episode: id, ask, solved: outcome?.solved })),
        asksToShare: 1,
        needsSolved: false,
      }
      return [draft]
    },
  }
  return { distiller, looks }
}

const run = (task: string, text: string) => ({
  task_id: task,
  reward: 1,
  messages: [{ role: 'user', content: text }],
})

it('a new run is looked at together with those before it, and adds support instead of an entry', async () => {
  const { distiller, looks } = contrary()
  const { node } = await loadedNode({ ports: { distiller } })
  must(await node.capture(run('a', 'The gates.')))
  expect(await node.distil()).toMatchObject({ episodes: 1, drafts: 1, newDrafts: 1 })
  must(await node.capture(run('b', 'The gates again.')))
  expect(await node.distil()).toMatchObject({ episodes: 1, drafts: 1, newDrafts: 0 })
  expect(looks.map(look => look.length)).toEqual([1, 2])
  const { items } = await node.entries({})
  expect(items.map(({ entry }) => [entry.support.episodes, entry.support.asks])).toEqual([[2, 2]])
})

it('a lesson that a later run contradicts goes again, and its announcement is taken back', async () => {
  const { node } = await loadedNode({ ports: { distiller: contrary().distiller } })
  must(await node.capture(run('a', 'The gates.')))
  expect(await node.distil()).toMatchObject({ published: 1 })
  const before = node.swarms()[0]?.records
  must(await node.capture(run('b', 'It is not so.')))
  expect(await node.distil()).toMatchObject({ drafts: 0 })
  expect((await node.entries({})).items).toEqual([])
  // The retraction stands where the digest stood.
  expect(node.swarms()[0]?.records).toBe(before)
})

it('what a person wrote stays, whatever runs say', async () => {
  const { node } = await loadedNode({ ports: { distiller: contrary().distiller } })
  const insight = { summary: 'They open outwards.', action: 'Push.' }
  must(await node.addEntry({ kind: 'fact', domains: ['test'], situation: 'The gates?', insight }))
  must(await node.capture(run('b', 'It is not so.')))
  await node.distil()
  expect((await node.entries({})).items.map(({ entry }) => entry.insight.summary)).toEqual([
    'They open outwards.',
  ])
})

it('a lesson that was taken back can be written again', async () => {
  const { node } = await loadedNode()
  const insight = { summary: 'They open outwards.', action: 'Push.' }
  const written = { kind: 'fact', domains: ['test'], situation: 'The gates?', insight } as const
  const first = must(await node.addEntry(written))
  must(await node.retract(first.cid))
  const second = must(await node.addEntry(written))
  expect((await node.entries({})).items.map(item => item.cid)).toEqual([second.cid])
})

it('a model that never pauses is distilled for all the same', async () => {
  // A hundred times as fast.
  const start = systemClock.now()
  const clock: Clock = {
    ...systemClock,
    now: () => start + (systemClock.now() - start) * 100,
    sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
  }
  const { distiller, looks } = contrary()
  const { node } = await loadedNode({ ports: { distiller, clock } })
  for (let i = 0; looks.length === 0; i++) {
    must(await node.capture(run(`${i}`, 'The gates.')))
    await systemClock.sleep(5)
    expect(i).toBeLessThan(1_000)
  }
})

/** The demo's transcripts with which a lesson is shared. */
async function taught() {
  const started = await loadedNode()
  const episodes: string[] = []
  for (const transcript of await demoTranscripts('shop-a.jsonl')) {
    episodes.push(must(await started.node.capture(transcript)).episode)
  }
  await started.node.distil()
  const shared = (await started.node.entries({ status: 'shared', limit: 500 })).items
  const lesson = shared.find(item => item.entry.insight.summary.includes('wallet not found'))
  if (lesson === undefined) throw new TypeError('the demo teaches no lesson about wallets')
  return {
    ...started,
    node: started.node,
    lesson,
    behind: must(await started.node.entry(lesson.cid)).episodes,
    episodes,
  }
}

it('outcomes that are corrected later withdraw the lesson that rested on them', async () => {
  const { node, lesson, behind } = await taught()
  for (const id of behind) must(await node.outcome(id, { solved: false, by: 'user' }))
  await node.distil()
  const shared = (await node.entries({ status: 'shared', limit: 500 })).items
  expect(shared.map(item => item.entry.insight.summary)).not.toContain(lesson.entry.insight.summary)
})

it('a lesson that rests on too little once an episode is forgotten is taken back, and stays here', async () => {
  const { node, lesson, behind } = await taught()
  for (const id of behind.slice(1)) must(await node.forget(id))
  const found = (await node.entries({ limit: 500 })).items.filter(
    item => item.entry.insight.summary === lesson.entry.insight.summary,
  )
  expect(found.map(item => [item.status, item.entry.support.episodes])).toEqual([['local', 1]])
})

/** Finds as many lessons in the runs as are wanted. */
function many(count: number): Distiller {
  return {
    id: 'many/1',
    async distil(episodes) {
      return Array.from(
        { length: count },
        (_, index): EntryDraft => ({
          key: `many|${index}`,
          pattern: 'many',
          kind: 'fact',
          domains: ['test'],
          situation: `Which way does gate ${index} open?`,
          insight: { summary: 'Inwards.', detail: '', action: 'Pull.' },
          context: {},
          support: episodes.map(({ id, ask, outcome }) => ({ episode: id, ask, solved: outcome?.solved })),
          asksToShare: 1,
          needsSolved: false,
        }),
      )
    },
  }
}

it('of many lessons that one run brings three are embedded at once, and the others in a quiet moment', async () => {
  const { node } = await loadedNode({ ports: { distiller: many(5) } })
  must(await node.capture(run('a', 'The gates.')))
  expect(await node.distil()).toMatchObject({ newDrafts: 5, published: 3, heldOver: 2 })
  await until('all five are kept', async () => (await node.entries({})).items.length === 5)
})

/** Quiet moments never come. */
const restless: Clock = {
  ...systemClock,
  sleep: (_ms, signal) =>
    new Promise((_, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
    ),
}

it('lessons that were held over are taken up with the next run', async () => {
  const { node } = await loadedNode({ ports: { distiller: many(5), clock: restless } })
  must(await node.capture(run('a', 'The gates.')))
  expect(await node.distil()).toMatchObject({ published: 3, heldOver: 2 })
  must(await node.capture(run('b', 'The gates again.')))
  expect(await node.distil()).toMatchObject({ episodes: 1, heldOver: 0 })
  expect((await node.entries({})).items).toHaveLength(5)
})
