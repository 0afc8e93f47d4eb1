import { expect, test } from 'vitest'
import { pathInputs } from '../../../../node/surface/operation.ts'
import { allOperations, operations } from '../../../../node/surface/operations.ts'
import { cidOf, FakeNode, friend } from './fake-node.ts'

/** One good input for every operation: a new operation without one fails here. */
const inputs: Readonly<Record<keyof typeof operations, Record<string, unknown>>> = {
  captureEpisode: { transcript: { messages: [] }, idempotencyKey: 'k1' },
  listEpisodes: { limit: '5' },
  getEpisode: { id: 'e1' },
  forgetEpisode: { id: 'e1' },
  forgetEpisodesBefore: { before: '1700000000' },
  setOutcome: { id: 'e1', solved: true, by: 'user' },
  distil: {},
  previewDistil: { transcripts: [{ messages: [] }] },
  recall: { query: 'refund', pendingCall: { tool: 'issue_refund', arguments: '{}' }, lastError: 'no' },
  giveFeedback: { recallId: 'r-1', outcome: 'helped', items: [cidOf(1)] },
  setRecallOutcome: { recallId: 'r-1', solved: true },
  listEntries: { status: 'received' },
  getEntry: { cid: cidOf(1) },
  addEntry: {
    kind: 'fact',
    domains: ['shop'],
    situation: 'a customer asks for a refund',
    insight: { summary: 'Refunds take five days.', action: 'Say so.' },
  },
  retractEntry: { cid: cidOf(1) },
  retractEntriesBefore: { before: 1_700_000_000 },
  reviewEntry: { cid: cidOf(1), verdict: 'approve' },
  listPeers: {},
  explainTrust: { id: friend },
  setTrust: { id: friend, pinned: true },
  clearTrust: { id: friend },
  listSwarms: {},
  joinSwarm: { invitation: 'swarmlore1invitation' },
  createInvite: { uses: 2 },
  listInvites: {},
  revokeInvite: { id: 'i1' },
  getStatus: {},
  runDoctor: {},
}

async function nodeWithEpisode(): Promise<FakeNode> {
  const node = new FakeNode()
  await node.capture({ messages: [] })
  const [episode] = node.captured.values()
  if (episode) node.captured.set('e1', { ...episode, id: 'e1' })
  return node
}

test.each(Object.entries(operations))(
  '%s takes its input, and its output fits its schema',
  async (name, operation) => {
    const input = Object.entries(inputs).find(([key]) => key === name)?.[1]
    const done = await operation.run(await nodeWithEpisode(), input)
    expect(done).toMatchObject({ ok: true })
    if (done.ok)
      expect(operation.output.safeParse(JSON.parse(JSON.stringify(done.value)))).toMatchObject({
        success: true,
      })
  },
)

test('each operation has a name of its own, and a method and path of its own', () => {
  for (const [name, operation] of Object.entries(operations)) expect(operation.name).toBe(name)
  expect(new Set(allOperations.map(({ method, path }) => `${method} ${path}`)).size).toBe(
    allOperations.length,
  )
  for (const { path } of allOperations) expect(path).toMatch(/^\/api\/v1\/[a-z]/)
})

test('each name in a path, a header or the body is an input', () => {
  for (const { path, input, headers = {}, bodyInput } of allOperations) {
    const used = [...pathInputs(path), ...Object.keys(headers), ...(bodyInput ? [bodyInput] : [])]
    for (const name of used) expect(Object.keys(input.shape)).toContain(name)
  }
})

test('an unknown input and a wrong one are bad input, and the message names the place', async () => {
  const node = new FakeNode()
  expect(await operations.recall.run(node, { query: 'x', colour: 'red' })).toMatchObject({
    code: 'bad-input',
  })
  expect(await operations.recall.run(node, {})).toMatchObject({ code: 'bad-input' })
  const bad = await operations.getEntry.run(node, {
    cid: 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
  })
  expect(bad).toMatchObject({ ok: false, code: 'bad-input', message: expect.stringContaining('cid') })
})

test('a peer is found by the beginning or the end of its id, and not when two fit', async () => {
  const node = new FakeNode()
  const found = await operations.explainTrust.run(node, { id: 'bbbbX' })
  expect(found).toMatchObject({ ok: true, value: { peer: friend } })
  expect(await operations.explainTrust.run(node, { id: 'z6Mkbb' })).toMatchObject({ code: 'ambiguous-peer' })
  expect(await operations.explainTrust.run(node, { id: 'zzzzz' })).toMatchObject({ code: 'unknown-peer' })
})

test('a whole id that nobody has yet can be blocked', async () => {
  const node = new FakeNode()
  const id = `did:key:z6Mk${'q'.repeat(44)}`
  await operations.setTrust.run(node, { id, blocked: true })
  expect([...node.words]).toEqual([[id, { pinned: false, blocked: true }]])
})

test('feedback on some items stops at the first that is refused', async () => {
  const node = new FakeNode()
  const good = await operations.giveFeedback.run(node, {
    recallId: 'r-1',
    outcome: 'hurt',
    items: [cidOf(1), cidOf(2)],
  })
  expect(good).toMatchObject({ ok: true, value: { counted: [{ cid: cidOf(1) }, { cid: cidOf(2) }] } })
  const bad = await operations.giveFeedback.run(node, { recallId: 'r-9', outcome: 'hurt', items: [cidOf(1)] })
  expect(bad).toMatchObject({ ok: false, code: 'unknown-recall' })
})

test('what the node keeps beside an answer does not slip out', async () => {
  const node = new FakeNode()
  const view = node.stored.get(cidOf(1))
  if (view) node.stored.set(cidOf(1), Object.assign({ secretNote: 'inside' }, view))
  const done = await operations.getEntry.run(node, { cid: cidOf(1) })
  expect(done.ok).toBe(true)
  expect(JSON.stringify(done)).not.toContain('secretNote')
})

test('a recall with a long call or a long log is answered by their beginnings, and not refused', async () => {
  const node = new FakeNode()
  const recall = node.recall.bind(node)
  let asked: unknown
  node.recall = request => {
    asked = request
    return recall(request)
  }
  const long = (text: string): string => text + 'x'.repeat(60_000)
  const input = { pendingCall: { tool: 'save', arguments: long('{"text":"') }, lastError: long('no room ') }
  expect((await operations.recall.run(node, input)).ok).toBe(true)
  expect(asked).toEqual({
    pendingCall: { tool: 'save', arguments: long('{"text":"').slice(0, 50_000) },
    lastError: long('no room ').slice(0, 20_000),
  })
})
