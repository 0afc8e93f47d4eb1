/**
 * Meaning without a model: words that begin alike point the same way, so a text lies near another one about the same
 * things, however it is put. The same text has the same vector on every machine, and it is made once a process. A real
 * model's vectors are not the same to the last bit on every processor, and so one seed would have many traces: real text is
 * embedded like this, too, and what recall is worth on it is measured elsewhere.
 */

import { utf8Bytes } from '../crypto/bytes.ts'
import { sha256 } from '../crypto/hash.ts'
import { createMemo } from '../crypto/memo.ts'
import type { Embedder } from '../node/ports.ts'
import { spaceIdOfHash } from '../protocol/identity.ts'

const dimensions = 64
/** Letters of a word that decide where it points; what follows is the form that it has in a sentence. */
const stemLetters = 5
/** Words so short say little of what a text is about, and there are many of them. */
const smallLetters = 3
/** Texts of a bulk call that are embedded before another call has its turn. */
const textsAtOnce = 32
const memoisedMax = 65_536

const known = createMemo<Float32Array>(memoisedMax)

export const syntheticEmbedder: Embedder = {
  space: spaceIdOfHash(sha256(utf8Bytes('swarmlore sim embedder'))),
  dimensions,
  async embed(texts, signal) {
    const vectors: Float32Array[] = []
    for (const [at, text] of texts.entries()) {
      signal?.throwIfAborted()
      if (at > 0 && at % textsAtOnce === 0) for (let job = 0; job < 4; job++) await Promise.resolve()
      vectors.push(new Float32Array(vectorOf(text)))
    }
    return vectors
  },
}

function vectorOf(text: string): Float32Array {
  const before = known.get(text)
  if (before !== undefined) return before
  const sum = new Float64Array(dimensions)
  const words = text.toLowerCase().split(/[^\p{L}\p{N}]+/u)
  const telling = words.filter(word => word.length > smallLetters)
  for (const word of telling.length > 0 ? telling : words) {
    const direction = directionOf(word.slice(0, stemLetters))
    for (let at = 0; at < dimensions; at++) sum[at] = (sum[at] ?? 0) + (direction[at] ?? 0)
  }
  let square = 0
  for (const part of sum) square += part * part
  const length = Math.sqrt(square)
  const vector = Float32Array.from(sum, part => part / length)
  known.set(text, vector)
  return vector
}

const directions = createMemo<Int8Array>(memoisedMax)

/** Odd numbers, so that no sum of an odd count of them is zero in every dimension. */
function directionOf(stem: string): Int8Array {
  const before = directions.get(stem)
  if (before !== undefined) return before
  const bytes = utf8Bytes(stem)
  const hashes = [sha256(Uint8Array.of(0, ...bytes)), sha256(Uint8Array.of(1, ...bytes))]
  const direction = Int8Array.from({ length: dimensions }, (_, at) => {
    const byte = hashes[at >> 5]?.[at & 31] ?? 0
    return ((byte & 15) << 1) - 15
  })
  directions.set(stem, direction)
  return direction
}
