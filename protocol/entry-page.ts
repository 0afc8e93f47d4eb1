/**
 * Entries in batches, for who catches up: blocks asked for by the hashes in their CIDs, and as many of them as fit into
 * one answer. SPEC section "Entries". A single entry comes over bitswap, as from any IPFS node.
 */

import { decodeCanonical, encodeCanonical } from './cbor.ts'
import { Fields } from './fields.ts'
import { cidOfHash, hashOfCid } from './identity.ts'
import { entryBytesMax, entryPageMax, entryPageRequestBytesMax, pageBytesMax } from './limits.ts'
import type { EntryCid, Result } from './types.ts'

/** The map and its keys, and the head of each block. */
const overheadBytes = 32
const headBytes = 3

export function encodeEntryWant(cids: readonly EntryCid[]): Uint8Array {
  return encodeCanonical({ v: 1, hashes: cids.map(hashOfCid) })
}

/** Never throws. */
export function decodeEntryWant(bytes: Uint8Array): Result<readonly EntryCid[], 'range-malformed'> {
  const decoded = decodeCanonical(bytes, entryPageRequestBytesMax)
  const fields = new Fields(decoded.ok ? decoded.value : undefined)
  fields.integer('v', 1, 1)
  const listed = fields.list('hashes', 1, entryPageMax)
  const hashes = listed.filter(item => item instanceof Uint8Array && item.length === 32)
  fields.require(hashes.length === listed.length, 'hashes must be byte strings of 32 bytes')
  const problem = decoded.ok ? fields.problem() : decoded.fault
  if (problem !== undefined) return malformed(problem)
  return { ok: true, value: hashes.flatMap(hash => (hash instanceof Uint8Array ? [cidOfHash(hash)] : [])) }
}

/** What is here of what is wanted, in that order, as far as there is room: the asker asks again for the others. */
export function encodeEntryPage(
  cids: readonly EntryCid[],
  bytesOf: (cid: EntryCid) => Uint8Array | undefined,
): Uint8Array {
  const blocks: Uint8Array[] = []
  let size = overheadBytes
  for (const cid of cids) {
    const block = bytesOf(cid)
    if (block === undefined || block.length > entryBytesMax) continue
    size += headBytes + block.length
    if (size > pageBytesMax) break
    blocks.push(block)
  }
  return encodeCanonical({ v: 1, blocks })
}

/** Never throws. What a block is says its hash alone. */
export function decodeEntryPage(bytes: Uint8Array): Result<readonly Uint8Array[], 'range-malformed'> {
  const decoded = decodeCanonical(bytes, pageBytesMax)
  const fields = new Fields(decoded.ok ? decoded.value : undefined)
  fields.integer('v', 1, 1)
  const listed = fields.list('blocks', 0, entryPageMax)
  const blocks = listed.filter(item => item instanceof Uint8Array)
  fields.require(
    blocks.length === listed.length && blocks.every(block => block.length <= entryBytesMax),
    `blocks must be byte strings of at most ${entryBytesMax} bytes`,
  )
  const problem = decoded.ok ? fields.problem() : decoded.fault
  return problem === undefined ? { ok: true, value: blocks } : malformed(problem)
}

function malformed(why: string): { ok: false; code: 'range-malformed'; message: string } {
  return {
    ok: false,
    code: 'range-malformed',
    message: `The peer’s page of entries cannot be read: ${why}.`,
  }
}
