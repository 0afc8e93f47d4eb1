/** Sign bits of an embedding: small enough to announce, good enough to tell what is near. SPEC section "Sketch". */

import { sketchBitsMax } from './limits.ts'

/** Bit i is 1 where component i is above 0; the first component is the most significant bit of the first byte. */
export function sketchOf(vector: ArrayLike<number>): Uint8Array {
  const bits = Math.min(vector.length, sketchBitsMax)
  const sketch = new Uint8Array(Math.ceil(bits / 8))
  for (let i = 0; i < bits; i++) {
    if ((vector[i] ?? 0) > 0) sketch[i >> 3] = (sketch[i >> 3] ?? 0) | (0x80 >> (i & 7))
  }
  return sketch
}

/** How many bits differ. Bytes that only one of them has differ in all bits: they are of different spaces. */
export function hamming(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  let distance = 8 * (Math.max(a.length, b.length) - shared)
  for (let i = 0; i < shared; i++) distance += bitsSet((a[i] ?? 0) ^ (b[i] ?? 0))
  return distance
}

function bitsSet(byte: number): number {
  const pairs = byte - ((byte >> 1) & 0x55)
  const nibbles = (pairs & 0x33) + ((pairs >> 2) & 0x33)
  return (nibbles + (nibbles >> 4)) & 0x0f
}
