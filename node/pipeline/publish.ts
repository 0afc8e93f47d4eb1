/**
 * From draft to entry, and whether it may be shared (behaviour.md, "Distil"; lessons.md, "What may leave the
 * node"). Pure: the caller signs, stores and gossips.
 */

import type { KeyPair } from '../../crypto/keys.ts'
import { signRecord } from '../../protocol/envelope.ts'
import { sketchOf } from '../../protocol/sketch.ts'
import { shardOf } from '../../protocol/swarm.ts'
import type {
  Day,
  Descriptor,
  DigestRecord,
  Entry,
  EntryCid,
  PeerId,
  Seconds,
  SpaceId,
  Support,
  SwarmId,
} from '../../protocol/types.ts'
import type { ShareMode } from '../api.ts'
import type { DraftSupport, EntryDraft } from '../ports.ts'

export type Review = 'approved' | 'rejected' | undefined

/** How often a lesson whose support grows is announced again: when it rests on this many times as many asks. */
const republishFactor = 2

export interface Tally {
  readonly episodes: number
  readonly asks: number
  readonly solved: number
  readonly unsolved: number
}

export function tallyOf(support: readonly DraftSupport[]): Tally {
  const asks = new Set(support.map(one => one.ask))
  let solved = 0
  let unsolved = 0
  for (const one of support) {
    if (one.solved === true) solved++
    else if (one.solved === false) unsolved++
  }
  return { episodes: support.length, asks: asks.size, solved, unsolved }
}

/** Why a draft stays on this node: a code for the program, a sentence for people. */
export interface HeldBackReason {
  readonly code:
    | 'rejected'
    | 'quotes'
    | 'sharing-off'
    | 'awaits-review'
    | 'contradicted'
    | 'too-few-asks'
    | 'no-outcome'
    | 'lapsed'
  readonly message: string
}

/** Undefined when the draft may be shared. */
export function heldBackBy(
  draft: Pick<
    EntryDraft,
    'asksToShare' | 'needsSolved' | 'needsReview' | 'staysHere' | 'isContradicted' | 'support'
  >,
  mode: ShareMode,
  review: Review,
): HeldBackReason | undefined {
  if (review === 'rejected') return { code: 'rejected', message: 'You rejected it.' }
  if (draft.staysHere === true)
    return { code: 'quotes', message: 'It quotes what somebody wrote, and serves this node alone.' }
  if (mode === 'none') return { code: 'sharing-off', message: 'Sharing is switched off for this swarm.' }
  if ((mode === 'reviewed' || draft.needsReview === true) && review !== 'approved')
    return { code: 'awaits-review', message: 'It waits for your review.' }
  if (review === 'approved') return undefined
  if (draft.isContradicted === true)
    return { code: 'contradicted', message: 'Another lesson that rests on more says the opposite.' }
  if (mode === 'all') return undefined
  const counting = draft.needsSolved ? draft.support.filter(one => one.solved === true) : draft.support
  const { asks } = tallyOf(counting)
  if (asks < draft.asksToShare) {
    const kind = draft.needsSolved ? 'solved ask' : 'ask'
    return {
      code: 'too-few-asks',
      message: `It rests on ${asks} ${kind}${asks === 1 ? '' : 's'}, and ${draft.asksToShare} are needed before it is shared.`,
    }
  }
  const { solved, unsolved } = tallyOf(draft.support)
  if (solved + unsolved === 0 && asks < 2)
    return { code: 'no-outcome', message: 'No outcome is known for any of its episodes.' }
  return undefined
}

export interface EntryMaking {
  readonly author: PeerId
  readonly created: Seconds
  readonly supersedes?: EntryCid
  readonly firstSeen: Day
  readonly lastSeen: Day
}

export function entryOf(draft: EntryDraft, making: EntryMaking): Entry {
  const support: Support = {
    ...tallyOf(draft.support),
    firstSeen: making.firstSeen,
    lastSeen: making.lastSeen,
  }
  return {
    v: 1,
    kind: draft.kind,
    domains: draft.domains,
    situation: draft.situation,
    insight: draft.insight,
    context: draft.context,
    support,
    lineage: { parents: making.supersedes === undefined ? [] : [making.supersedes], method: draft.pattern },
    author: making.author,
    created: making.created,
    ...(making.supersedes === undefined ? {} : { supersedes: making.supersedes }),
  }
}

export interface Announcing {
  readonly entry: Entry
  readonly cid: EntryCid
  readonly size: number
  readonly space: SpaceId
  readonly vector: Float32Array
  /** When it is announced: the entry's own time, or later when it is announced again. */
  readonly t: Seconds
}

/** The record that announces an own entry. */
export function digestOf(
  { descriptor, id, pair }: { readonly descriptor: Descriptor; readonly id: SwarmId; readonly pair: KeyPair },
  { cid, entry, size, space, t, vector }: Announcing,
): DigestRecord {
  const body = {
    cid,
    size,
    shard: shardOf(entry.domains[0] ?? '', descriptor.shards),
    created: entry.created,
    space,
    sketch: sketchOf(vector),
    ...(entry.expires === undefined ? {} : { expires: entry.expires }),
    ...(entry.supersedes === undefined ? {} : { supersedes: entry.supersedes }),
  }
  return signRecord({ swarm: id, kind: 'digest', t, body }, pair)
}

/** Whether the entry that stands no longer says what the draft says: other words, less support, or far more. */
export function needsSuccessor(standing: Entry, draft: EntryDraft): boolean {
  const now = tallyOf(draft.support)
  // At least one: a lesson that a person wrote rests on none, and twice nothing is no more.
  if (now.asks >= Math.max(1, standing.support.asks * republishFactor)) return true
  if (now.episodes < standing.support.episodes || now.solved < standing.support.solved) return true
  if (now.episodes >= Math.max(1, standing.support.episodes * 2 * republishFactor)) return true
  return (
    standing.situation !== draft.situation ||
    standing.insight.summary !== draft.insight.summary ||
    standing.insight.detail !== draft.insight.detail ||
    standing.insight.action !== draft.insight.action
  )
}
