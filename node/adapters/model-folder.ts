/**
 * A folder with a sentence embedder, as sentence-transformers writes it or as the shipped one is: the ONNX graph,
 * its tokenizer, and what is known of dimensions, pooling and length. The space id is made here, from the bytes
 * themselves, so that two nodes with the same files are in the same space whatever the folder is called.
 */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Failure, Result, SpaceId } from '../../protocol/types.ts'
import { createTokenizer, type TextTokenizer } from './tokenizer.ts'

export type EmbedderCode =
  | 'embedder-model-missing'
  | 'embedder-model-unreadable'
  | 'embedder-tokenizer-unreadable'
  | 'embedder-config-unreadable'
  | 'embedder-pooling-unsupported'
  | 'embedder-dimensions-differ'

/** `graph`: the model itself gives one vector a text. */
export type Pooling = 'graph' | 'mean' | 'cls'

export interface ModelFolder {
  readonly folder: string
  readonly modelPath: string
  /** SHA-256 of the graph, and of its external weights where it has any. */
  readonly modelHash: string
  readonly tokenizerHash: string
  readonly tokenizer: TextTokenizer
  /** Undefined where no file of the folder says. */
  readonly dimensions: number | undefined
  /** What a graph that gives one vector a token is pooled by. */
  readonly tokenPooling: Exclude<Pooling, 'graph'>
}

/** Texts are cut here where the folder does not say: the published limit of most small sentence embedders. */
const maxTokensDefault = 256
/** Longer inputs cost seconds each and hold what is recalled up. */
const maxTokensMax = 2_048
/** Tokenizers of large vocabularies have some 17 MB of JSON. */
const jsonBytesMax = 64 * 1024 * 1024

const ownConfig = z.looseObject({
  dimensions: z.int().positive().optional(),
  maxTokens: z.int().positive().optional(),
  hidden_size: z.int().positive().optional(),
})
const poolingConfig = z.looseObject({
  word_embedding_dimension: z.int().positive().optional(),
  pooling_mode_cls_token: z.boolean().optional(),
  pooling_mode_mean_tokens: z.boolean().optional(),
})
const lengthConfig = z.looseObject({ max_seq_length: z.int().positive().nullish() })

export async function readModelFolder(folder: string): Promise<Result<ModelFolder, EmbedderCode>> {
  const modelPath = await firstFile([join(folder, 'model.onnx'), join(folder, 'onnx', 'model.onnx')])
  if (!modelPath) {
    return fail(
      'embedder-model-missing',
      `There is no model.onnx in ${folder}. Name a sentence-transformers folder with an ONNX model and its tokenizer.json.`,
    )
  }
  const own = await readJson(join(folder, 'config.json'), ownConfig)
  if (!own.ok) return own
  const pooling = await readJson(join(folder, '1_Pooling', 'config.json'), poolingConfig)
  if (!pooling.ok) return pooling
  const length = await readJson(join(folder, 'sentence_bert_config.json'), lengthConfig)
  if (!length.ok) return length
  const tokenPooling = poolingOf(pooling.value)
  if (!tokenPooling) {
    return fail(
      'embedder-pooling-unsupported',
      `The model in ${folder} pools in a way that is not supported; mean and cls are.`,
    )
  }
  const maxTokens = Math.min(
    own.value?.maxTokens ?? length.value?.max_seq_length ?? maxTokensDefault,
    maxTokensMax,
  )
  const tokenizer = await readTokenizer(folder, maxTokens)
  if (!tokenizer.ok) return tokenizer
  const modelHash = await hashModel(modelPath)
  if (!modelHash.ok) return modelHash
  return {
    ok: true,
    value: {
      folder,
      modelPath,
      modelHash: modelHash.value,
      tokenizerHash: tokenizer.value.hash,
      tokenizer: tokenizer.value.tokenizer,
      dimensions: own.value?.dimensions ?? pooling.value?.word_embedding_dimension ?? own.value?.hidden_size,
      tokenPooling,
    },
  }
}

/** The name of an embedding space: equal for equal bytes, pooling and dimensions. SPEC: spaces. */
export function spaceOf(model: ModelFolder, pooling: Pooling, dimensions: number): SpaceId {
  const named = ['swarmlore/space/1', model.modelHash, model.tokenizerHash, pooling, `${dimensions}`].join(
    '\0',
  )
  return createHash('sha256').update(named).digest('hex') as SpaceId
}

function poolingOf(config: z.infer<typeof poolingConfig> | undefined): 'mean' | 'cls' | undefined {
  if (!config || config.pooling_mode_mean_tokens) return 'mean'
  return config.pooling_mode_cls_token ? 'cls' : undefined
}

async function readTokenizer(
  folder: string,
  maxTokens: number,
): Promise<Result<{ tokenizer: TextTokenizer; hash: string }, EmbedderCode>> {
  const path = join(folder, 'tokenizer.json')
  const file = await readJson(path, z.unknown())
  if (!file.ok) return fail('embedder-tokenizer-unreadable', file.message)
  if (file.value === undefined)
    return fail('embedder-model-missing', `There is no tokenizer.json in ${folder}.`)
  const config = await readJson(join(folder, 'tokenizer_config.json'), z.looseObject({}))
  if (!config.ok) return config
  const made = createTokenizer(file.value, config.value ?? {}, maxTokens)
  if (!made.ok) return fail(made.code, `${made.message} Folder: ${folder}`)
  const hash = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  return { ok: true, value: { tokenizer: made.value, hash } }
}

async function hashModel(path: string): Promise<Result<string, EmbedderCode>> {
  const parts = [path]
  // Graphs above 2 GB, and some below, keep their weights in a file beside them.
  for (const external of [`${path}_data`, `${path}.data`]) if (await isFile(external)) parts.push(external)
  const hash = createHash('sha256')
  try {
    for (const part of parts) for await (const chunk of createReadStream(part)) hash.update(chunk)
    return { ok: true, value: hash.digest('hex') }
  } catch (error) {
    return fail('embedder-model-unreadable', `The model ${path} cannot be read (${String(error)}).`)
  }
}

/** Undefined where the file is missing. */
async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<Result<T | undefined, EmbedderCode>> {
  if (!(await isFile(path))) return { ok: true, value: undefined }
  try {
    if ((await stat(path)).size > jsonBytesMax) throw new RangeError('the file is too large')
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')))
    if (parsed.success) return { ok: true, value: parsed.data }
    return fail('embedder-config-unreadable', `${path} is not as expected: ${z.prettifyError(parsed.error)}`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return fail('embedder-config-unreadable', `${path} cannot be read as JSON (${reason}).`)
  }
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isFile(path)) return path
  return undefined
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() ?? false
}

function fail(code: EmbedderCode, message: string): Failure<EmbedderCode> {
  return { ok: false, code, message }
}
