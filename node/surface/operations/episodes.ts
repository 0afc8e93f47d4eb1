/** Operations on what was captured: episodes in, listed, forgotten; lessons out of them. */

import { z } from 'zod'
import { operation } from '../operation.ts'
import {
  captured,
  cursorIn,
  distilPreview,
  distilReport,
  episodeDetail,
  episodeSummary,
  limitIn,
  outcomeSource,
  page,
  secondsIn,
} from '../schemas.ts'

const episodeId = z.string().min(1).max(200)

export const captureEpisode = operation({
  name: 'captureEpisode',
  group: 'episodes',
  summary:
    'Captures one transcript as an episode; answers when it is durable. The body is the transcript: an object with messages, or a list of messages',
  method: 'POST',
  path: '/api/v1/episodes',
  input: z.strictObject({
    transcript: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]),
    idempotencyKey: z.string().min(1).max(200).exactOptional(),
  }),
  output: captured,
  status: 201,
  needsRunning: false,
  bodyInput: 'transcript',
  headers: { idempotencyKey: 'Idempotency-Key' },
  largeBody: true,
  handler: (node, { transcript, ...options }) => node.capture(transcript, options),
})

export const listEpisodes = operation({
  name: 'listEpisodes',
  group: 'episodes',
  summary: 'Lists captured episodes, newest first',
  method: 'GET',
  path: '/api/v1/episodes',
  input: z.strictObject({ cursor: cursorIn.exactOptional(), limit: limitIn.exactOptional() }),
  output: page(episodeSummary),
  status: 200,
  needsRunning: false,
  handler: async (node, { cursor, limit }) => ({ ok: true, value: await node.episodes(cursor, limit) }),
})

export const getEpisode = operation({
  name: 'getEpisode',
  group: 'episodes',
  summary: 'One episode with its interactions, and the entries that came from it',
  method: 'GET',
  path: '/api/v1/episodes/{id}',
  input: z.strictObject({ id: episodeId }),
  output: episodeDetail,
  status: 200,
  needsRunning: false,
  handler: (node, { id }) => node.episode(id),
})

export const forgetEpisode = operation({
  name: 'forgetEpisode',
  group: 'episodes',
  summary:
    'Forgets an episode, drops what rested on it alone, and retracts it where it was shared; what rests on others too is distilled anew',
  method: 'DELETE',
  path: '/api/v1/episodes/{id}',
  input: z.strictObject({ id: episodeId }),
  output: z.object({ dropped: z.number(), retracted: z.number() }),
  status: 200,
  needsRunning: false,
  handler: (node, { id }) => node.forget(id),
})

export const forgetEpisodesBefore = operation({
  name: 'forgetEpisodesBefore',
  group: 'episodes',
  summary:
    'Forgets all episodes captured before a time, and what rested on them alone, as forgetting each does',
  method: 'DELETE',
  path: '/api/v1/episodes',
  input: z.strictObject({ before: secondsIn }),
  output: z.object({ episodes: z.number(), dropped: z.number(), retracted: z.number() }),
  status: 200,
  needsRunning: false,
  handler: (node, { before }) => node.forgetBefore(before * 1000),
})

export const setOutcome = operation({
  name: 'setOutcome',
  group: 'episodes',
  summary: 'Says how an episode ended',
  method: 'PUT',
  path: '/api/v1/episodes/{id}/outcome',
  input: z.strictObject({ id: episodeId, solved: z.boolean(), by: outcomeSource }),
  output: captured,
  status: 200,
  needsRunning: false,
  handler: (node, { id, solved, by }) => node.outcome(id, { solved, by }),
})

export const distil = operation({
  name: 'distil',
  group: 'episodes',
  summary: 'Distils the episodes that wait, and shares what the sharing rules allow',
  method: 'POST',
  path: '/api/v1/distil',
  input: z.strictObject({}),
  output: distilReport,
  status: 200,
  needsRunning: false,
  handler: async node => ({ ok: true, value: await node.distil() }),
})

export const previewDistil = operation({
  name: 'previewDistil',
  group: 'episodes',
  summary: 'What would come out of these transcripts, and the exact bytes; nothing is stored',
  method: 'POST',
  path: '/api/v1/distil/preview',
  input: z.strictObject({ transcripts: z.array(z.unknown()).max(100_000) }),
  output: distilPreview,
  status: 200,
  needsRunning: false,
  largeBody: true,
  handler: async (node, { transcripts }) => {
    const found = await node.preview(transcripts)
    const drafts = found.drafts.map(one => ({ ...one, bytes: Buffer.from(one.bytes).toString('base64') }))
    return { ok: true, value: { ...found, drafts } }
  },
})
