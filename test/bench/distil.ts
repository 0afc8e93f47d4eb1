/**
 * What a recorded run costs from capture to the announced lesson, on a real node, embedding included: each distilled by
 * itself as soon as it is captured, beside the runs before it.
 */

import type { OnnxEmbedder } from '../../node/adapters/onnx.ts'
import { demoTranscripts } from '../../node/surface/demo/transcripts.ts'
import { atMost, type Bench, type Group, type Measured, median, quantile } from './figure.ts'
import { withTempFolder } from './folders.ts'
import { realNode, realPorts, value } from './real-node.ts'
import { sharedRows } from './shared-data.ts'

const runsFile = 'tau_bench/trajectories_gpt4o_airline.jsonl'

export const distilGroup: Group = {
  figures: [
    { name: 'distil_ms_median', unit: 'ms', goal: atMost(100) },
    { name: 'distil_ms_p99', unit: 'ms' },
    // All runs captured first and then distilled together, as of a file: the whole time over their number.
    { name: 'distil_together_ms_per_run', unit: 'ms' },
    { name: 'distil_texts_embedded_mean', unit: 'texts' },
    { name: 'distil_texts_embedded_max', unit: 'texts', goal: atMost(3) },
  ],
  measure,
}

async function* measure({ say, wanted }: Bench): AsyncGenerator<Measured> {
  const runs = (await sharedRows(runsFile)) ?? (await demoTranscripts('shop-a.jsonl'))
  // Once to warm up, on a node of its own, so that every run is new to the node that is measured.
  await distilEach(runs.slice(0, 20), () => say('distilling: warming up'))
  const { times, embedded } = await distilEach(runs, at => say(`distilling run ${at} of ${runs.length}`))
  yield { name: 'distil_ms_median', value: median(times) }
  yield { name: 'distil_ms_p99', value: quantile(times, 0.99) }
  if (wanted.has('distil_together_ms_per_run'))
    yield { name: 'distil_together_ms_per_run', value: (await distilTogether(runs)) / runs.length }
  const sum = embedded.reduce((total, texts) => total + texts, 0)
  yield { name: 'distil_texts_embedded_mean', value: sum / embedded.length }
  yield { name: 'distil_texts_embedded_max', value: Math.max(...embedded) }
}

/** Milliseconds for all. */
async function distilTogether(runs: readonly unknown[]): Promise<number> {
  return withTempFolder(async folder => {
    const ports = await realPorts(folder)
    const node = await realNode(ports)
    await node.start()
    const startedAt = performance.now()
    for (const run of runs) value(await node.capture(run))
    await node.distil()
    const took = performance.now() - startedAt
    await node.stop()
    await ports.embedder.close()
    return took
  })
}

/** Milliseconds, and texts that the model was given, for each run. */
async function distilEach(
  runs: readonly unknown[],
  onRun: (at: number) => void,
): Promise<{ times: number[]; embedded: number[] }> {
  return withTempFolder(async folder => {
    const ports = await realPorts(folder)
    const counted = counting(ports.embedder)
    const node = await realNode({ ...ports, embedder: counted.embedder })
    await node.start()
    const times: number[] = []
    const embedded: number[] = []
    for (const [at, run] of runs.entries()) {
      onRun(at)
      const before = counted.texts()
      const startedAt = performance.now()
      value(await node.capture(run))
      await node.distil()
      times.push(performance.now() - startedAt)
      embedded.push(counted.texts() - before)
    }
    await node.stop()
    await ports.embedder.close()
    return { times, embedded }
  })
}

/** Counts texts by their first time: the embedder remembers far more than come up here. */
function counting(embedder: OnnxEmbedder) {
  const seen = new Set<string>()
  return {
    texts: () => seen.size,
    embedder: {
      ...embedder,
      embed(texts: readonly string[], signal?: AbortSignal) {
        for (const text of texts) seen.add(text)
        return embedder.embed(texts, signal)
      },
    },
  }
}
