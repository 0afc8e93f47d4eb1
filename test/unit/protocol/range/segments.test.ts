/** Ranges as bytes: one spelling, and a reason for every other. */

import { describe, expect, it } from 'vitest'
import { rangeIdsMax, rangesMax } from '../../../../protocol/limits.ts'
import { boundAt } from '../../../../protocol/range/bound.ts'
import {
  packedBytesMax,
  packSegments,
  type Segment,
  unpackSegments,
} from '../../../../protocol/range/segments.ts'
import { filled } from '../fixtures.ts'

const modes = ['sum', 'ids', 'diff', 'later', 'all'] as const
const sum = filled(8, 0xaa)

function read(hex: string) {
  return unpackSegments(Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')), modes)
}

describe('packed segments', () => {
  const all: readonly Segment[] = [
    { from: boundAt(0), to: boundAt(5), mode: 'sum', sum },
    { from: boundAt(5), to: boundAt(5, filled(2, 1)), mode: 'ids', ids: [1, 2 ** 40 - 1] },
    {
      from: boundAt(9),
      to: boundAt(2 ** 33 - 1, filled(32, 7)),
      mode: 'diff',
      ids: [],
      lacks: [false, true],
    },
    { from: boundAt(2 ** 33 - 1, filled(32, 7)), to: boundAt(2 ** 33), mode: 'later' },
  ]

  it('come back as they were', () => {
    expect(unpackSegments(packSegments(all), modes)).toEqual({ ok: true, value: all })
    expect(unpackSegments(new Uint8Array(), modes)).toEqual({ ok: true, value: [] })
  })

  it('take no more bytes than a writer reckons with', () => {
    for (const segment of all) {
      const ids = 'ids' in segment ? segment.ids.length + ('lacks' in segment ? segment.lacks.length : 0) : 0
      expect(packSegments([segment]).length).toBeLessThanOrEqual(packedBytesMax(1, ids))
    }
  })

  it.each([
    ['a bound without an end', '8a', 'they are cut short'],
    ['a bound without a mode', '0a', 'they are cut short'],
    ['a sum of seven bytes', '0a 01 aaaaaaaaaaaaaa', 'they are cut short'],
    ['fewer ids than said', '0a 02 02 0000000001', 'they are cut short'],
    ['bytes behind the last range', '0a 01 aaaaaaaaaaaaaaaa 00', 'a range is empty or out of order'],
    [
      'a number in more bytes than it needs',
      '8a00 01 aaaaaaaaaaaaaaaa',
      'a number is longer than it need be',
    ],
    ['a number of six bytes', '808080808001 04', 'a number is too long'],
    ['a place beyond the last', '8080808040 05 02 05', 'a range ends beyond the last place'],
    ['a range that is empty', '0a 05 00 05', 'a range is empty or out of order'],
    ['a range that goes back', '0b0102 05 010101 05', 'a range is empty or out of order'],
    ['a prefix of no bytes', '0b00 05', 'a bound has a prefix of no bytes'],
    ['a prefix of 33 bytes', `0b21${'01'.repeat(33)} 05`, 'a bound has more than 32 bytes'],
    ['a prefix that ends in a zero', '0b020100 05', 'a bound ends in a zero'],
    ['two skipped ranges', '0a 00 0a 00 0a 05', 'two skipped ranges follow each other'],
    ['a skipped range at the end', '0a 05 0a 00', 'the last range is skipped'],
    ['a mode that is not known', '0a 06', 'a range has the mode 6, which means nothing here'],
    ['something behind what is left for later', '0a 04 0a 05', 'something follows what is left for later'],
    ['a difference that is none', '0a 03 00 02 00', 'a difference is empty'],
    ['a spare bit', '0a 03 00 02 60', 'a spare bit is set'],
    ['more ids than allowed', '0a 02 818001', `a number is greater than ${rangeIdsMax}`],
  ])('%s is refused', (_name, hex, why) => {
    expect(read(hex)).toEqual({
      ok: false,
      code: 'range-malformed',
      message: `The peer’s ranges cannot be read: ${why}.`,
    })
  })

  it('are refused in a mode that has no meaning in that message', () => {
    const packed = packSegments([{ from: boundAt(0), to: boundAt(5), mode: 'all' }])
    expect(unpackSegments(packed, ['sum', 'ids'])).toMatchObject({ ok: false })
  })

  it('are refused beyond their number, and ids beyond theirs, in all ranges together', () => {
    const many = (count: number) =>
      packSegments(
        Array.from({ length: count }, (_, at) => ({ from: boundAt(at), to: boundAt(at + 1), mode: 'all' })),
      )
    expect(unpackSegments(many(rangesMax), modes).ok).toBe(true)
    expect(unpackSegments(many(rangesMax + 1), modes).ok).toBe(false)
    const ids = Array.from({ length: rangeIdsMax / 2 }, (_, id) => id)
    const lists = (more: readonly number[]) =>
      packSegments(
        [ids, ids, more].map((list, at) => ({
          from: boundAt(at),
          to: boundAt(at + 1),
          mode: 'ids',
          ids: list,
        })),
      )
    expect(unpackSegments(lists([]), modes).ok).toBe(true)
    expect(unpackSegments(lists([1]), modes).ok).toBe(false)
  })
})
