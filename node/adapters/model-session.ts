/**
 * One loaded ONNX graph that turns padded token ids into unit vectors. It is tried on one text when it is opened,
 * so that a graph with other inputs, outputs or dimensions is refused at the start and not at the first recall.
 * onnxruntime is imported here, on demand: commands that embed nothing do not pay for it.
 */

import type { InferenceSession, Tensor } from 'onnxruntime-node'
import type { Failure, Result } from '../../protocol/types.ts'
import type { EmbedderCode, ModelFolder, Pooling } from './model-folder.ts'

export interface ModelSession {
  readonly dimensions: number
  readonly pooling: Pooling
  /** One unit vector a text, in the order given. Runs on a thread of its own. */
  run(batch: readonly (readonly number[])[]): Promise<Float32Array[]>
  close(): Promise<void>
}

const knownInputs = ['input_ids', 'attention_mask', 'token_type_ids']
/** Outputs by preference: pooled ones first, then what sentence-transformers and transformers call the tokens. */
const knownOutputs = ['sentence_embedding', 'pooled_output', 'last_hidden_state', 'token_embeddings']

export async function openSession(model: ModelFolder): Promise<Result<ModelSession, EmbedderCode>> {
  // The library would report its use to its maker; nothing leaves this machine unasked. Read when it is loaded.
  process.env.ORT_DISABLE_TELEMETRY = '1'
  const ort = await import('onnxruntime-node')
  let session: InferenceSession
  try {
    // One thread leaves the event loop a core; no arena, so that one long text does not keep its memory for good.
    session = await ort.InferenceSession.create(model.modelPath, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      enableCpuMemArena: false,
      logSeverityLevel: 3,
    })
  } catch (error) {
    return fail(
      'embedder-model-unreadable',
      `${model.modelPath} is not a usable ONNX model (${reasonOf(error)}).`,
    )
  }
  const output = knownOutputs.find(name => session.outputNames.includes(name)) ?? session.outputNames[0]
  const unknown = session.inputNames.filter(name => !knownInputs.includes(name))
  if (!output || unknown.length > 0) {
    await session.release()
    return fail(
      'embedder-model-unreadable',
      `${model.modelPath} is not a text embedder: it asks for ${unknown.join(', ') || 'nothing'}.`,
    )
  }
  const graph = new Graph(ort.Tensor, session, output, model)
  return tryOut(graph, session, model)
}

async function tryOut(
  graph: Graph,
  session: InferenceSession,
  model: ModelFolder,
): Promise<Result<ModelSession, EmbedderCode>> {
  try {
    const [vector] = await graph.run([model.tokenizer.ids('a')])
    const dimensions = vector?.length ?? 0
    if (dimensions > 0 && (model.dimensions === undefined || model.dimensions === dimensions)) {
      const pooling = graph.pooled ? 'graph' : model.tokenPooling
      return {
        ok: true,
        value: { dimensions, pooling, run: batch => graph.run(batch), close: () => session.release() },
      }
    }
    await session.release()
    return fail(
      'embedder-dimensions-differ',
      `The model in ${model.folder} gives ${dimensions} dimensions where its config says ${model.dimensions}. Do model.onnx and config.json belong together?`,
    )
  } catch (error) {
    await session.release()
    return fail(
      'embedder-model-unreadable',
      `The model in ${model.folder} cannot embed a text (${reasonOf(error)}).`,
    )
  }
}

class Graph {
  /** Whether the last run gave one vector a text; the graph's shape does not change between runs. */
  pooled = false
  readonly #tensor: typeof Tensor
  readonly #session: InferenceSession
  readonly #output: string
  readonly #model: ModelFolder

  constructor(tensor: typeof Tensor, session: InferenceSession, output: string, model: ModelFolder) {
    this.#tensor = tensor
    this.#session = session
    this.#output = output
    this.#model = model
  }

  async run(batch: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const length = Math.max(...batch.map(ids => ids.length))
    const ids = new BigInt64Array(batch.length * length).fill(BigInt(this.#model.tokenizer.padId))
    const mask = new BigInt64Array(batch.length * length)
    batch.forEach((row, at) => {
      row.forEach((id, offset) => {
        ids[at * length + offset] = BigInt(id)
        mask[at * length + offset] = 1n
      })
    })
    const shape = [batch.length, length]
    const feeds: Record<string, Tensor> = {
      input_ids: new this.#tensor('int64', ids, shape),
      attention_mask: new this.#tensor('int64', mask, shape),
    }
    if (this.#session.inputNames.includes('token_type_ids')) {
      feeds.token_type_ids = new this.#tensor('int64', new BigInt64Array(ids.length), shape)
    }
    const results = await this.#session.run(feeds, [this.#output])
    return this.#vectors(results[this.#output], batch)
  }

  #vectors(output: Tensor | undefined, batch: readonly (readonly number[])[]): Float32Array[] {
    if (!output || !(output.data instanceof Float32Array)) throw new TypeError('the output is not float32')
    const data = output.data
    const [rows = 0, second = 0, third] = output.dims
    if (rows !== batch.length) throw new RangeError('the output has another number of rows than the input')
    this.pooled = third === undefined
    return batch.map((ids, at) =>
      unit(
        third === undefined
          ? data.slice(at * second, (at + 1) * second)
          : poolTokens(data.subarray(at * second * third), ids.length, third, this.#model.tokenPooling),
      ),
    )
  }
}

/** Padding stands after the tokens, so that the first `tokens` rows are the ones that the mask keeps. */
function poolTokens(
  rows: Float32Array,
  tokens: number,
  dimensions: number,
  pooling: 'mean' | 'cls',
): Float32Array {
  if (pooling === 'cls') return rows.slice(0, dimensions)
  const sums = new Float64Array(dimensions)
  for (let at = 0; at < tokens * dimensions; at++) {
    const component = at % dimensions
    sums[component] = (sums[component] ?? 0) + (rows[at] ?? 0)
  }
  return Float32Array.from(sums, sum => sum / tokens)
}

function unit(vector: Float32Array): Float32Array {
  let squares = 0
  for (const value of vector) squares += value * value
  const length = Math.sqrt(squares)
  if (!Number.isFinite(length) || length === 0) throw new RangeError('the output is not a direction')
  // Within float32's own error of 1, the graph has normalized already: dividing again would only change bits.
  return Math.abs(length - 1) < 1e-6 ? vector : vector.map(value => value / length)
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n')[0] ?? text
}

function fail(code: EmbedderCode, message: string): Failure<EmbedderCode> {
  return { ok: false, code, message }
}
