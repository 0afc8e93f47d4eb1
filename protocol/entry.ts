/**
 * An entry between the program and its block: canonical dag-cbor, at most 4 KiB, named by its CID. What comes from
 * a peer is hostile text until it has passed here. SPEC section "Entry".
 */

import { latin1Of } from '../crypto/bytes.ts'
import { createMemo } from '../crypto/memo.ts'
import { dayOf } from './body.ts'
import { decodeCanonical, encodeCanonical } from './cbor.ts'
import { Fields } from './fields.ts'
import { cidOf, multiformatsCidOf, publicKeyOfPeer } from './identity.ts'
import {
  actionCharsMax,
  contextCharsMax,
  contextItemsMax,
  detailCharsMax,
  domainCharsMax,
  domainsMax,
  entryBytesMax,
  methodCharsMax,
  parentsMax,
  situationCharsMax,
  summaryCharsMax,
  supportMax,
  toolArgumentsMax,
  toolNameCharsMax,
  toolsMax,
} from './limits.ts'
import type { TextForm } from './text.ts'
import type { Entry, EntryCid, EntryContext, Failure, Result, Support, ToolMention } from './types.ts'

export type EntryFault =
  | 'entry-too-large'
  | 'entry-malformed'
  | 'entry-non-canonical'
  | 'entry-unknown-version'
  | 'entry-invalid'

export interface EncodedEntry {
  readonly bytes: Uint8Array
  readonly cid: EntryCid
}

const word = (max: number): TextForm => ({ min: 1, max, lines: false })
const prose = (min: number, max: number): TextForm => ({ min, max, lines: true })

/** Fails exactly where a reader would: a field out of its limits, a forbidden character, a block too large. */
export function encodeEntry(entry: Entry): Result<EncodedEntry, EntryFault> {
  const bytes = encodeCanonical(entryToWire(entry))
  const read = decodeEntry(bytes)
  return read.ok ? { ok: true, value: { bytes, cid: cidOf(bytes) } } : read
}

/** Entries decoded lately, by all of their bytes: a fetched one is looked at again out of the store, and by each node of a process. */
const knownMax = 1_024
const known = createMemo<Entry>(knownMax)

/** Never throws. That the bytes belong to their CID is the caller's to check: it names the block it fetched. */
export function decodeEntry(bytes: Uint8Array): Result<Entry, EntryFault> {
  if (bytes.length > entryBytesMax) return cborFailure('too-large', bytes.length)
  const memoKey = latin1Of(bytes)
  const before = known.get(memoKey)
  if (before !== undefined) return { ok: true, value: before }
  const read = decodeAnew(bytes)
  if (read.ok) known.set(memoKey, read.value)
  return read
}

function decodeAnew(bytes: Uint8Array): Result<Entry, EntryFault> {
  const decoded = decodeCanonical(bytes, entryBytesMax)
  if (!decoded.ok) return cborFailure(decoded.fault, bytes.length)
  const fields = new Fields(decoded.value)
  const v = fields.integer('v', 1, Number.MAX_SAFE_INTEGER)
  if (v > 1)
    return failure('entry-unknown-version', `The entry is of version ${v}; this node reads version 1.`)
  const entry = readEntry(fields)
  const problem = fields.problem()
  return problem === undefined
    ? { ok: true, value: entry }
    : failure('entry-invalid', `The entry cannot be used: ${problem}.`)
}

/** A block out of this node's own store, which passed `decodeEntry` before it came there; undefined where it is no entry. */
export function restoreEntry(bytes: Uint8Array): Entry | undefined {
  const before = known.get(latin1Of(bytes))
  if (before !== undefined) return before
  const decoded = decodeCanonical(bytes, entryBytesMax)
  if (!decoded.ok) return undefined
  const fields = new Fields(decoded.value)
  const isFirstVersion = fields.integer('v', 1, 1) === 1
  const entry = readEntry(fields)
  return isFirstVersion && fields.problem() === undefined ? entry : undefined
}

function readEntry(fields: Fields): Entry {
  const insight = new Fields(fields.any('insight'), 'insight.')
  const lineage = new Fields(fields.any('lineage'), 'lineage.')
  const entry: Entry = {
    v: 1,
    kind: fields.oneOf('kind', ['fact', 'procedure', 'pitfall', 'preference']),
    domains: fields.texts('domains', 1, domainsMax, word(domainCharsMax)),
    situation: fields.text('situation', prose(1, situationCharsMax)),
    insight: {
      summary: insight.text('summary', prose(1, summaryCharsMax)),
      detail: insight.text('detail', prose(0, detailCharsMax)),
      action: insight.text('action', prose(0, actionCharsMax)),
    },
    context: readContext(fields),
    support: readSupport(fields),
    lineage: {
      parents: lineage.links('parents', 0, parentsMax),
      method: lineage.text('method', word(methodCharsMax)),
    },
    author: fields.peer('author'),
    created: fields.seconds('created'),
    ...(fields.has('expires') ? { expires: fields.day('expires') } : {}),
    ...(fields.has('supersedes') ? { supersedes: fields.link('supersedes') } : {}),
  }
  fields.adopt(insight.problem())
  fields.adopt(lineage.problem())
  const lastsADay = entry.expires === undefined || entry.expires >= dayOf(entry.created)
  fields.require(lastsADay, 'expires must not be before the day of created')
  return entry
}

function readContext(fields: Fields): EntryContext {
  const inner = new Fields(fields.any('context'), 'context.')
  const texts = (key: string) => inner.texts(key, 1, contextItemsMax, word(contextCharsMax))
  const context: EntryContext = {
    ...(inner.has('languages') ? { languages: texts('languages') } : {}),
    ...(inner.has('frameworks') ? { frameworks: texts('frameworks') } : {}),
    ...(inner.has('tools')
      ? { tools: inner.list('tools', 1, toolsMax).map(tool => readTool(inner, tool)) }
      : {}),
    ...(inner.has('versions') ? { versions: texts('versions') } : {}),
    ...(inner.has('modelFamily') ? { modelFamily: inner.text('modelFamily', word(contextCharsMax)) } : {}),
  }
  fields.adopt(inner.problem())
  return context
}

function readTool(context: Fields, value: unknown): ToolMention {
  const inner = new Fields(value, 'context.tools.')
  const tool = {
    name: inner.text('name', word(toolNameCharsMax)),
    arguments: inner.texts('arguments', 0, toolArgumentsMax, word(toolNameCharsMax)),
  }
  context.adopt(inner.problem())
  return tool
}

function readSupport(fields: Fields): Support {
  const inner = new Fields(fields.any('support'), 'support.')
  const support: Support = {
    episodes: inner.integer('episodes', 0, supportMax),
    asks: inner.integer('asks', 0, supportMax),
    solved: inner.integer('solved', 0, supportMax),
    unsolved: inner.integer('unsolved', 0, supportMax),
    firstSeen: inner.day('firstSeen'),
    lastSeen: inner.day('lastSeen'),
  }
  inner.require(support.asks <= support.episodes, 'support.asks must not exceed support.episodes')
  inner.require(
    support.solved + support.unsolved <= support.episodes,
    'support.solved and support.unsolved must not exceed support.episodes',
  )
  inner.require(support.firstSeen <= support.lastSeen, 'support.firstSeen must not be after support.lastSeen')
  fields.adopt(inner.problem())
  return support
}

function entryToWire(entry: Entry): unknown {
  const { context, lineage } = entry
  return {
    v: entry.v,
    kind: entry.kind,
    domains: entry.domains,
    situation: entry.situation,
    insight: { summary: entry.insight.summary, detail: entry.insight.detail, action: entry.insight.action },
    context: {
      ...listed('languages', context.languages),
      ...listed('frameworks', context.frameworks),
      ...listed(
        'tools',
        context.tools?.map(tool => ({ name: tool.name, arguments: tool.arguments })),
      ),
      ...listed('versions', context.versions),
      ...(context.modelFamily === undefined ? {} : { modelFamily: context.modelFamily }),
    },
    support: {
      episodes: entry.support.episodes,
      asks: entry.support.asks,
      solved: entry.support.solved,
      unsolved: entry.support.unsolved,
      firstSeen: entry.support.firstSeen,
      lastSeen: entry.support.lastSeen,
    },
    lineage: { parents: lineage.parents.map(multiformatsCidOf), method: lineage.method },
    author: publicKeyOfPeer(entry.author),
    created: entry.created,
    ...(entry.expires === undefined ? {} : { expires: entry.expires }),
    ...(entry.supersedes === undefined ? {} : { supersedes: multiformatsCidOf(entry.supersedes) }),
  }
}

/** An empty list is not written: there would be two spellings of nothing. */
function listed(key: string, items: readonly unknown[] | undefined): Record<string, readonly unknown[]> {
  return items === undefined || items.length === 0 ? {} : { [key]: items }
}

function cborFailure(
  fault: 'too-large' | 'malformed' | 'non-canonical',
  length: number,
): Failure<EntryFault> {
  switch (fault) {
    case 'too-large':
      return failure(
        'entry-too-large',
        `The entry has ${length} bytes; ${entryBytesMax} are the most. Shorten its detail or action.`,
      )
    case 'malformed':
      return failure(
        'entry-malformed',
        'The block is not an entry: its bytes are not one whole dag-cbor value.',
      )
    case 'non-canonical':
      return failure(
        'entry-non-canonical',
        'The block is not an entry: its bytes are not canonical dag-cbor.',
      )
  }
}

function failure(code: EntryFault, message: string): Failure<EntryFault> {
  return { ok: false, code, message }
}
