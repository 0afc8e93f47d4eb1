/**
 * Retrieval quality on Cranfield (1,400 abstracts, 225 graded questions): nDCG at 10 of the node's word index, of
 * its vector index, and of both fused as recall fuses them. Gain 5 − code for the codes 1 to 4; linear, log2 discount.
 */

import { type OnnxEmbedder, openEmbedder } from '../../node/adapters/onnx.ts'
import { fuse } from '../../node/pipeline/recall.ts'
import type { EntryCid } from '../../protocol/types.ts'
import { LexicalIndex } from '../../store/lexical.ts'
import { VectorIndex } from '../../store/vectors.ts'
import type { Bench, Group, Measured } from './figure.ts'
import { value } from './real-node.ts'
import { absent, sharedRows } from './shared-data.ts'
import { vectorsFor } from './vectors.ts'

const depth = 10
/** Candidates of each list that recall fuses. */
const listLength = 50

export const cranfieldGroup: Group = {
  figures: [
    { name: 'ndcg10_bm25', unit: '' },
    { name: 'ndcg10_dense', unit: '' },
    { name: 'ndcg10_fused', unit: '', goal: { text: '> bm25, dense' } },
  ],
  measure,
}

interface Collection {
  readonly documents: readonly { readonly id: string; readonly text: string }[]
  readonly queries: readonly { readonly id: string; readonly text: string }[]
  /** Query → document → gain. */
  readonly gains: ReadonlyMap<string, ReadonlyMap<string, number>>
}

async function* measure({ say }: Bench): AsyncGenerator<Measured> {
  const collection = await load()
  if (collection === undefined) {
    for (const { name } of cranfieldGroup.figures) yield { name, skipped: absent('cranfield') }
    return
  }
  const embedder = value(await openEmbedder())
  const { bm25, dense, fused } = await scores(collection, embedder, say)
  await embedder.close()
  yield { name: 'ndcg10_bm25', value: bm25 }
  yield { name: 'ndcg10_dense', value: dense }
  yield { name: 'ndcg10_fused', value: fused, met: fused > Math.max(bm25, dense) }
}

async function scores(
  { documents, queries, gains }: Collection,
  embedder: OnnxEmbedder,
  say: (line: string) => void,
): Promise<{ bm25: number; dense: number; fused: number }> {
  const texts = documents.map(document => document.text)
  const vectors = await vectorsFor(texts, embedder, say)
  const words = new LexicalIndex()
  const meanings = new VectorIndex(embedder.dimensions)
  for (const [at, { id, text }] of documents.entries()) {
    words.add(id, [{ text, weight: 1 }])
    meanings.add(id, vectors.subarray(at * embedder.dimensions, (at + 1) * embedder.dimensions))
  }
  const sums = { bm25: 0, dense: 0, fused: 0 }
  let count = 0
  for (const query of queries) {
    const gain = gains.get(query.id)
    if (gain === undefined) continue
    say(`searching Cranfield: ${++count} of ${queries.length}`)
    const [vector] = await embedder.embed([query.text])
    if (vector === undefined) throw new TypeError('no vector for a query')
    const byWords = ids(await words.search(query.text, { k: listLength }))
    const byMeaning = ids(await meanings.search(vector, { k: listLength }))
    const both = [...fuse([byWords, byMeaning])].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    sums.bm25 += ndcg(byWords, gain)
    sums.dense += ndcg(byMeaning, gain)
    sums.fused += ndcg(
      both.map(([id]) => id),
      gain,
    )
  }
  return { bm25: sums.bm25 / count, dense: sums.dense / count, fused: sums.fused / count }
}

function ndcg(ranked: readonly string[], gain: ReadonlyMap<string, number>): number {
  const ideal = [...gain.values()].sort((a, b) => b - a)
  return discounted(ranked.map(id => gain.get(id) ?? 0)) / discounted(ideal)
}

function discounted(gains: readonly number[]): number {
  return gains.slice(0, depth).reduce((sum, gain, rank) => sum + gain / Math.log2(rank + 2), 0)
}

/** The indexes take any text for an id; `fuse` is typed for CIDs. */
function ids(hits: readonly { readonly id: string }[]): EntryCid[] {
  return hits.map(hit => hit.id as EntryCid)
}

async function load(): Promise<Collection | undefined> {
  const [documents, queries, judgements] = await Promise.all([
    sharedRows('cranfield/corpus.jsonl'),
    sharedRows('cranfield/queries.jsonl'),
    sharedRows('cranfield/qrels.jsonl'),
  ])
  if (documents === undefined || queries === undefined || judgements === undefined) return undefined
  const gains = new Map<string, Map<string, number>>()
  for (const { query, doc, code } of judgements) {
    const gain = 5 - Number(code)
    if (gain < 1 || gain > 4) continue
    const ofQuery = gains.get(String(query)) ?? new Map<string, number>()
    ofQuery.set(String(doc), gain)
    gains.set(String(query), ofQuery)
  }
  const text = (row: Record<string, unknown>) => ({ id: String(row.id), text: String(row.text) })
  return { documents: documents.map(text), queries: queries.map(text), gains }
}
