/** Entries and the digests that announce them, made past any node: whatever the protocol can be made to say. */

import type { KeyPair } from '../../crypto/keys.ts'
import type { NewEntry } from '../../node/api.ts'
import { encodeEntry } from '../../protocol/entry.ts'
import { embeddingText } from '../../protocol/entry-text.ts'
import { signRecord } from '../../protocol/envelope.ts'
import { peerOf } from '../../protocol/identity.ts'
import { sketchOf } from '../../protocol/sketch.ts'
import { shardOf } from '../../protocol/swarm.ts'
import type { DigestRecord, Entry, EntryCid, Seconds, SwarmId } from '../../protocol/types.ts'
import { syntheticEmbedder } from '../embedder.ts'

/** What an entry says, and what else stands in it. */
export type Making = NewEntry & Partial<Pick<Entry, 'lineage' | 'support' | 'created' | 'supersedes'>>

export interface Made {
  readonly cid: EntryCid
  readonly bytes: Uint8Array
  readonly digest: DigestRecord
}

export async function makeEntry(
  { swarm: _swarm, tools: _tools, insight, ...said }: Making,
  { swarm, pair, nowS }: { readonly swarm: SwarmId; readonly pair: KeyPair; readonly nowS: Seconds },
): Promise<Made> {
  const day = Math.floor(nowS / 86_400)
  const entry: Entry = {
    v: 1,
    context: {},
    // As well borne out as can be said.
    support: { episodes: 100, asks: 50, solved: 100, unsolved: 0, firstSeen: day, lastSeen: day },
    lineage: { parents: [], method: 'owner' },
    author: peerOf(pair.publicKey),
    created: nowS,
    ...said,
    insight: { detail: '', ...insight },
  }
  const encoded = encodeEntry(entry)
  if (!encoded.ok) throw new TypeError(encoded.message)
  const { bytes, cid } = encoded.value
  const [vector] = await syntheticEmbedder.embed([embeddingText(entry)])
  const body = {
    cid,
    size: bytes.length,
    shard: shardOf(entry.domains[0] ?? '', 1),
    created: entry.created,
    space: syntheticEmbedder.space,
    sketch: sketchOf(vector ?? new Float32Array()),
    ...(entry.supersedes === undefined ? {} : { supersedes: entry.supersedes }),
  }
  return { cid, bytes, digest: signRecord({ swarm, kind: 'digest', t: nowS, body }, pair) }
}
