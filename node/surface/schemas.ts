/**
 * What goes over the surfaces, as schemas: the types of api.ts once more, with limits, for checking input, for
 * OpenAPI, and for reading a running node's answers. Ids come in as text and go on as branded ids.
 */

import { z } from 'zod'
import type { EntryCid, PeerId, SwarmId } from '../../protocol/types.ts'

/** Raw-codec sha2-256 CIDv1 in base32: a fixed beginning, and 52 characters. */
export const cidIn = z
  .string()
  .regex(/^bafkrei[a-z2-7]{52}$/, 'must be the CID of an entry (bafkrei…, 59 characters)')
  .transform(text => text as EntryCid)

export const swarmIn = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a swarm id (64 hex digits)')
  .transform(text => text as SwarmId)

export const fullPeerId = /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{40,48}$/

/** A whole id, or the beginning or end of one: resolve-peer.ts finds the peer that is meant. */
export const peerIn = z
  .string()
  .min(4)
  .max(64)
  .regex(/^(did:key:)?[1-9A-HJ-NP-Za-km-z]*$/, 'must be a did:key, or the beginning or end of one')

export const authorIn = z
  .string()
  .regex(fullPeerId, 'must be a whole did:key:z6Mk…')
  .transform(text => text as PeerId)

export const cursorIn = z.string().max(500)
export const limitIn = z.coerce.number().int().min(1).max(1000)

/** A point in time; from the query of an address as text. */
export const secondsIn = z.coerce
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 1)
  .meta({ description: 'Seconds since 1970-01-01 UTC' })

const peer = z.string()
const cid = z.string()
const swarm = z.string()
const milliseconds = z.number()
const count = z.number()

export const entryKind = z.enum(['fact', 'procedure', 'pitfall', 'preference'])
const tier = z.enum(['own', 'trusted', 'corroborated', 'quarantined'])
const shareMode = z.enum(['verified', 'reviewed', 'all', 'none'])
export const entryStatus = z.enum(['local', 'review', 'shared', 'received'])
export const feedbackOutcome = z.enum(['helped', 'hurt', 'unused'])
export const outcomeSource = z.enum(['feedback', 'reward', 'exit-code', 'test', 'user'])

const evidence = z.object({ helped: z.number(), hurt: z.number() })
const insight = z.object({ summary: z.string(), detail: z.string(), action: z.string() })
const toolMention = z.object({ name: z.string(), arguments: z.array(z.string()) })
const support = z.object({
  episodes: count,
  asks: count,
  solved: count,
  unsolved: count,
  firstSeen: z.int().meta({ description: 'Whole days since 1970-01-01 UTC' }),
  lastSeen: z.int().meta({ description: 'Whole days since 1970-01-01 UTC' }),
})

export const entry = z.object({
  v: z.literal(1),
  kind: entryKind,
  domains: z.array(z.string()),
  situation: z.string(),
  insight,
  context: z.object({
    languages: z.array(z.string()).exactOptional(),
    frameworks: z.array(z.string()).exactOptional(),
    tools: z.array(toolMention).exactOptional(),
    versions: z.array(z.string()).exactOptional(),
    modelFamily: z.string().exactOptional(),
  }),
  support,
  lineage: z.object({ parents: z.array(cid), method: z.string() }),
  author: peer,
  created: z.int().meta({ description: 'Seconds since 1970-01-01 UTC' }),
  expires: z.int().exactOptional(),
  supersedes: cid.exactOptional(),
})

export const captured = z.object({ episode: z.string(), known: z.boolean() })

const outcome = z.object({ solved: z.boolean(), by: outcomeSource })
const interaction = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message'),
    role: z.enum(['system', 'user', 'assistant']),
    text: z.string(),
  }),
  z.object({ type: z.literal('reasoning'), text: z.string() }),
  z.object({
    type: z.literal('call'),
    id: z.string(),
    tool: z.string(),
    arguments: z.unknown().optional(),
    text: z.string(),
  }),
  z.object({ type: z.literal('result'), callId: z.string(), tool: z.string(), text: z.string() }),
  z.object({
    type: z.literal('observation'),
    name: z.string(),
    value: z.string(),
    at: milliseconds.exactOptional(),
  }),
])

const episodeHead = {
  id: z.string(),
  ask: z.string(),
  source: z.string(),
  model: z.string().exactOptional(),
  capturedAt: milliseconds,
  outcome: outcome.exactOptional(),
  recalled: z.literal(true).meta({ description: 'Lessons were handed out in it' }).exactOptional(),
}
export const episodeSummary = z.object({ ...episodeHead, interactions: count })
export const episodeDetail = z.object({
  ...episodeHead,
  interactions: z.array(interaction),
  entries: z.array(cid),
})

export const distilReport = z.object({
  episodes: count,
  drafts: count,
  newDrafts: count,
  published: count,
  heldOver: count,
  local: z.record(z.string(), count),
})

const draft = z.object({
  key: z.string().meta({ description: 'Drafts with the same key are the same lesson' }),
  pattern: z.string(),
  entry,
  cid,
  bytes: z.string().meta({ description: 'The exact bytes that would be shared, base64' }),
  runs: z
    .array(z.object({ episode: z.string(), ask: z.string(), solved: z.boolean().exactOptional() }))
    .meta({ description: 'The runs behind it, each with the ask for which it counts' }),
  heldBack: z
    .object({ code: z.string(), message: z.string() })
    .exactOptional()
    .meta({ description: 'Why it would not be shared' }),
})
const transcriptPlace = z.int().meta({ description: 'The place of the transcript in what was given, from 0' })
export const distilPreview = z.object({
  drafts: z.array(draft),
  episodes: z.array(
    z.object({
      transcript: transcriptPlace,
      episode: z.string(),
      solved: z.boolean().exactOptional(),
      contradictory: z.literal(true).exactOptional(),
    }),
  ),
  failures: z.array(
    z.object({ transcript: transcriptPlace.exactOptional(), code: z.string(), message: z.string() }),
  ),
})

const recallItem = z.object({
  cid,
  swarm,
  kind: entryKind,
  situation: z.string(),
  insight,
  author: peer,
  tier,
  trust: z.number(),
  evidence,
  support,
  score: z.number(),
  why: z.array(z.string()),
  alternatives: z.array(cid),
  corroboratedBy: z.array(peer),
  independent: count,
})
export const recallResult = z.object({
  recallId: z.string(),
  items: z.array(recallItem),
  prompt: z.string(),
  heldBack: z.array(
    z.object({
      author: peer,
      entries: count,
      reason: z.enum(['stranger', 'blocked']),
      command: z.string(),
    }),
  ),
  withheld: z
    .boolean()
    .meta({ description: 'Something was found, and withheld to see how the task ends without it' }),
  tookMs: z.number(),
})

export const feedbackReport = z.object({
  counted: z.array(z.object({ cid, author: peer, trust: z.number() })),
})

const entryViewFields = {
  cid,
  swarm,
  entry,
  size: count,
  tier,
  status: entryStatus,
  heldBack: z.string().exactOptional(),
  receivedAt: milliseconds,
  evidence,
}
export const entryView = z.object(entryViewFields)
export const entryDetail = z.object({
  ...entryViewFields,
  episodes: z.array(z.string()),
  alternatives: z.array(cid),
  standing: z.enum(['contested', 'refuted']).exactOptional(),
  merged: z.array(cid).exactOptional(),
  corroboratedBy: z.array(peer),
})

const invitePolicy = z.union([
  z.object({ by: z.literal('founder') }),
  z.object({
    by: z.literal('members'),
    depth: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  }),
])
export const swarmView = z.object({
  id: swarm,
  name: z.string(),
  visibility: z.enum(['private', 'open']),
  founder: peer,
  self: peer,
  invite: invitePolicy,
  share: shareMode,
  members: count,
  peers: count,
  records: count,
  entries: count,
  addresses: z.array(z.string()),
  memberUntil: milliseconds.exactOptional(),
  signedElsewhere: count
    .meta({
      description:
        'Records under this node’s own key that came from peers since it was started, and that it did not have',
    })
    .exactOptional(),
  alone: z
    .object({
      reason: z.enum([
        'not-a-member',
        'membership-over',
        'clock-behind',
        'nobody-else',
        'no-address',
        'searching',
        'refused',
        'silent',
        'no-such-name',
        'no-route',
        'no-websocket',
        'other-network',
        'other-node',
        'not-dialable',
        'failed',
      ]),
      message: z.string(),
    })
    .meta({ description: 'Why the node is on its own there, and what to do about it' })
    .exactOptional(),
})

export const inviteView = z.object({
  id: z.string(),
  swarm,
  createdAt: milliseconds,
  expires: z.number().meta({ description: 'Seconds since 1970-01-01 UTC' }),
  uses: count,
  used: count,
  revoked: z.boolean(),
})

export const peerView = z.object({
  peer,
  swarm,
  connected: z.boolean(),
  member: z.boolean(),
  invitedBy: peer.exactOptional(),
  tier,
  trust: z.number(),
  uncertainty: z.number(),
  influence: z.number(),
  behind: peer.exactOptional(),
  evidence,
  attested: evidence,
  word: z.object({
    pinned: z.boolean(),
    blocked: z.boolean(),
    blockedSince: z.number().exactOptional(),
    trust: z.number().exactOptional(),
  }),
  entries: count,
  why: z.array(z.string()),
  clockOffsetMs: z.number().exactOptional(),
})

export const peerDetail = peerView.extend({
  reasons: z.array(
    z.object({
      about: z.enum(['word', 'experience', 'vouching', 'attestations', 'tier']),
      text: z.string(),
      details: z.array(z.string()),
    }),
  ),
})

const taskCounts = z.object({ solved: count, failed: count })
export const nodeStatus = z.object({
  startedAt: milliseconds,
  now: milliseconds,
  swarms: z.array(swarmView),
  episodes: z.object({ stored: count, waiting: count }),
  entries: z.object({
    own: count,
    received: count,
    quarantined: count,
    capacity: count,
    bytes: count,
    capacityBytes: count,
    evicted: count,
  }),
  fetch: z.object({ waiting: count, failed: count }),
  rejected: z.record(z.string(), count),
  recalls: count,
  worth: z
    .object({
      share: z.number(),
      days: count,
      given: taskCounts,
      withheld: taskCounts,
      difference: z.number().exactOptional(),
      low: z.number().exactOptional(),
      high: z.number().exactOptional(),
    })
    .exactOptional(),
  embedder: z.object({ space: z.string(), dimensions: count }),
  distiller: z.string(),
  llm: z
    .object({
      model: z.string(),
      url: z.string(),
      requestsToday: count,
      requestsPerDay: count,
      tokensToday: count,
      tokensPerDay: count,
      waiting: count,
      last: z
        .object({ at: milliseconds, code: z.string().exactOptional(), message: z.string() })
        .exactOptional(),
    })
    .exactOptional(),
})

export const finding = z.object({
  level: z.enum(['ok', 'warn', 'error']),
  check: z.string(),
  message: z.string(),
})

/** A page of a longer list: pass `next` as `cursor` to go on. */
export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().exactOptional() })
}

export function list<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item) })
}
