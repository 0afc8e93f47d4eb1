import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareKeys, prefixEnd } from '../../../store/order.ts'

const text = fc.string({ unit: 'binary', maxLength: 6 })

it('orders as UTF-8 bytes do', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
  )
})

it('ends a prefix after all keys that begin with it, and before all others that follow', () => {
  fc.assert(
    fc.property(text, text, (prefix, other) => {
      const end = prefixEnd(prefix)
      if (end === undefined) return
      expect(compareKeys(prefix + other, end)).toBeLessThan(0)
      if (compareKeys(other, prefix) > 0 && !other.startsWith(prefix))
        expect(compareKeys(other, end)).toBeGreaterThanOrEqual(0)
    }),
  )
  expect(prefixEnd('')).toBeUndefined()
  expect(prefixEnd('\u{10ffff}')).toBeUndefined()
  expect(prefixEnd('\ud7ff')).toBe('\ue000')
})
