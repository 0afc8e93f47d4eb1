/**
 * Helia's blockstore over the node's own store: it serves a swarm only that swarm's blocks, and keeps nothing. A block
 * that arrives goes to whoever asked for it; the node checks it against the signed digest and writes block and
 * record in one batch itself. Only CIDv1, raw, sha2-256 is known here: SPEC section "Entries".
 */

import { NotFoundError } from '@libp2p/interface'
import type { Blockstore, InputPair, Pair } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import type { EntryCid } from '../../protocol/types.ts'
import type { BlockSource } from '../ports.ts'

const sha256Code = 0x12

export function createBlockAdapter(source: BlockSource): Blockstore {
  return {
    has: cid => isEntryCid(cid) && source.has(nameOf(cid)),
    get: cid => read(source, cid),
    async *getMany(cids) {
      for await (const cid of cids) yield { cid, bytes: read(source, cid) }
    },
    // A node does not say what it has: peers ask for blocks that were announced to them.
    async *getAll(): AsyncGenerator<Pair> {},
    put: cid => cid,
    async *putMany(pairs: Iterable<InputPair> | AsyncIterable<InputPair>) {
      for await (const { cid } of pairs) yield cid
    },
    delete: () => undefined,
    async *deleteMany(cids: Iterable<CID> | AsyncIterable<CID>) {
      yield* cids
    },
  }
}

function* read(source: BlockSource, cid: CID): Generator<Uint8Array> {
  const bytes = isEntryCid(cid) ? source.get(nameOf(cid)) : undefined
  if (!bytes) throw new NotFoundError(`${cid.toString()} is not here`)
  yield bytes
}

export function isEntryCid(cid: CID): boolean {
  return (
    cid.version === 1 &&
    cid.code === rawCode &&
    cid.multihash.code === sha256Code &&
    cid.multihash.size === 32
  )
}

export function nameOf(cid: CID): EntryCid {
  return cid.toString() as EntryCid
}
