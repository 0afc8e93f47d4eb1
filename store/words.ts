/**
 * The owner's word on a peer: pinned, blocked, or a trust set by hand. It wins over evidence, at once and across restarts.
 */

import type { PeerId, Seconds } from '../protocol/types.ts'
import { encode, read } from './codec.ts'
import { keyOf, lastPart, prefixes } from './layout.ts'
import type { Store, StoreOp } from './ports.ts'

interface StoredWord {
  readonly pinned: boolean
  readonly blocked: boolean
  /** Entries created at or after this time are blocked; all when it is absent. */
  readonly blockedSince?: Seconds
  readonly trust?: number
}

/** `undefined` takes the word back. */
export function setWordOps(peer: PeerId, word: StoredWord | undefined): StoreOp[] {
  const key = keyOf(prefixes.word, peer)
  if (word === undefined) return [{ type: 'del', key }]
  const { pinned, blocked, blockedSince, trust } = word
  return [{ type: 'put', key, value: encode({ pinned, blocked, blockedSince, trust }) }]
}

export async function allWords(store: Store): Promise<Map<PeerId, StoredWord>> {
  const words = new Map<PeerId, StoredWord>()
  for await (const [key, value] of store.entries({ prefix: prefixes.word })) {
    const fields = read(key, value)
    const blockedSince = fields.optionalNumber('blockedSince')
    const trust = fields.optionalNumber('trust')
    words.set(lastPart(key) as PeerId, {
      pinned: fields.boolean('pinned'),
      blocked: fields.boolean('blocked'),
      ...(blockedSince === undefined ? {} : { blockedSince }),
      ...(trust === undefined ? {} : { trust }),
    })
  }
  return words
}
