import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { localClient, remoteClient } from '../../../node/surface/cli/client.ts'
import { createApi } from '../../../node/surface/http/api.ts'
import { type Listening, listen } from '../../../node/surface/http/server.ts'
import type { InputOf, OperationName } from '../../../node/surface/operations.ts'
import { cidOf, FakeNode, friend } from '../../unit/node/surface/fake-node.ts'

const token = 'test-token-test-token-test-token-test'
let folder: string
let listening: Listening
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-client-'))
  const api = createApi({
    node: new FakeNode(),
    token,
    hosts: [],
    exposed: false,
    version: '0',
    ready: () => true,
    report: error => {
      throw error
    },
  })
  const done = await listen(api, { host: '127.0.0.1', port: 0, expose: false })
  if (!done.ok) throw new Error(done.message)
  listening = done.value
})
afterEach(async () => {
  await listening.close()
  await rm(folder, { recursive: true, force: true })
})

const calls: { readonly [Name in OperationName]?: InputOf<Name> } = {
  captureEpisode: {
    transcript: { messages: [{ role: 'user', content: 'ä "quoted" \u2028' }] },
    idempotencyKey: 'k',
  },
  listEpisodes: { limit: 5 },
  getEpisode: { id: 'not/there?&#' },
  forgetEpisodesBefore: { before: 1_700_000_000 },
  retractEntriesBefore: { before: 1_700_000_000 },
  setRecallOutcome: { recallId: 'r/1', solved: false },
  distil: {},
  previewDistil: { transcripts: [{ messages: [] }] },
  recall: { query: 'refund', tools: ['a'], pendingCall: { tool: 'x', arguments: '{}' } },
  giveFeedback: { recallId: 'r-1', outcome: 'helped', items: [cidOf(1)] },
  listEntries: { status: 'received', text: 'a b&c' },
  getEntry: { cid: cidOf(1) },
  setTrust: { id: friend, blocked: true, blockedSince: 5 },
  explainTrust: { id: 'bbbbX' },
  clearTrust: { id: friend },
  joinSwarm: { invitation: 'swarmlore1invitation' },
  createInvite: {},
  revokeInvite: { id: 'other' },
  getStatus: {},
  runDoctor: {},
}

test('an operation answers the same over HTTP as on the node itself, failures included', async () => {
  const node = new FakeNode()
  const local = localClient({ node, close: () => node.stop() })
  const remote = remoteClient(listening.url, token)
  for (const name of Object.keys(calls) as OperationName[]) {
    const input = calls[name] as never
    expect(await remote.call(name, input), name).toEqual(await local.call(name, input))
  }
})

test('a wrong token, and a node that is gone, are failures with a way out', async () => {
  expect(await remoteClient(listening.url, 'wrong').call('getStatus', {})).toMatchObject({
    code: 'bad-token',
  })
  const { url } = listening
  await listening.close()
  expect(await remoteClient(url, token).call('getStatus', {})).toMatchObject({
    code: 'no-answer',
    message: expect.stringContaining('swarmlore up'),
  })
})
