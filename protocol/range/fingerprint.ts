/**
 * What two peers compare: the fingerprint of a range, the short form of an id, and the check of a sample. All of them
 * take in the session's salt, so nobody can prepare sets or ids that agree in them. SPEC section "Ranges".
 */

import { createHash, hash } from 'node:crypto'
import { concat, utf8Bytes } from '../../crypto/bytes.ts'
import { rangeShortBytes, rangeSumBytes } from '../limits.ts'
import { writeWord } from './chunk.ts'
import type { RangeIndex } from './range-index.ts'

const idBytes = 32
const countBytes = 8
const checkBytes = 16
const rangeTag = utf8Bytes('swarmlore/1 range\0')
const idTag = utf8Bytes('swarmlore/1 range id\0')
const sampleTag = utf8Bytes('swarmlore/1 range sample\0')

/**
 * Over the sum of the ids, and their number. The sum alone could be met by other ids (generalised birthday, some 2^31
 * steps), whatever is hashed over it: that is what the sample is for.
 */
export function fingerprint(index: RangeIndex, from: number, to: number, salt: Uint8Array): Uint8Array {
  // As `taggedHash`, in one call: thousands of them answer one message. Then what both sides drew, the number and the sum.
  const countAt = rangeTag.length + salt.length
  const input = new Uint8Array(countAt + countBytes + idBytes)
  input.set(rangeTag)
  input.set(salt, rangeTag.length)
  // Eight bytes, of which a set of fewer than 2^32 items needs the last four.
  writeWord(to - from, input, countAt + 4)
  input.set(index.sum(from, to), countAt + countBytes)
  return new Uint8Array(hash('sha256', input, 'buffer').subarray(0, rangeSumBytes))
}

/** The ids themselves, in order, under what both sides drew. */
export function sampleCheck(
  index: RangeIndex,
  from: number,
  to: number,
  draws: { salt: Uint8Array; nonce: Uint8Array },
): Uint8Array {
  // As `taggedHash`, without a copy of all ids.
  const check = createHash('sha256').update(sampleTag).update(draws.salt).update(draws.nonce)
  return new Uint8Array(check.update(index.ids(from, to)).digest().subarray(0, checkBytes))
}

/** Five bytes of a salted hash, as a number. One for each id in `ids`, which holds 32 bytes of each. */
export function shortIds(ids: Uint8Array, salt: Uint8Array): readonly number[] {
  const head = concat(idTag, salt)
  const input = concat(head, new Uint8Array(idBytes))
  const shorts: number[] = []
  for (let at = 0; at < ids.length; at += idBytes) {
    input.set(ids.subarray(at, at + idBytes), head.length)
    // As text it comes in half the time, and most of what a list costs is this.
    shorts.push(Number.parseInt(hash('sha256', input, 'hex').slice(0, 2 * rangeShortBytes), 16))
  }
  return shorts
}
