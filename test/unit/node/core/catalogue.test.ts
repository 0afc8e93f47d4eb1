/** How own lessons stand: shared, waiting for a review, or kept on this node. */

import { expect, test } from 'vitest'
import type { EntryDraft } from '../../../../node/ports.ts'
import { must, VirtualWorld } from '../virtual-nodes.ts'

/** One lesson from all episodes, as a pattern gives it that one ask shows. */
const oneLesson = {
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
      insight: { summary: 'Ninety minutes.', detail: '', action: 'Wait.' },
      context: {},
      support: episodes.map(({ id, ask, outcome }) => ({ episode: id, ask, solved: outcome?.solved })),
      asksToShare: 1,
      needsSolved: false,
    },
  ],
}

test.each([
  ['reviewed', 'review'],
  ['none', 'local'],
  ['verified', 'shared'],
] as const)('with sharing %s a lesson of its own is listed as %s', async (sharePrivate, status) => {
  const world = new VirtualWorld()
  const node = await world.node({ config: { sharePrivate }, ports: { distiller: oneLesson } })
  must(await node.node.capture({ question: 'How long?', answer: 'Ninety minutes.', feedback: 'correct' }))
  await node.node.distil()
  const [item] = (await node.node.entries({ status })).items
  expect(item).toMatchObject({ status, tier: 'own' })
  expect(item?.heldBack === undefined).toBe(status === 'shared')
  for (const other of ['review', 'local', 'shared', 'received'] as const) {
    expect((await node.node.entries({ status: other })).items).toHaveLength(other === status ? 1 : 0)
  }
  if (item === undefined || status !== 'review') return
  expect(must(await node.node.review(item.cid, 'approve')).status).toBe('shared')
})

test('a lesson that was rejected waits for no review', async () => {
  const world = new VirtualWorld()
  const config = { sharePrivate: 'reviewed' as const }
  const node = await world.node({ config, ports: { distiller: oneLesson } })
  must(await node.node.capture({ question: 'How long?', answer: 'Ninety minutes.', feedback: 'correct' }))
  await node.node.distil()
  const [item] = (await node.node.entries({})).items
  if (item === undefined) throw new Error('it is kept')
  expect(must(await node.node.review(item.cid, 'reject')).status).toBe('local')
})

test('a review of an entry that is gone says so', async () => {
  const world = new VirtualWorld()
  const node = await world.node({ ports: { distiller: oneLesson } })
  must(await node.node.capture({ question: 'How long?', answer: 'Ninety minutes.', feedback: 'correct' }))
  await node.node.distil()
  const [item] = (await node.node.entries({})).items
  if (item === undefined) throw new Error('it is kept')
  must(await node.node.retract(item.cid))
  for (const done of [await node.node.review(item.cid, 'reject'), await node.node.retract(item.cid)])
    expect(done).toMatchObject({
      ok: false,
      code: 'unknown-entry',
      message: expect.stringContaining('entries ls'),
    })
})
