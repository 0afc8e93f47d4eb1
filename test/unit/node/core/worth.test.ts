import { expect, test } from 'vitest'
import { differenceOf } from '../../../../node/core/worth.ts'

const side = (solved: number, all: number) => ({ solved, failed: all - solved })

// Newcombe 1998, table II, method 10.
test.each([
  [side(56, 70), side(48, 80), 0.0524, 0.3339],
  [side(9, 10), side(3, 10), 0.1705, 0.809],
  [side(6, 7), side(2, 7), 0.0582, 0.8062],
  [side(5, 56), side(0, 29), -0.0381, 0.1926],
  [side(0, 10), side(0, 20), -0.1611, 0.2775],
  [side(10, 10), side(0, 20), 0.6791, 1],
])('the interval of %j against %j is the one of the literature', (given, withheld, low, high) => {
  const found = differenceOf(given, withheld)
  expect(found?.low).toBeCloseTo(low, 4)
  expect(found?.high).toBeCloseTo(high, 4)
})

test('nothing is said before both sides have an outcome', () => {
  expect(differenceOf(side(0, 0), side(3, 4))).toBeUndefined()
  expect(differenceOf(side(3, 4), side(0, 0))).toBeUndefined()
})

test('the interval never leaves what a difference of shares can be, by rounding either', () => {
  for (let given = 1; given <= 60; given++)
    for (let withheld = 1; withheld <= 60; withheld++) {
      expect(differenceOf(side(given, given), side(0, withheld))?.high).toBe(1)
      expect(differenceOf(side(0, given), side(withheld, withheld))?.low).toBe(-1)
    }
})
