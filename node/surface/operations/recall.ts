/** Operations around the model: what helps it now, and whether it did. */

import { z } from 'zod'
import { operation } from '../operation.ts'
import { cidIn, feedbackOutcome, feedbackReport, recallResult } from '../schemas.ts'

/**
 * What comes from the middle of a run is long now and then (a file to write, a log). The beginning tells what it is
 * about: the rest is cut, and the recall not refused. The body's size bounds it before.
 */
function beginning(charsMax: number) {
  return z.string().transform(text => text.slice(0, charsMax))
}

export const recall = operation({
  name: 'recall',
  group: 'recall',
  summary: 'The few lessons that help with a query, a tool call about to be made, or an error just seen',
  method: 'POST',
  path: '/api/v1/recall',
  input: z
    .strictObject({
      query: beginning(20_000).exactOptional(),
      pendingCall: z
        .strictObject({
          tool: z.string().min(1).max(200),
          arguments: beginning(50_000)
            .exactOptional()
            .meta({ description: 'JSON text; it may be cut off, as it is while a model still writes it' }),
        })
        .exactOptional(),
      lastError: beginning(20_000).exactOptional(),
      tools: z.array(z.string().max(200)).max(500).exactOptional(),
      limit: z.int().min(1).max(20).exactOptional(),
      tokenBudget: z.int().min(50).max(20_000).exactOptional(),
      timeBudgetMs: z.int().min(1).max(10_000).exactOptional(),
      control: z
        .boolean()
        .meta({ description: 'false: it is for no model, and never withheld to compare' })
        .exactOptional(),
    })
    .refine(
      given => [given.query, given.pendingCall, given.lastError].some(value => value !== undefined),
      'give at least one of query, pendingCall and lastError',
    ),
  output: recallResult,
  status: 200,
  needsRunning: false,
  handler: async (node, request) => ({ ok: true, value: await node.recall(request) }),
})

export const giveFeedback = operation({
  name: 'giveFeedback',
  group: 'recall',
  summary: 'Whether recalled lessons helped or hurt; the only one of that recall when no items are named',
  method: 'POST',
  path: '/api/v1/feedback',
  input: z.strictObject({
    recallId: z.string().min(1).max(200),
    outcome: feedbackOutcome,
    items: z.array(cidIn).min(1).max(20).exactOptional(),
  }),
  output: feedbackReport,
  status: 200,
  needsRunning: false,
  handler: async (node, { recallId, outcome, items }) => {
    if (items === undefined) return node.feedback(recallId, outcome)
    const counted = []
    for (const item of items) {
      const done = await node.feedback(recallId, outcome, item)
      if (!done.ok) return done
      counted.push(...done.value.counted)
    }
    return { ok: true, value: { counted } }
  },
})

export const setRecallOutcome = operation({
  name: 'setRecallOutcome',
  group: 'recall',
  summary:
    'How the task of a recall ended; compares recalls that were handed out with withheld ones (setting controlShare)',
  method: 'PUT',
  path: '/api/v1/recalls/{recallId}/outcome',
  input: z.strictObject({ recallId: z.string().min(1).max(200), solved: z.boolean() }),
  output: z.object({ counted: z.boolean() }),
  status: 200,
  needsRunning: false,
  handler: (node, { recallId, solved }) => node.recallOutcome(recallId, solved),
})
