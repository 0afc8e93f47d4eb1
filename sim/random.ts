/**
 * Seeded chance behind the `Random` port: the same seed gives the same bytes on every machine, and a fork's bytes
 * depend on its label alone, not on what was drawn before. xoshiro128** (Blackman and Vigna, 2018), seeded by SHA-256: every
 * message draws a few numbers, and nobody in a simulation guesses them.
 */

import { utf8Bytes } from '../crypto/bytes.ts'
import { sha256 } from '../crypto/hash.ts'
import type { Random } from '../node/ports.ts'

export function seededRandom(seed: string): Random {
  const next = generator(sha256(utf8Bytes(`swarmlore sim random\0${seed}`)))
  return {
    bytes(length) {
      const drawn = new Uint8Array(length)
      for (let at = 0, word = 0; at < length; at++, word >>>= 8) {
        if (at % 4 === 0) word = next()
        drawn[at] = word
      }
      return drawn
    },
    below(n) {
      if (!(Number.isInteger(n) && n >= 1 && n <= 2 ** 32))
        throw new RangeError(`below(${n}): n must be a whole number from 1 to 2^32`)
      // What lies beyond the last whole multiple of n would favour small numbers: it is drawn again.
      const limit = 2 ** 32 - (2 ** 32 % n)
      for (;;) {
        const drawn = next()
        if (drawn < limit) return drawn % n
      }
    },
    fork: label => seededRandom(`${seed}\0${label}`),
  }
}

/** Whole numbers below 2^32. */
function generator(seed: Uint8Array): () => number {
  const view = new DataView(seed.buffer, seed.byteOffset)
  let a = view.getInt32(0)
  let b = view.getInt32(4)
  let c = view.getInt32(8)
  let d = view.getInt32(12)
  return () => {
    const scrambled = Math.imul(rotated(Math.imul(b, 5), 7), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotated(d, 11)
    return scrambled >>> 0
  }
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** Whether something happens that does so this often, from 0 (never) to 1 (always). */
export function happens(random: Random, share: number): boolean {
  return share > 0 && random.below(1_000_000) < share * 1_000_000
}

/** A number from `low` up to `high`, in a million steps. */
export function between(random: Random, low: number, high: number): number {
  return low + ((high - low) * random.below(1_000_000)) / 1_000_000
}

/** One of them. Throws when there is none. */
export function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[random.below(Math.max(1, from.length))]
  if (picked === undefined) throw new RangeError('there is nothing to pick from')
  return picked
}

/** A random few, none twice, in random order. */
export function draw<T>(random: Random, from: Iterable<T>, count: number): T[] {
  const left = [...from]
  const drawn: T[] = []
  while (drawn.length < count && left.length > 0) drawn.push(...left.splice(random.below(left.length), 1))
  return drawn
}
