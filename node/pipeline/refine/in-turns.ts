/** Going through many, and sorting them, with turns for others between: 100,000 at once would hold the event loop. */

import type { Pause } from '../../../store/ports.ts'

/** Sorted by the engine in one piece: about a millisecond. */
const runLength = 2_048
/** Steps of merging between two pauses: less than a millisecond. */
const mergeSteps = 8_192

/** Items between two pauses, and how many of them a microsecond takes. */
const stepItems = 1_024
const itemsPerMicro = 2

/** Calls `visit` with the numbers from 0 to `count`. */
export async function eachInTurns(count: number, pause: Pause, visit: (at: number) => void): Promise<void> {
  for (let at = 0; at < count; at++) {
    if (at % stepItems === 0) await pause(stepItems / itemsPerMicro)
    visit(at)
  }
}

/** The numbers from 0 to `count`, in order. `compare` must be total, so that the answer is one. */
export async function sortedNumbers(
  count: number,
  compare: (a: number, b: number) => number,
  pause: Pause,
): Promise<Int32Array> {
  let from = Int32Array.from({ length: count }, (_, at) => at)
  let into = new Int32Array(count)
  for (let start = 0; start < count; start += runLength) {
    from.subarray(start, start + runLength).sort(compare)
    await pause(runLength)
  }
  for (let width = runLength; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width)
      await merge(from, into, { start, middle: start + width, end: start + 2 * width }, compare, pause)
    const merged = into
    into = from
    from = merged
  }
  return from
}

async function merge(
  from: Int32Array,
  into: Int32Array,
  { start, middle, end }: { start: number; middle: number; end: number },
  compare: (a: number, b: number) => number,
  pause: Pause,
): Promise<void> {
  const count = from.length
  const leftEnd = Math.min(middle, count)
  const rightEnd = Math.min(end, count)
  let left = start
  let right = leftEnd
  for (let at = start; at < rightEnd; at++) {
    if (at % mergeSteps === 0) await pause(mergeSteps / 8)
    const a = from[left] ?? 0
    const b = from[right] ?? 0
    const takesLeft = left < leftEnd && (right >= rightEnd || compare(a, b) <= 0)
    into[at] = takesLeft ? a : b
    if (takesLeft) left++
    else right++
  }
}
