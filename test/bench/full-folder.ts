/**
 * Data folders with many kept entries of many authors, written through the store's own functions: records that are
 * validly signed by members, entries, blocks and vectors, as if they had all been received. Kept from run to run.
 */

import { cp } from 'node:fs/promises'
import { foundSwarm } from '../../node/core/joining.ts'
import type { Ports } from '../../node/ports.ts'
import { encodeEntry } from '../../protocol/entry.ts'
import { putEntryOps } from '../../store/entries.ts'
import type { StoreOp } from '../../store/ports.ts'
import { putRecordOps } from '../../store/records.ts'
import { putVectorOps } from '../../store/vectors.ts'
import {
  type Author,
  digestRecord,
  entryBy,
  makeAuthors,
  memberRecord,
  type OwnSwarm,
  ownSwarm,
} from './authors.ts'
import { type Corpus, corpus } from './corpus.ts'
import { cachedFolder, hashOf, sourceHash } from './folders.ts'
import { realPorts, value } from './real-node.ts'
import { vectorsFor } from './vectors.ts'

/** Each may have 4,096 live digests in a shard. */
const authorCount = 32
/** Entries written in one batch. */
const batchEntries = 250
/** The sources that decide what is written. */
const sources = [
  'crypto',
  ...['cbor', 'digest', 'entry', 'envelope', 'identity', 'member', 'sketch', 'swarm'].map(
    name => `protocol/${name}.ts`,
  ),
  ...['codec', 'entries', 'layout', 'level', 'records', 'swarms', 'vectors'].map(name => `store/${name}.ts`),
  'test/bench/authors.ts',
  'test/bench/full-folder.ts',
]

/** Copies a data folder with the first `count` texts of the corpus, one entry each, to `into`. */
export async function copyFullFolder(
  count: number,
  into: string,
  say: (line: string) => void,
): Promise<Corpus> {
  const texts = await corpus()
  // Records last 180 days; a folder is made anew each month.
  const month = Math.floor(Date.now() / 86_400_000 / 30)
  const key = hashOf([`${count} ${month}`, await sourceHash(sources), ...texts.texts.slice(0, count)])
  const folder = await cachedFolder(`folder-${count}`, key, making => fill(making, count, texts.texts, say))
  await cp(folder, into, { recursive: true })
  return texts
}

async function fill(
  folder: string,
  count: number,
  texts: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  const ports = await realPorts(folder)
  const { embedder, store } = ports
  const vectors = await vectorsFor(texts.slice(0, count), embedder, say)
  const swarm = ownSwarm(await foundSwarm(ports), ports.seed)
  const nowS = Math.floor(Date.now() / 1000)
  const authors = makeAuthors(authorCount)
  await store.batch(
    authors.flatMap(author => {
      const { id, bytes } = memberRecord(swarm, author, nowS)
      return putRecordOps(swarm.id, { id, bytes })
    }),
  )
  for (let from = 0; from < count; from += batchEntries) {
    if (from % 5_000 === 0) say(`writing a data folder, kept for later runs: ${from} of ${count} entries`)
    const ops: StoreOp[] = []
    for (let at = from; at < Math.min(from + batchEntries, count); at++) {
      const vector = vectors.subarray(at * embedder.dimensions, (at + 1) * embedder.dimensions)
      ops.push(...entryOps(ports, swarm, authors, { at, texts, vector, nowS }))
    }
    await store.batch(ops)
  }
  await store.close()
  await embedder.close()
}

interface Row {
  readonly at: number
  readonly texts: readonly string[]
  readonly vector: Float32Array
  readonly nowS: number
}

function entryOps(ports: Ports, swarm: OwnSwarm, authors: readonly Author[], row: Row): StoreOp[] {
  const { at, texts, vector, nowS } = row
  const { space } = ports.embedder
  const author = authors[at % authors.length]
  if (author === undefined) throw new RangeError('no authors')
  const text = (step: number): string => texts[(at * step + 1) % texts.length] ?? ''
  const entry = entryBy(
    author,
    { situation: texts[at] ?? '', summary: text(7), detail: text(13), action: text(17) },
    nowS,
  )
  const { bytes, cid } = value(encodeEntry(entry))
  const digest = digestRecord(swarm, author, { cid, size: bytes.length, created: nowS, space, vector })
  const receivedAt = nowS * 1000
  const { peer } = author
  return [
    ...putRecordOps(swarm.id, digest),
    ...putEntryOps(
      { swarm: swarm.id, cid, author: peer, shared: true, receivedAt, from: peer, uses: 0 },
      bytes,
    ),
    ...putVectorOps(space, cid, vector),
  ]
}
