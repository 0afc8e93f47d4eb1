/**
 * What each recall handed out, so that feedback finds its items, and a query is known by its hash only.
 */

import type { EntryCid, PeerId, SwarmId } from '../protocol/types.ts'
import { encode, read } from './codec.ts'
import { hashPart, keyOf, partsOf, prefixes, timePart } from './layout.ts'
import type { Store, StoreOp } from './ports.ts'

export interface StoredRecall {
  /** A key part: ASCII without a slash. */
  readonly id: string
  /** Milliseconds. */
  readonly at: number
  readonly items: readonly { readonly cid: EntryCid; readonly swarm: SwarmId; readonly author: PeerId }[]
}

export function putRecallOps(recall: StoredRecall, query: string): StoreOp[] {
  const { id, at } = recall
  const items = recall.items.map(({ cid, swarm, author }) => ({ cid, swarm, author }))
  return [
    { type: 'put', key: keyOf(prefixes.recall, id), value: encode({ at, items, query: hashPart(query) }) },
    { type: 'put', key: keyOf(prefixes.recallTime, timePart(at), id), value: new Uint8Array() },
  ]
}

/** Undefined for an id that was never given, is forgotten, or is no id at all. */
export function getRecall(store: Store, id: string): StoredRecall | undefined {
  if (!/^[\w-]{1,64}$/.test(id)) return undefined
  const key = keyOf(prefixes.recall, id)
  const value = store.get(key)
  if (value === undefined) return undefined
  const fields = read(key, value)
  return {
    id,
    at: fields.number('at'),
    items: fields.maps('items').map(item => ({
      cid: item.string('cid') as EntryCid,
      swarm: item.string('swarm') as SwarmId,
      author: item.string('author') as PeerId,
    })),
  }
}

/** Forgets up to `limit` recalls before `time` (milliseconds), oldest first, with the feedback on them; its evidence stays. */
export async function forgetRecallsOps(store: Store, time: number, limit: number): Promise<StoreOp[]> {
  const ops: StoreOp[] = []
  for await (const [key] of store.entries({ prefix: prefixes.recallTime, limit })) {
    const [at = '', id = ''] = partsOf(prefixes.recallTime, key)
    if (at >= timePart(time)) break
    ops.push({ type: 'del', key }, { type: 'del', key: keyOf(prefixes.recall, id) })
    for await (const [told] of store.entries({ prefix: keyOf(prefixes.feedback, id, '') }))
      ops.push({ type: 'del', key: told })
  }
  return ops
}
