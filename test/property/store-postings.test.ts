/** Chains of blocks behave as lists of numbers, under any pushes and filters. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Arena } from '../../store/postings.ts'

function listed(arena: Arena, list: number): number[] {
  const values: number[] = []
  arena.visit(list, (chunk, from, to) => values.push(...chunk.subarray(from, to)))
  return values
}

it('holds what was pushed and not filtered out, in order', () => {
  const step = fc.oneof(
    fc.record({ push: fc.nat(2_000), list: fc.constantFrom(0, 1, 2, 70) }),
    fc.record({ keep: fc.constantFrom(1, 2, 3, 1_000_000), list: fc.constantFrom(0, 1, 2, 70) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      const arena = new Arena()
      const model = new Map<number, number[]>()
      let next = 0
      for (const one of steps) {
        const values = model.get(one.list) ?? []
        if ('push' in one) {
          for (let i = 0; i < one.push; i++) {
            arena.push(one.list, ++next)
            values.push(next)
          }
          model.set(one.list, values)
        } else {
          arena.filter(one.list, value => value % one.keep === 0)
          model.set(
            one.list,
            values.filter(value => value % one.keep === 0),
          )
        }
        for (const [list, expected] of model) {
          expect(arena.count(list)).toBe(expected.length)
          expect(listed(arena, list)).toEqual(expected)
        }
      }
    }),
    { numRuns: 100 },
  )
})
