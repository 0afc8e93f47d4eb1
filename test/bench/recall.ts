/**
 * How long recall takes on stores of three sizes, embedding of the query included, and what the scan of sketches
 * misses of the exact neighbours. Every query is new, so that no cache helps.
 */

import { join } from 'node:path'
import { openEmbedder } from '../../node/adapters/onnx.ts'
import { VectorIndex } from '../../store/vectors.ts'
import { corpus, corpusMax } from './corpus.ts'
import { atLeast, atMost, type Bench, type Figure, type Group, type Measured, quantile } from './figure.ts'
import { withTempFolder } from './folders.ts'
import { copyFullFolder } from './full-folder.ts'
import { watchLoop } from './loop-delay.ts'
import { realNode, realPorts, value } from './real-node.ts'
import { vectorsFor } from './vectors.ts'

const sizes = [
  { name: '1k', count: 1_000, firstQuery: 0 },
  { name: '10k', count: 10_000, firstQuery: 1_000 },
  { name: '100k', count: corpusMax, firstQuery: 2_000 },
] as const
const queryCount = 1_000
/** Of these, so many come first and are not counted. */
const warmupCount = 100
/** Queries whose exact neighbours are looked for. */
const exactCount = 300
const neighbours = 10

export const recallGroup: Group = {
  figures: [
    ...sizes.flatMap(({ name }): Figure[] => [
      { name: `recall_p50_ms_${name}`, unit: 'ms' },
      { name: `recall_p99_ms_${name}`, unit: 'ms', ...(name === '100k' ? { goal: atMost(50) } : {}) },
    ]),
    { name: 'recall_by_meaning_share_100k', unit: '' },
    { name: 'recall_loop_delay_p99_ms_100k', unit: 'ms' },
    { name: 'recall_at10_vs_exact_100k', unit: '', goal: atLeast(0.98) },
  ],
  measure,
}

async function* measure(bench: Bench): AsyncGenerator<Measured> {
  for (const size of sizes) {
    const isWanted = [...bench.wanted].some(
      name => /^recall_(p50|p99|by|loop)_/.test(name) && name.endsWith(`_${size.name}`),
    )
    if (isWanted) yield* await measureSize(size, bench)
  }
  if (bench.wanted.has('recall_at10_vs_exact_100k'))
    yield { name: 'recall_at10_vs_exact_100k', value: await againstExact(bench) }
}

async function measureSize(
  { name, count, firstQuery }: (typeof sizes)[number],
  { say }: Bench,
): Promise<Measured[]> {
  return withTempFolder(async temp => {
    const folder = join(temp, 'data')
    const { queries } = await copyFullFolder(count, folder, say)
    say(`recall among ${count}`)
    let withoutMeaning = 0
    const ports = await realPorts(folder, (_level, message) => {
      if (message.includes('not embedded in time')) withoutMeaning++
    })
    const node = await realNode(ports)
    const times: number[] = []
    let endWatch: ReturnType<typeof watchLoop> | undefined
    for (const [at, query] of queries.slice(firstQuery, firstQuery + queryCount).entries()) {
      if (at % 100 === 0) say(`recall among ${count}: query ${at} of ${queryCount}`)
      if (at === warmupCount) {
        withoutMeaning = 0
        endWatch = watchLoop()
      }
      const startedAt = performance.now()
      await node.recall({ query })
      if (at >= warmupCount) times.push(performance.now() - startedAt)
    }
    const delay = endWatch?.()
    await node.stop()
    await ports.embedder.close()
    const measured: Measured[] = [
      { name: `recall_p50_ms_${name}`, value: quantile(times, 0.5) },
      { name: `recall_p99_ms_${name}`, value: quantile(times, 0.99) },
    ]
    if (name !== '100k' || delay === undefined) return measured
    return [
      ...measured,
      { name: 'recall_by_meaning_share_100k', value: 1 - withoutMeaning / times.length },
      { name: 'recall_loop_delay_p99_ms_100k', value: delay.p99Ms },
    ]
  })
}

/** Share of the exact nearest ten that the index finds among its nearest ten. */
async function againstExact({ say }: Bench): Promise<number> {
  const { texts, queries } = await corpus()
  const embedder = value(await openEmbedder())
  const { dimensions } = embedder
  const vectors = await vectorsFor(texts, embedder, say)
  const index = new VectorIndex(dimensions)
  for (let at = 0; at < texts.length; at++)
    index.add(String(at), vectors.subarray(at * dimensions, (at + 1) * dimensions))
  let found = 0
  for (const [at, query] of queries.slice(0, exactCount).entries()) {
    if (at % 20 === 0) say(`exact neighbours: query ${at} of ${exactCount}`)
    const [vector] = await embedder.embed([query])
    if (vector === undefined) throw new TypeError('no vector for a query')
    const exact = new Set(nearest(vectors, vector, neighbours))
    const hits = await index.search(vector, { k: neighbours })
    found += hits.filter(hit => exact.has(Number(hit.id))).length
  }
  await embedder.close()
  return found / (exactCount * neighbours)
}

/** Numbers of the nearest vectors by comparing with every one. */
function nearest(vectors: Float32Array, query: Float32Array, count: number): number[] {
  const { length } = query
  const cosines = new Float64Array(vectors.length / length)
  for (let at = 0; at < cosines.length; at++) {
    let sum = 0
    for (let i = 0, from = at * length; i < length; i++) sum += (vectors[from + i] ?? 0) * (query[i] ?? 0)
    cosines[at] = sum
  }
  return [...cosines.keys()].sort((a, b) => (cosines[b] ?? 0) - (cosines[a] ?? 0)).slice(0, count)
}
