/**
 * The kept set: the blocks of entries, and what this node knows of each. An own entry that is not shared stands
 * under another prefix than what peers may fetch, so that serving blocks cannot give it away.
 */

import type { EntryCid, PeerId, SwarmId } from '../protocol/types.ts'
import { encode, type Fields, read } from './codec.ts'
import { keyOf, partsOf, prefixes } from './layout.ts'
import type { Store, StoreOp } from './ports.ts'

export interface KeptEntry {
  readonly swarm: SwarmId
  readonly cid: EntryCid
  readonly author: PeerId
  /** False for an own entry that is held back: peers cannot fetch its block. */
  readonly shared: boolean
  /** Milliseconds. */
  readonly receivedAt: number
  /** The neighbour that delivered it; absent for own entries. */
  readonly from?: PeerId
  /** Key of the own draft behind it. */
  readonly draftKey?: string
  /** How often it was handed out, and when last (milliseconds). */
  readonly uses: number
  readonly lastUsedAt?: number
}

/** Keeps an entry with its block, or moves the block when `shared` changed. */
export function putEntryOps(entry: KeptEntry, block: Uint8Array): StoreOp[] {
  const { swarm, cid, shared } = entry
  return [
    ...updateEntryOps(entry),
    { type: 'put', key: blockKey(swarm, cid, shared), value: block },
    { type: 'del', key: blockKey(swarm, cid, !shared) },
  ]
}

/** What is known of it, without its block. `shared` must be as it stands. */
export function updateEntryOps(entry: KeptEntry): StoreOp[] {
  const { swarm, cid, author, shared, receivedAt, from, draftKey, uses, lastUsedAt } = entry
  const value = encode({ author, shared, receivedAt, from, draftKey, uses, lastUsedAt })
  return [{ type: 'put', key: keyOf(prefixes.kept, swarm, cid), value }]
}

export function deleteEntryOps(swarm: SwarmId, cid: EntryCid): StoreOp[] {
  return [
    { type: 'del', key: keyOf(prefixes.kept, swarm, cid) },
    { type: 'del', key: blockKey(swarm, cid, true) },
    { type: 'del', key: blockKey(swarm, cid, false) },
  ]
}

/** The block for this node itself: shared or not. */
export function getBlock(store: Store, swarm: SwarmId, cid: EntryCid): Uint8Array | undefined {
  return store.get(blockKey(swarm, cid, true)) ?? store.get(blockKey(swarm, cid, false))
}

/**
 * Everything kept, by swarm and CID, with blocks: what a start reads. Shared blocks stand in the same order as what is
 * known of them, so both are read side by side; looking up each would take three times as long.
 */
export async function* allEntries(store: Store): AsyncGenerator<{ entry: KeptEntry; block: Uint8Array }> {
  const blocks = store.entries({ prefix: prefixes.block })[Symbol.asyncIterator]()
  try {
    let next = await blocks.next()
    for await (const [key, value] of store.entries({ prefix: prefixes.kept })) {
      const [swarm, cid] = partsOf(prefixes.kept, key) as [SwarmId, EntryCid]
      const entry = decodeEntry(swarm, cid, read(key, value))
      const wanted = blockKey(swarm, cid, entry.shared)
      // Keys are ASCII: their order as text is their order in the store.
      while (entry.shared && !next.done && next.value[0] < wanted) next = await blocks.next()
      const block = !next.done && next.value[0] === wanted ? next.value[1] : store.get(wanted)
      if (block !== undefined) yield { entry, block }
    }
  } finally {
    await blocks.return?.()
  }
}

/** What the node serves to the peers of one swarm: its shared blocks, and no others. */
export function blockSource(
  store: Store,
  swarm: SwarmId,
): { get(cid: EntryCid): Uint8Array | undefined; has(cid: EntryCid): boolean } {
  return {
    get: cid => store.get(blockKey(swarm, cid, true)),
    has: cid => store.has(blockKey(swarm, cid, true)),
  }
}

function blockKey(swarm: SwarmId, cid: EntryCid, shared: boolean): string {
  return keyOf(shared ? prefixes.block : prefixes.privateBlock, swarm, cid)
}

function decodeEntry(swarm: SwarmId, cid: EntryCid, fields: Fields): KeptEntry {
  const from = fields.optionalString('from')
  const draftKey = fields.optionalString('draftKey')
  const lastUsedAt = fields.optionalNumber('lastUsedAt')
  return {
    swarm,
    cid,
    author: fields.string('author') as PeerId,
    shared: fields.boolean('shared'),
    receivedAt: fields.number('receivedAt'),
    ...(from === undefined ? {} : { from: from as PeerId }),
    ...(draftKey === undefined ? {} : { draftKey }),
    uses: fields.number('uses'),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
  }
}
