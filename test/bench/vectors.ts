/**
 * Embeddings by the shipped model, kept on disk in blocks: 100,000 short texts take some minutes on one core, and
 * smaller sets that begin alike share their blocks.
 */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OnnxEmbedder } from '../../node/adapters/onnx.ts'
import { cachedFolder, hashOf } from './folders.ts'

const blockTexts = 5_000
/** Texts handed to the embedder at once: it sorts them by length. */
const callTexts = 500

/** A vector for each text, all in one array. */
export async function vectorsFor(
  texts: readonly string[],
  embedder: OnnxEmbedder,
  say: (line: string) => void,
): Promise<Float32Array> {
  const { dimensions, space } = embedder
  const all = new Float32Array(texts.length * dimensions)
  for (let from = 0; from < texts.length; from += blockTexts) {
    const block = texts.slice(from, from + blockTexts)
    const folder = await cachedFolder('vectors', hashOf([space, ...block]), async making => {
      const vectors = new Float32Array(block.length * dimensions)
      for (let at = 0; at < block.length; at += callTexts) {
        say(`embedding texts, kept for later runs: ${from + at} of ${texts.length}`)
        const found = await embedder.embed(block.slice(at, at + callTexts))
        for (const [index, vector] of found.entries()) vectors.set(vector, (at + index) * dimensions)
      }
      await writeFile(join(making, 'f32'), new Uint8Array(vectors.buffer))
    })
    const bytes = await readFile(join(folder, 'f32'))
    all.set(new Float32Array(new Uint8Array(bytes).buffer), from * dimensions)
  }
  return all
}
