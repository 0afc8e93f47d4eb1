/** Operations on entries: listed, written by hand, reviewed, retracted. */

import { z } from 'zod'
import { operation } from '../operation.ts'
import {
  authorIn,
  cidIn,
  cursorIn,
  entryDetail,
  entryKind,
  entryStatus,
  entryView,
  limitIn,
  page,
  secondsIn,
  swarmIn,
} from '../schemas.ts'

export const listEntries = operation({
  name: 'listEntries',
  group: 'entries',
  summary: 'Lists entries by status, author, domain, swarm or text',
  method: 'GET',
  path: '/api/v1/entries',
  input: z.strictObject({
    status: entryStatus.exactOptional(),
    author: authorIn.exactOptional(),
    domain: z.string().max(64).exactOptional(),
    text: z.string().max(500).exactOptional(),
    swarm: swarmIn.exactOptional(),
    cursor: cursorIn.exactOptional(),
    limit: limitIn.exactOptional(),
  }),
  output: page(entryView),
  status: 200,
  needsRunning: false,
  handler: async (node, filter) => ({ ok: true, value: await node.entries(filter) }),
})

export const getEntry = operation({
  name: 'getEntry',
  group: 'entries',
  summary: 'One entry, with where it came from, who says the same, and who says something else',
  method: 'GET',
  path: '/api/v1/entries/{cid}',
  input: z.strictObject({ cid: cidIn }),
  output: entryDetail,
  status: 200,
  needsRunning: false,
  handler: (node, { cid }) => node.entry(cid),
})

export const addEntry = operation({
  name: 'addEntry',
  group: 'entries',
  summary: 'Writes an entry by hand, and shares it',
  method: 'POST',
  path: '/api/v1/entries',
  // The lengths are checked once more, exactly, where the entry is encoded (4 KiB in all).
  input: z.strictObject({
    kind: entryKind,
    domains: z.array(z.string().min(1).max(64)).min(1).max(16),
    situation: z.string().min(1).max(4000),
    insight: z.strictObject({
      summary: z.string().min(1).max(4000),
      detail: z.string().max(4000).exactOptional(),
      action: z.string().min(1).max(4000),
    }),
    tools: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(200),
          arguments: z.array(z.string().max(200)).max(64).exactOptional(),
        }),
      )
      .max(32)
      .exactOptional(),
    swarm: swarmIn.exactOptional(),
  }),
  output: entryView,
  status: 201,
  needsRunning: false,
  handler: (node, entry) => node.addEntry(entry),
})

export const retractEntry = operation({
  name: 'retractEntry',
  group: 'entries',
  summary: 'Retracts an own entry: it leaves this node and every peer that hears of it',
  method: 'POST',
  path: '/api/v1/entries/{cid}/retraction',
  input: z.strictObject({ cid: cidIn }),
  output: z.object({ swarms: z.number() }),
  status: 200,
  needsRunning: false,
  handler: (node, { cid }) => node.retract(cid),
})

export const retractEntriesBefore = operation({
  name: 'retractEntriesBefore',
  group: 'entries',
  summary: 'Retracts all of this node’s own entries created before a time, in every swarm',
  method: 'POST',
  path: '/api/v1/entries/retraction',
  input: z.strictObject({ before: secondsIn }),
  output: z.object({ swarms: z.number(), entries: z.number() }),
  status: 200,
  needsRunning: false,
  handler: (node, { before }) => node.retractBefore(before),
})

export const reviewEntry = operation({
  name: 'reviewEntry',
  group: 'entries',
  summary: 'Approves or rejects an entry that waits for review before it is shared',
  method: 'POST',
  path: '/api/v1/entries/{cid}/review',
  input: z.strictObject({ cid: cidIn, verdict: z.enum(['approve', 'reject']) }),
  output: entryView,
  status: 200,
  needsRunning: false,
  handler: (node, { cid, verdict }) => node.review(cid, verdict),
})
