/** Numbered batches of several keys, and the check that a store holds a run of them from the first, each wholly. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Store, StoreOp } from '../../store/ports.ts'

const keysOfBatch = ['a', 'm', 'z']

/** Three puts under keys far apart, with bytes that follow from the number; the sizes vary. */
export function numberedBatch(number: number): StoreOp[] {
  return keysOfBatch.map(letter => ({
    type: 'put',
    key: `${letter}/${String(number).padStart(8, '0')}`,
    value: bytesOf(letter, number),
  }))
}

/** How many batches the store holds. Fails unless they are 0, 1, 2, … without a hole, and each is whole and right. */
export async function countBatches(store: Store): Promise<number> {
  const counts: number[] = []
  for (const letter of keysOfBatch) {
    let count = 0
    for await (const [key, value] of store.entries({ prefix: `${letter}/` })) {
      assert.equal(key, `${letter}/${String(count).padStart(8, '0')}`)
      assert.equal(Buffer.compare(value, bytesOf(letter, count)), 0, `the value of ${key}`)
      count++
    }
    counts.push(count)
  }
  assert.equal(new Set(counts).size, 1, `each batch stands under all its keys: ${counts}`)
  return counts[0] ?? 0
}

function bytesOf(letter: string, number: number): Uint8Array {
  const seed = createHash('sha256').update(`${letter}${number}`).digest()
  return new Uint8Array(Buffer.concat(Array.from({ length: 1 + (number % 5) }, () => seed)))
}
