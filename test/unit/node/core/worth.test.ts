import { expect, test } from 'vitest'
import { differenceOf } from '../../../../node/core/worth.ts'

const arm = (solved: number, all: number) => ({ solved, failed: all - solved })

// Newcombe 1998, table II, method 10.
test.each([
  [arm(56, 70), arm(48, 80), 0.0524, 0.3339],
  [arm(9, 10), arm(3, 10), 0.1705, 0.809],
  [arm(6, 7), arm(2, 7), 0.0582, 0.8062],
  [arm(5, 56), arm(0, 29), -0.0381, 0.1926],
  [arm(0, 10), arm(0, 20), -0.1611, 0.2775],
  [arm(10, 10), arm(0, 20), 0.6791, 1],
])('the interval of %j against %j is the one of the literature', (given, withheld, low, high) => {
  const found = differenceOf(given, withheld)
  expect(found?.low).toBeCloseTo(low, 4)
  expect(found?.high).toBeCloseTo(high, 4)
})

test('nothing is said before both sides have an outcome', () => {
  expect(differenceOf(arm(0, 0), arm(3, 4))).toBeUndefined()
  expect(differenceOf(arm(3, 4), arm(0, 0))).toBeUndefined()
})
