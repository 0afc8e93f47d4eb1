/** What every source of chance promises: the system's and the seeded one. */

import { describe, expect, it } from 'vitest'
import type { Random } from '../../node/ports.ts'

export function randomContract(name: string, make: () => Random): void {
  describe(`random: ${name}`, () => {
    it('gives as many bytes as asked, and other ones each time', () => {
      const random = make()
      expect([0, 1, 31, 32, 33, 100].map(length => random.bytes(length).length)).toEqual([
        0, 1, 31, 32, 33, 100,
      ])
      expect(random.bytes(32)).not.toEqual(random.bytes(32))
    })

    it('gives bytes that the caller may keep and change', () => {
      const random = make()
      const first = random.bytes(8)
      const copy = first.slice()
      random.bytes(64).fill(0)
      expect(first).toEqual(copy)
    })

    it('draws every number below n, and no other', () => {
      const random = make()
      const drawn = new Set(Array.from({ length: 500 }, () => random.below(7)))
      expect([...drawn].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
      expect(random.below(1)).toBe(0)
    })
  })
}
