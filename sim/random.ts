/**
 * Seeded chance behind the `Random` port: the same seed gives the same bytes on every machine, and a fork's bytes
 * depend on its label alone, not on what was drawn before. SHA-256 in counter mode.
 */

import { concat, utf8Bytes } from '../crypto/bytes.ts'
import { sha256 } from '../crypto/hash.ts'
import type { Random } from '../node/ports.ts'

export function seededRandom(seed: string): Random {
  const key = sha256(utf8Bytes(`swarmlore sim random\0${seed}`))
  let counter = 0
  let block = new Uint8Array(0)
  let used = 0

  const bytes = (length: number): Uint8Array => {
    const drawn = new Uint8Array(length)
    for (let filled = 0; filled < length; ) {
      if (used === block.length) {
        const count = new Uint8Array(8)
        new DataView(count.buffer).setBigUint64(0, BigInt(counter++))
        block = sha256(concat(key, count)).slice()
        used = 0
      }
      const taken = block.subarray(used, used + length - filled)
      drawn.set(taken, filled)
      filled += taken.length
      used += taken.length
    }
    return drawn
  }

  return {
    bytes,
    below(n) {
      if (!(Number.isInteger(n) && n >= 1 && n <= 2 ** 32))
        throw new RangeError(`below(${n}): n must be a whole number from 1 to 2^32`)
      // What lies beyond the last whole multiple of n would favour small numbers: it is drawn again.
      const limit = 2 ** 32 - (2 ** 32 % n)
      for (;;) {
        const four = bytes(4)
        const drawn = new DataView(four.buffer, four.byteOffset).getUint32(0)
        if (drawn < limit) return drawn % n
      }
    },
    fork: label => seededRandom(`${seed}\0${label}`),
  }
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
