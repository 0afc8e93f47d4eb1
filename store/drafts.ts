/**
 * Own lessons by key: the draft, on which episodes it rests, where it is published and what the owner said of
 * it. Support stands in a row for each episode, so that adding the same one again changes nothing. Functions
 * that end in `Ops` return writes for the caller's batch; steps on the same draft run one after the other.
 */

import type { EntryCid, SwarmId } from '../protocol/types.ts'
import { encode, type Fields, read } from './codec.ts'
import { hashPart, keyOf, lastPart, prefixes } from './layout.ts'
import type { Store, StoreOp } from './ports.ts'

export interface StoredDraft {
  /** Drafts with the same key are the same lesson. */
  readonly key: string
  /** The draft without its support, opaque here. */
  readonly body: Uint8Array
  readonly review?: 'approved' | 'rejected'
  /** The entry that stands for it in a swarm, shared or not. */
  readonly entries: readonly {
    readonly swarm: SwarmId
    readonly cid: EntryCid
    /** Seconds: when the entry was made. Absent in older rows. */
    readonly created?: number
  }[]
}

export interface StoredSupport {
  readonly episode: string
  readonly ask: string
  /** Absent where the episode has no outcome. */
  readonly solved?: boolean
  /** Milliseconds: when the episode was captured. */
  readonly capturedAt: number
}

export function putDraftOps(draft: StoredDraft): StoreOp[] {
  const { key, body, review } = draft
  const entries = draft.entries.map(({ swarm, cid, created }) => ({
    swarm,
    cid,
    ...(created === undefined ? {} : { created }),
  }))
  return [{ type: 'put', key: draftKey(key), value: encode({ key, body, review, entries }) }]
}

/** Adds support, or replaces what the same episode gave before (its outcome may have come later). */
export function addSupportOps(key: string, support: StoredSupport): StoreOp[] {
  const { episode, ask, solved, capturedAt } = support
  return [
    {
      type: 'put',
      key: keyOf(prefixes.draftSupport, hashPart(key), episode),
      value: encode({ episode, ask, solved, capturedAt }),
    },
    { type: 'put', key: keyOf(prefixes.draftEpisode, episode, hashPart(key)), value: encode({ key }) },
  ]
}

export function removeSupportOps(key: string, episode: string): StoreOp[] {
  return [
    { type: 'del', key: keyOf(prefixes.draftSupport, hashPart(key), episode) },
    { type: 'del', key: keyOf(prefixes.draftEpisode, episode, hashPart(key)) },
  ]
}

/** The draft alone; its support goes with `removeSupportOps`. */
export function dropDraftOps(key: string): StoreOp[] {
  return [{ type: 'del', key: draftKey(key) }]
}

export function getDraft(store: Store, key: string): StoredDraft | undefined {
  const row = draftKey(key)
  const value = store.get(row)
  return value === undefined ? undefined : decodeDraft(read(row, value))
}

/** All drafts; tens of thousands at most, since repeats add support and not drafts. */
export async function* allDrafts(store: Store): AsyncGenerator<StoredDraft> {
  for await (const [key, value] of store.entries({ prefix: prefixes.draft }))
    yield decodeDraft(read(key, value))
}

/** In the order of episode ids. */
export async function supportOf(store: Store, key: string): Promise<StoredSupport[]> {
  const found: StoredSupport[] = []
  for await (const [row, value] of store.entries({
    prefix: keyOf(prefixes.draftSupport, hashPart(key), ''),
  })) {
    const fields = read(row, value)
    const solved = fields.optionalBoolean('solved')
    found.push({
      episode: lastPart(row),
      ask: fields.string('ask'),
      ...(solved === undefined ? {} : { solved }),
      capturedAt: fields.number('capturedAt'),
    })
  }
  return found
}

/** Keys of the drafts that rest on an episode. */
export async function draftsOfEpisode(store: Store, episode: string): Promise<string[]> {
  const found: string[] = []
  for await (const [row, value] of store.entries({ prefix: keyOf(prefixes.draftEpisode, episode, '') }))
    found.push(read(row, value).string('key'))
  return found
}

function draftKey(key: string): string {
  return keyOf(prefixes.draft, hashPart(key))
}

function decodeDraft(fields: Fields): StoredDraft {
  const review = fields.optionalString('review')
  return {
    key: fields.string('key'),
    body: fields.bytes('body'),
    ...(review === 'approved' || review === 'rejected' ? { review } : {}),
    entries: fields.maps('entries').map(item => {
      const created = item.optionalNumber('created')
      return {
        swarm: item.string('swarm') as SwarmId,
        cid: item.string('cid') as EntryCid,
        ...(created === undefined ? {} : { created }),
      }
    }),
  }
}
