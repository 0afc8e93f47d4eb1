import { expect, it } from 'vitest'
import { memoryFailure, memoryLimit, neededBytes } from '../../../sim/memory.ts'

const gb = 1e9

it('the limit is what the system has, or what the engine may use, whichever is less', () => {
  expect(memoryLimit({ availableBytes: 2 * gb, heapBytes: 4 * gb })).toBe(1.8 * gb)
  expect(memoryLimit({ availableBytes: 64 * gb, heapBytes: 4 * gb })).toBe(4.05 * gb)
})

it('a thousand nodes fit into the twelve gigabytes that they may take, and a hundred into a small machine', () => {
  expect(neededBytes(1_000)).toBeLessThan(memoryLimit({ availableBytes: 12 * gb, heapBytes: 12 * gb }))
  expect(neededBytes(100)).toBeLessThan(memoryLimit({ availableBytes: gb, heapBytes: 4 * gb }))
})

it('what does not fit is told with what to do', () => {
  const failure = memoryFailure(5_000, gb)
  expect(failure.message).toMatch(/5000 nodes do not fit into the 1000 MB .*--max-old-space-size=\d{4}/)
  // More than it had, also where few nodes took so much.
  expect(memoryFailure(20, gb).message).toContain('--max-old-space-size=2000.')
})
