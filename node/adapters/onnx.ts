/**
 * The embedder on onnxruntime: texts to unit vectors, the dearest thing a node does. So each text is embedded
 * once and kept, batches are of like lengths and short enough that a query gets in between two of them, and
 * queries go before whatever is done in bulk.
 */

import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Result } from '../../protocol/types.ts'
import type { Embedder } from '../ports.ts'
import { type EmbedderCode, readModelFolder, spaceOf } from './model-folder.ts'
import { type ModelSession, openSession } from './model-session.ts'
import type { TextTokenizer } from './tokenizer.ts'

export interface OnnxEmbedder extends Embedder {
  close(): Promise<void>
}

/** The model that ships with the node. */
export const shippedModelFolder = fileURLToPath(new URL('all-minilm-l6-v2', import.meta.url))

/** Larger batches of short texts are no faster. */
const batchTextsMax = 32
/** Padded tokens of one run: about 0.2 s on one core, the longest that a query waits for a bulk run. */
const batchTokensMax = 512
/** Calls of at most so many texts are queries, and go first. */
const queryTextsMax = 3
/** Vectors kept: 3 MB at 384 dimensions. */
const cacheMax = 2_048

export async function openEmbedder(folder = shippedModelFolder): Promise<Result<OnnxEmbedder, EmbedderCode>> {
  const model = await readModelFolder(folder)
  if (!model.ok) return model
  const session = await openSession(model.value)
  if (!session.ok) return session
  const { dimensions, pooling } = session.value
  const lanes = new Lanes(session.value, model.value.tokenizer)
  return {
    ok: true,
    value: {
      space: spaceOf(model.value, pooling, dimensions),
      dimensions,
      embed: (texts, signal) => lanes.embed(texts, signal),
      close: () => lanes.close(),
    },
  }
}

/** A call: what it still waits for, and how it is answered. */
interface Call {
  readonly texts: readonly string[]
  readonly keys: readonly string[]
  readonly vectors: Map<string, Float32Array>
  readonly waiting: { readonly key: string; readonly ids: readonly number[] }[]
  readonly resolve: (vectors: Float32Array[]) => void
  readonly reject: (reason: unknown) => void
}

/** Runs one batch at a time; the next is taken from the queries where there are any, else from the bulk calls. */
class Lanes {
  readonly #session: ModelSession
  readonly #tokenizer: TextTokenizer
  readonly #queries: Call[] = []
  readonly #bulk: Call[] = []
  /** Least recently used first. */
  readonly #cache = new Map<string, Float32Array>()
  #running: Promise<void> | undefined
  #closed = false

  constructor(session: ModelSession, tokenizer: TextTokenizer) {
    this.#session = session
    this.#tokenizer = tokenizer
  }

  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Float32Array[]>()
    if (signal?.aborted || this.#closed) {
      reject(signal?.reason ?? closedReason())
      return promise
    }
    const call = this.#begin(texts, resolve, reject)
    if (call.waiting.length === 0) {
      this.#finish(call)
      return promise
    }
    const lane = texts.length <= queryTextsMax ? this.#queries : this.#bulk
    lane.push(call)
    this.#running ??= this.#drain()
    const abort = () => {
      remove(lane, call)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    return promise.finally(() => signal?.removeEventListener('abort', abort))
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const call of [...this.#queries.splice(0), ...this.#bulk.splice(0)]) call.reject(closedReason())
    await this.#running
    await this.#session.close()
  }

  #begin(
    texts: readonly string[],
    resolve: (vectors: Float32Array[]) => void,
    reject: (reason: unknown) => void,
  ): Call {
    const keys = texts.map(text => createHash('sha256').update(text).digest('base64'))
    const vectors = new Map<string, Float32Array>()
    const missing = new Map<string, string>()
    keys.forEach((key, at) => {
      const cached = this.#cache.get(key)
      if (cached) vectors.set(key, this.#keep(key, cached))
      else missing.set(key, texts[at] ?? '')
    })
    const waiting = [...missing].map(([key, text]) => ({ key, ids: this.#tokenizer.ids(text) }))
    // Like lengths beside each other: the padding of a batch is work for nothing.
    waiting.sort((a, b) => a.ids.length - b.ids.length)
    return { texts, keys, vectors, waiting, resolve, reject }
  }

  async #drain(): Promise<void> {
    for (let call = this.#next(); call; call = this.#next()) await this.#step(call)
    this.#running = undefined
  }

  #next(): Call | undefined {
    return this.#queries[0] ?? this.#bulk[0]
  }

  async #step(call: Call): Promise<void> {
    const batch = call.waiting.splice(0, batchSize(call.waiting))
    try {
      const vectors = await this.#session.run(batch.map(text => text.ids))
      batch.forEach(({ key }, at) => {
        const vector = vectors[at]
        if (vector) call.vectors.set(key, this.#keep(key, vector))
      })
    } catch (error) {
      remove(this.#queries, call)
      remove(this.#bulk, call)
      call.reject(error)
      return
    }
    if (call.waiting.length > 0) return
    remove(this.#queries, call)
    remove(this.#bulk, call)
    this.#finish(call)
  }

  /** Every caller gets vectors of its own: one that changes its own must not change what others get. */
  #finish(call: Call): void {
    const vectors: Float32Array[] = []
    for (const key of call.keys) {
      const vector = call.vectors.get(key)
      if (!vector) {
        call.reject(new Error('The model gave no vector for a text.'))
        return
      }
      vectors.push(vector.slice())
    }
    call.resolve(vectors)
  }

  #keep(key: string, vector: Float32Array): Float32Array {
    this.#cache.delete(key)
    this.#cache.set(key, vector)
    if (this.#cache.size > cacheMax) {
      const [oldest] = this.#cache.keys()
      if (oldest !== undefined) this.#cache.delete(oldest)
    }
    return vector
  }
}

function closedReason(): DOMException {
  return new DOMException('The embedder is closed.', 'AbortError')
}

/** How many of the texts, shortest first, fit one run; at least one. */
function batchSize(waiting: readonly { readonly ids: readonly number[] }[]): number {
  let count = 1
  while (count < Math.min(waiting.length, batchTextsMax)) {
    const longest = waiting[count]?.ids.length ?? 0
    if ((count + 1) * longest > batchTokensMax) break
    count++
  }
  return count
}

function remove(lane: Call[], call: Call): void {
  const at = lane.indexOf(call)
  if (at >= 0) lane.splice(at, 1)
}
