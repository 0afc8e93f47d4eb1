import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compareBytes,
  concat,
  equalBytes,
  equalSecrets,
  fromBase64url,
  fromHex,
  toBase64url,
  toHex,
} from '../../../crypto/bytes.ts'
import { createMemo } from '../../../crypto/memo.ts'

const bytes = fc.uint8Array({ maxLength: 70 })

test('hex and base64url lead back to the same bytes', () => {
  fc.assert(
    fc.property(bytes, value => {
      expect(fromHex(toHex(value))).toEqual(value)
      expect(fromBase64url(toBase64url(value))).toEqual(value)
    }),
  )
})

test('only the one spelling is read', () => {
  for (const text of ['a', 'AB', 'zz', '0x']) expect(fromHex(text), text).toBeUndefined()
  // Padding, the other alphabet, spare bits that are not 0, a length that no bytes have.
  for (const text of ['AA==', '+/', 'AB', 'A']) expect(fromBase64url(text), text).toBeUndefined()
})

test('comparison is by unsigned bytes, a prefix first', () => {
  expect(compareBytes(new Uint8Array([127]), new Uint8Array([128]))).toBeLessThan(0)
  expect(compareBytes(new Uint8Array([1]), new Uint8Array([1, 0]))).toBeLessThan(0)
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(equalBytes(a, b)).toBe(compareBytes(a, b) === 0)
      expect(equalSecrets(a, b)).toBe(equalBytes(a, b))
      expect(equalBytes(concat(a, b).subarray(a.length), b)).toBe(true)
    }),
  )
})

test('a memo keeps what was asked for last, and no more than its bound', () => {
  const memo = createMemo<number>(2)
  memo.set('a', 1)
  memo.set('b', 2)
  memo.get('a')
  memo.set('c', 3)
  expect([memo.get('a'), memo.get('b'), memo.get('c')]).toEqual([1, undefined, 3])
})
