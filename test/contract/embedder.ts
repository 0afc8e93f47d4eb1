/**
 * What every Embedder promises: unit vectors in the order of the texts, the same for a text whatever stands beside
 * it, and calls that can be given up.
 */

import { describe, expect, test } from 'vitest'
import type { Embedder } from '../../node/ports.ts'

export interface EmbedderUnderTest {
  readonly name: string
  /** Opened once; the suite changes nothing in it that a later test could see. */
  readonly embedder: () => Embedder
  /** Two texts that mean the same and a third: other than the suite's own where only a model understands those. */
  readonly alike?: readonly [string, string, string]
}

const texts = [
  'The airline refused to change a basic economy ticket.',
  'rm -rf needs a path that is checked first',
  '',
  'Ὀδυσσεύς',
  'a much longer text about retries, time-outs, and back-off with jitter '.repeat(12),
  'short',
]

const sameForAModel = [
  'How do I get my money back for a flight?',
  'I want a refund of my plane ticket.',
  'The recipe needs two eggs and some flour.',
] as const

export function embedderContract({ name, embedder, alike = sameForAModel }: EmbedderUnderTest): void {
  describe(`embedder: ${name}`, () => {
    test('gives one unit vector of its dimensions for each text', async () => {
      const vectors = await embedder().embed(texts)
      expect(vectors).toHaveLength(texts.length)
      for (const vector of vectors) {
        expect(vector).toHaveLength(embedder().dimensions)
        expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
      }
      expect(await embedder().embed([])).toEqual([])
    })

    test('the vector of a text does not depend on its batch or its place', async () => {
      const together = await embedder().embed(texts.map(text => `${text} batch`))
      const reversed = await embedder().embed(texts.map(text => `${text} batch`).toReversed())
      expect(reversed.toReversed()).toEqual(together)
    })

    test('texts that mean the same are nearer than others', async () => {
      const [a, b, c] = await embedder().embed(alike)
      expect(dot(a, b)).toBeGreaterThan(dot(a, c) + 0.2)
    })

    test('changing a vector does not change what others get', async () => {
      const [first] = await embedder().embed(['a shared text'])
      const before = Array.from(first ?? [])
      first?.fill(9)
      const [second] = await embedder().embed(['a shared text'])
      expect(Array.from(second ?? [])).toEqual(before)
    })

    test('a call can be given up, before and while it runs', async () => {
      const reason = new Error('no longer wanted')
      await expect(embedder().embed(['never'], AbortSignal.abort(reason))).rejects.toBe(reason)
      const giveUp = new AbortController()
      const many = Array.from({ length: 200 }, (_, at) => `text ${at} that will not be embedded`)
      const call = embedder().embed(many, giveUp.signal)
      giveUp.abort(reason)
      await expect(call).rejects.toBe(reason)
      expect(await embedder().embed(['after'])).toHaveLength(1)
    })

    test('a query is answered while a bulk call waits', async () => {
      const order: string[] = []
      const many = Array.from({ length: 150 }, (_, at) => `text ${at} of a bulk call, somewhat longer`)
      const bulk = embedder()
        .embed(many)
        .then(() => order.push('bulk'))
      const query = embedder()
        .embed(['a query that came later'])
        .then(() => order.push('query'))
      await Promise.all([bulk, query])
      expect(order).toEqual(['query', 'bulk'])
    })
  })
}

export function dot(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (!a || !b) throw new TypeError('a vector is missing')
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
}
