/**
 * What each recall handed out, so that feedback finds its items, and a query is known by its hash only; and how the
 * tasks of recalls ended that are compared with withheld ones.
 */

import type { EntryCid, PeerId, SwarmId } from '../protocol/types.ts'
import { encode, type Fields, read } from './codec.ts'
import { hashPart, keyOf, lastPart, partsOf, prefixes, timePart } from './layout.ts'
import type { Store, StoreOp } from './ports.ts'

/** Of recalls of which some are withheld to compare: what was found was handed out, or it was not. */
export type RecallSide = 'given' | 'withheld'

export interface StoredRecall {
  /** A key part: ASCII without a slash. */
  readonly id: string
  /** Milliseconds. */
  readonly at: number
  /** Nothing where it was withheld. */
  readonly items: readonly { readonly cid: EntryCid; readonly swarm: SwarmId; readonly author: PeerId }[]
  /** Absent where nothing is compared. */
  readonly side?: RecallSide
  /** Where it was withheld: all lessons on the situations of those that would have been handed out. */
  readonly withheld?: readonly { readonly cid: EntryCid; readonly author: PeerId }[]
}

export function putRecallOps(recall: StoredRecall, query: string): StoreOp[] {
  const { id, at, side } = recall
  const withheld = recall.withheld?.map(({ cid, author }) => ({ cid, author }))
  const items = recall.items.map(({ cid, swarm, author }) => ({ cid, swarm, author }))
  return [
    {
      type: 'put',
      key: keyOf(prefixes.recall, id),
      value: encode({ at, items, side, withheld, query: hashPart(query) }),
    },
    { type: 'put', key: keyOf(prefixes.recallTime, timePart(at), id), value: new Uint8Array() },
  ]
}

/** Undefined for an id that was never given, is forgotten, or is no id at all. */
export function getRecall(
  store: Store,
  id: string,
): (StoredRecall & { readonly solved?: boolean }) | undefined {
  if (!/^[\w-]{1,64}$/.test(id)) return undefined
  const key = keyOf(prefixes.recall, id)
  const value = store.get(key)
  if (value === undefined) return undefined
  const fields = read(key, value)
  const side = sideOf(fields)
  const told = store.get(keyOf(prefixes.recallOutcome, id))
  const withheld = fields.optionalMaps('withheld')
  return {
    id,
    at: fields.number('at'),
    ...(side === undefined ? {} : { side }),
    ...(told === undefined ? {} : { solved: read(id, told).boolean('solved') }),
    ...(withheld === undefined ? {} : { withheld: withheld.map(lessonOf) }),
    items: fields.maps('items').map(item => ({
      ...lessonOf(item),
      swarm: item.string('swarm') as SwarmId,
    })),
  }
}

function lessonOf(item: Fields): { readonly cid: EntryCid; readonly author: PeerId } {
  return { cid: item.string('cid') as EntryCid, author: item.string('author') as PeerId }
}

/** How the task of a recall ended that is compared. */
export interface RecallOutcome extends Pick<StoredRecall, 'withheld'> {
  readonly side: RecallSide
  readonly solved: boolean
}

export function outcomeOps(id: string, { side, solved }: Omit<RecallOutcome, 'withheld'>): StoreOp[] {
  return [{ type: 'put', key: keyOf(prefixes.recallOutcome, id), value: encode({ side, solved }) }]
}

export async function* outcomes(store: Store): AsyncGenerator<RecallOutcome> {
  for await (const [key, value] of store.entries({ prefix: prefixes.recallOutcome })) {
    const fields = read(key, value)
    const side = sideOf(fields)
    const { withheld } = getRecall(store, lastPart(key)) ?? {}
    if (side !== undefined)
      yield { side, solved: fields.boolean('solved'), ...(withheld === undefined ? {} : { withheld }) }
  }
}

function sideOf(fields: Fields): RecallSide | undefined {
  const side = fields.optionalString('side')
  return side === 'given' || side === 'withheld' ? side : undefined
}

/** Forgets up to `limit` recalls before `time` (milliseconds), oldest first, with the feedback on them; its evidence stays. */
export async function forgetRecallsOps(store: Store, time: number, limit: number): Promise<StoreOp[]> {
  const ops: StoreOp[] = []
  for await (const [key] of store.entries({ prefix: prefixes.recallTime, limit })) {
    const [at = '', id = ''] = partsOf(prefixes.recallTime, key)
    if (at >= timePart(time)) break
    for (const row of [key, keyOf(prefixes.recall, id), keyOf(prefixes.recallOutcome, id)])
      ops.push({ type: 'del', key: row })
    for await (const [told] of store.entries({ prefix: keyOf(prefixes.feedback, id, '') }))
      ops.push({ type: 'del', key: told })
  }
  return ops
}
