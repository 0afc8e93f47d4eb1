import { createHash } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type OnnxEmbedder, openEmbedder, shippedModelFolder } from '../../../node/adapters/onnx.ts'
import { createTokenizer } from '../../../node/adapters/tokenizer.ts'
import { dot } from '../../contract/embedder.ts'

const sts = new URL('../../../../shared/data/sts_benchmark/test.jsonl', import.meta.url)
const stsText = await readFile(sts, 'utf8').catch(() => undefined)

describe('the shipped model', () => {
  let embedder: OnnxEmbedder
  beforeAll(async () => {
    const opened = await openEmbedder()
    if (!opened.ok) throw new Error(opened.message)
    embedder = opened.value
  })
  afterAll(() => embedder.close())

  test('is the one that its SOURCE.md names, and names its space by it', async () => {
    const source = await readFile(join(shippedModelFolder, 'config.json'), 'utf8')
    const hash = createHash('sha256').update(await readFile(join(shippedModelFolder, 'model.onnx')))
    expect(source).toContain(hash.digest('hex'))
    expect(embedder.dimensions).toBe(384)
    // Peers share the space by this name: it must never change while the files do not.
    expect(embedder.space).toBe('e3acce1bfe7cdf23901eca808218e6755b4738168d0d97872758bd9b1b8a66a7')
  })

  test('texts are cut at 256 tokens: what follows does not count', async () => {
    const words = 'word '.repeat(254)
    const [short, long, other] = await embedder.embed([words, `${words} more and more`, `other ${words}`])
    expect(long).toEqual(short)
    expect(other).not.toEqual(short)
  })

  const name = 'agrees with people on how alike sentences are: Spearman 0.80 on 300 pairs of STS-B test'
  test.skipIf(stsText === undefined)(
    stsText === undefined ? `${name} (skipped: ../shared/data/sts_benchmark is not there)` : name,
    async () => {
      const pairs = (stsText ?? '')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
        .filter((_, at) => at % 4 === 0)
        .slice(0, 300)
      const left = await embedder.embed(pairs.map(({ a }) => a))
      const right = await embedder.embed(pairs.map(({ b }) => b))
      const cosines = left.map((vector, at) => dot(vector, right[at]))
      expect(
        spearman(
          cosines,
          pairs.map(({ score }) => score),
        ),
      ).toBeGreaterThanOrEqual(0.8)
    },
  )
})

test('closing ends what still waits, and what comes later', async () => {
  const opened = await openEmbedder()
  if (!opened.ok) throw new Error(opened.message)
  const texts = Array.from({ length: 100 }, (_, at) => `a text ${at} that is waiting`)
  const waiting = opened.value.embed(texts)
  const closed = opened.value.close()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  await closed
  await expect(opened.value.embed(['late'])).rejects.toMatchObject({ name: 'AbortError' })
})

describe('tokenizer', () => {
  const ids = async (text: string, maxTokens = 256) => {
    const file: unknown = JSON.parse(await readFile(join(shippedModelFolder, 'tokenizer.json'), 'utf8'))
    const made = createTokenizer(file, {}, maxTokens)
    if (!made.ok) throw new Error(made.message)
    return made.value.ids(text)
  }

  test('a long text keeps its first ids and ends with the closing one', async () => {
    const long = await ids('word '.repeat(400))
    expect(long).toHaveLength(256)
    expect(long.at(0)).toBe(101)
    expect(long.at(-1)).toBe(102)
    expect(await ids('word '.repeat(400), 8)).toEqual([...long.slice(0, 7), 102])
  })

  test('a capital sigma at the end of a word is the small one of the reference', async () => {
    expect(await ids('ΟΔΥΣΣΕΥΣ')).toEqual(await ids('οδυσσευσ'))
  })

  test('rare CJK characters stand alone, as in the reference', async () => {
    expect(await ids('a\u{20001}b')).toEqual(await ids('a \u{20001} b'))
  })

  test('a megabyte of text does not hold the event loop', async () => {
    expect(await ids('x '.repeat(500_000))).toHaveLength(256)
    expect(await ids('\u{1F600}'.repeat(200_000))).not.toHaveLength(0)
  })
})

describe('a folder that cannot be used', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'swarmlore-model-'))
    await cp(shippedModelFolder, folder, { recursive: true })
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const code = async () => {
    const opened = await openEmbedder(folder)
    if (opened.ok) await opened.value.close()
    return opened.ok ? 'ok' : opened.code
  }

  test('without a model, a tokenizer, or at all', async () => {
    await rm(join(folder, 'tokenizer.json'))
    expect(await code()).toBe('embedder-model-missing')
    await rm(join(folder, 'model.onnx'))
    expect(await code()).toBe('embedder-model-missing')
    await rm(folder, { recursive: true })
    const opened = await openEmbedder(folder)
    expect(opened).toMatchObject({ ok: false, message: expect.stringContaining(folder) })
  })

  test('with something that is not an ONNX model, or half of one', async () => {
    await truncate(join(folder, 'model.onnx'), 1_000_000)
    expect(await code()).toBe('embedder-model-unreadable')
    await writeFile(join(folder, 'model.onnx'), 'not a model')
    expect(await code()).toBe('embedder-model-unreadable')
    await writeFile(join(folder, 'model.onnx'), '')
    expect(await code()).toBe('embedder-model-unreadable')
  })

  test('with a tokenizer that is not one', async () => {
    await writeFile(join(folder, 'tokenizer.json'), '{"model":')
    expect(await code()).toBe('embedder-tokenizer-unreadable')
    await writeFile(join(folder, 'tokenizer.json'), '{"model":{"type":"Unheard"}}')
    expect(await code()).toBe('embedder-tokenizer-unreadable')
    await writeFile(join(folder, 'tokenizer.json'), '[]')
    expect(await code()).toBe('embedder-tokenizer-unreadable')
  })

  test('with a config of other dimensions, or none that can be read', async () => {
    await writeFile(join(folder, 'config.json'), '{"dimensions": 768, "maxTokens": 256}')
    expect(await code()).toBe('embedder-dimensions-differ')
    await writeFile(join(folder, 'config.json'), '{"dimensions": "many"}')
    expect(await code()).toBe('embedder-config-unreadable')
    await writeFile(join(folder, 'config.json'), '{')
    expect(await code()).toBe('embedder-config-unreadable')
  })

  test('a folder as sentence-transformers writes it is used, and is another space when its files differ', async () => {
    const shipped = await openEmbedder()
    await rm(join(folder, 'config.json'))
    await writeFile(join(folder, 'sentence_bert_config.json'), '{"max_seq_length": 128}')
    const opened = await openEmbedder(folder)
    if (!opened.ok || !shipped.ok) throw new Error('both should open')
    expect(opened.value.dimensions).toBe(384)
    expect(opened.value.space).toBe(shipped.value.space)
    const tokenizer = join(folder, 'tokenizer.json')
    await writeFile(tokenizer, `${await readFile(tokenizer, 'utf8')}\n`)
    const changed = await openEmbedder(folder)
    expect(changed.ok && changed.value.space).not.toBe(shipped.value.space)
    for (const each of [shipped, opened, changed]) if (each.ok) await each.value.close()
  })
})

function spearman(a: readonly number[], b: readonly number[]): number {
  const x = ranks(a)
  const y = ranks(b)
  const mean = (a.length - 1) / 2
  let cov = 0
  let varX = 0
  let varY = 0
  for (let at = 0; at < a.length; at++) {
    const dx = (x[at] ?? 0) - mean
    const dy = (y[at] ?? 0) - mean
    cov += dx * dy
    varX += dx * dx
    varY += dy * dy
  }
  return cov / Math.sqrt(varX * varY)
}

/** Equal values share the mean of their places. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((value, at) => ({ value, at })).sort((p, q) => p.value - q.value)
  const result: number[] = new Array(values.length)
  for (let start = 0; start < order.length; ) {
    let end = start
    while (order[end + 1]?.value === order[start]?.value) end++
    for (let at = start; at <= end; at++) {
      const place = order[at]
      if (place) result[place.at] = (start + end) / 2
    }
    start = end + 1
  }
  return result
}
