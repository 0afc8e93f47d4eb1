/**
 * Episodes as they are kept: what was captured, in order, until it is distilled and then until its retention
 * ends. The episode itself is opaque bytes here. Functions that end in `Ops` return writes for the caller's
 * batch; they read what stands, so steps that write the same episode run one after the other.
 */

import { encode, read } from './codec.ts'
import { hashPart, keyOf, lastPart, partsOf, prefixes, timePart } from './layout.ts'
import type { Store, StoreOp } from './ports.ts'

/** What a listing shows; `body` is fetched apart. */
export interface EpisodeHead {
  /** A key part: ASCII without a slash. */
  readonly id: string
  readonly ask: string
  readonly source: string
  readonly model?: string
  /** Milliseconds. */
  readonly capturedAt: number
  readonly interactions: number
  /** Who says how it ended, and how; absent together. */
  readonly outcome?: { readonly solved: boolean; readonly by: string }
  /** Lessons were handed out in it. */
  readonly recalled?: true
}

/**
 * Keeps an episode, or replaces it (an outcome that came later), and puts it into the distiller's queue. Under an
 * idempotency key, `episodeOfKey` finds it again.
 */
export function putEpisodeOps(
  store: Store,
  head: EpisodeHead,
  body: Uint8Array,
  idempotencyKey?: string,
): StoreOp[] {
  const time = timePart(head.capturedAt)
  const once = idempotencyKey === undefined ? stored(store, head.id)?.once : hashPart(idempotencyKey)
  const ops: StoreOp[] = [
    { type: 'put', key: keyOf(prefixes.episodeHead, head.id), value: encodeHead(head, once) },
    { type: 'put', key: keyOf(prefixes.episodeBody, head.id), value: body },
    mark(keyOf(prefixes.episodeTime, time, head.id)),
    mark(keyOf(prefixes.episodeQueue, time, head.id)),
  ]
  if (once !== undefined)
    ops.push({ type: 'put', key: keyOf(prefixes.episodeOnce, once), value: encode({ id: head.id }) })
  // One that stood under another time would leave its index rows behind.
  return [...forgetEpisodeOps(store, head.id), ...ops]
}

export function episodeHead(store: Store, id: string): EpisodeHead | undefined {
  return stored(store, id)?.head
}

export function episodeBody(store: Store, id: string): Uint8Array | undefined {
  return store.get(keyOf(prefixes.episodeBody, id))
}

/** The redacted form, as `putRedactedOps` kept it; undefined where other rules made it. */
export function redactedBody(store: Store, id: string, rules: string): Uint8Array | undefined {
  const key = keyOf(prefixes.episodeRedacted, id)
  const value = store.get(key)
  if (value === undefined) return undefined
  const fields = read(key, value)
  return fields.string('rules') === rules ? fields.bytes('body') : undefined
}

/** Redacting is the dearest step before distilling, and an episode is distilled beside many later ones. */
export function putRedactedOps(id: string, rules: string, body: Uint8Array): StoreOp[] {
  return [{ type: 'put', key: keyOf(prefixes.episodeRedacted, id), value: encode({ rules, body }) }]
}

export function episodeOfKey(store: Store, idempotencyKey: string): string | undefined {
  const key = keyOf(prefixes.episodeOnce, hashPart(idempotencyKey))
  const value = store.get(key)
  return value === undefined ? undefined : read(key, value).string('id')
}

/** Newest first. The cursor is the last item's `capturedAt` and id, as `episodeCursor` makes it. */
export async function listEpisodes(store: Store, limit: number, cursor?: string): Promise<EpisodeHead[]> {
  const after = cursor === undefined ? {} : { after: prefixes.episodeTime + cursor }
  return heads(store, { prefix: prefixes.episodeTime, reverse: true, limit, ...after })
}

export function episodeCursor(head: EpisodeHead): string {
  return keyOf('', timePart(head.capturedAt), head.id)
}

/** Ids that wait for the distiller, in the order of capture. */
export async function pendingEpisodes(store: Store, limit: number): Promise<string[]> {
  return ids(store, { prefix: prefixes.episodeQueue, limit })
}

/** Whether it waits for the distiller. */
export function isPending(store: Store, head: EpisodeHead): boolean {
  return store.has(keyOf(prefixes.episodeQueue, timePart(head.capturedAt), head.id))
}

export function waitingOps(head: EpisodeHead): StoreOp[] {
  return [mark(keyOf(prefixes.episodeQueue, timePart(head.capturedAt), head.id))]
}

export function distilledOps(head: EpisodeHead): StoreOp[] {
  return [del(keyOf(prefixes.episodeQueue, timePart(head.capturedAt), head.id))]
}

/** The episode and every row that names it; its drafts are `drafts.ts`'s. Nothing where there is no such episode. */
export function forgetEpisodeOps(store: Store, id: string): StoreOp[] {
  const found = stored(store, id)
  if (found === undefined) return []
  const { head, once } = found
  const time = timePart(head.capturedAt)
  return [
    del(keyOf(prefixes.episodeHead, id)),
    del(keyOf(prefixes.episodeBody, id)),
    del(keyOf(prefixes.episodeRedacted, id)),
    del(keyOf(prefixes.episodeLlm, id)),
    del(keyOf(prefixes.episodeTime, time, id)),
    del(keyOf(prefixes.episodeQueue, time, id)),
    ...(once === undefined ? [] : [del(keyOf(prefixes.episodeOnce, once))]),
  ]
}

/** Ids captured before `time` (milliseconds), oldest first: what retention forgets. */
export async function episodesBefore(store: Store, time: number, limit: number): Promise<string[]> {
  const found: string[] = []
  for await (const [key] of store.entries({ prefix: prefixes.episodeTime, limit })) {
    const [at = '', id = ''] = partsOf(prefixes.episodeTime, key)
    if (at >= timePart(time)) break
    found.push(id)
  }
  return found
}

/**
 * How many are stored, and how many wait: read once at start, then counted by the caller. `strays` takes away rows under
 * which no episode stands (any more): nobody else would.
 */
export async function countEpisodes(
  store: Store,
): Promise<{ stored: number; waiting: number; strays: StoreOp[] }> {
  const strays: StoreOp[] = []
  const count = async (prefix: string): Promise<number> => {
    let standing = 0
    for await (const [key] of store.entries({ prefix })) {
      const [time = '', id = ''] = partsOf(prefix, key)
      const head = episodeHead(store, id)
      if (head !== undefined && timePart(head.capturedAt) === time) standing++
      else strays.push(del(key))
    }
    return standing
  }
  return {
    stored: await count(prefixes.episodeTime),
    waiting: await count(prefixes.episodeQueue),
    strays,
  }
}

function encodeHead(head: EpisodeHead, once: string | undefined): Uint8Array {
  const { id, ask, source, model, capturedAt, interactions, outcome, recalled } = head
  return encode({
    id,
    ask,
    source,
    model,
    capturedAt,
    interactions,
    solved: outcome?.solved,
    by: outcome?.by,
    recalled,
    once,
  })
}

function stored(store: Store, id: string): { head: EpisodeHead; once: string | undefined } | undefined {
  const key = keyOf(prefixes.episodeHead, id)
  const value = store.get(key)
  if (value === undefined) return undefined
  const fields = read(key, value)
  const model = fields.optionalString('model')
  const solved = fields.optionalBoolean('solved')
  const head: EpisodeHead = {
    id: fields.string('id'),
    ask: fields.string('ask'),
    source: fields.string('source'),
    ...(model === undefined ? {} : { model }),
    capturedAt: fields.number('capturedAt'),
    interactions: fields.number('interactions'),
    ...(solved === undefined ? {} : { outcome: { solved, by: fields.string('by') } }),
    ...(fields.optionalBoolean('recalled') === true ? { recalled: true } : {}),
  }
  return { head, once: fields.optionalString('once') }
}

async function heads(store: Store, range: Parameters<Store['entries']>[0]): Promise<EpisodeHead[]> {
  const found = (await ids(store, range)).map(id => episodeHead(store, id))
  return found.filter(head => head !== undefined)
}

async function ids(store: Store, range: Parameters<Store['entries']>[0]): Promise<string[]> {
  const found: string[] = []
  for await (const [key] of store.entries(range)) found.push(lastPart(key))
  return found
}

function mark(key: string): StoreOp {
  return { type: 'put', key, value: new Uint8Array() }
}

function del(key: string): StoreOp {
  return { type: 'del', key }
}
