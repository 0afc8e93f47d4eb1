/** The order-statistics index against a plain sorted list. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../../../crypto/bytes.ts'
import { bytesOfId } from '../../../../protocol/identity.ts'
import { boundAt } from '../../../../protocol/range/bound.ts'
import { createRangeIndex } from '../../../../protocol/range/range-index.ts'
import type { RecordId } from '../../../../protocol/types.ts'
import { type Item, idOf } from './peers.ts'

/** Small, so that places meet and ids decide. */
const item = fc.record({ place: fc.nat({ max: 20 }), number: fc.nat({ max: 3_000 }) })

function sorted(items: Iterable<Item>): Item[] {
  return [...items].sort((a, b) => a.place - b.place || (a.id < b.id ? -1 : 1))
}

function sumOf(items: readonly Item[]): string {
  const sum = items.reduce((total, { id }) => (total + BigInt(`0x${id}`)) % 2n ** 256n, 0n)
  return sum.toString(16).padStart(64, '0')
}

/** Keeps the index and the list side by side. */
function both() {
  const index = createRangeIndex()
  const list = new Map<string, Item>()
  return {
    index,
    list,
    add(place: number, id: RecordId) {
      const isNew = !list.has(`${place} ${id}`)
      list.set(`${place} ${id}`, { place, id })
      expect(index.add(place, id)).toBe(isNew)
    },
    remove(place: number, id: RecordId) {
      expect(index.remove(place, id)).toBe(list.delete(`${place} ${id}`))
    },
    check() {
      const items = sorted(list.values())
      expect(index.size).toBe(items.length)
      const ids = items.map(({ id }) => id).join('')
      expect(toHex(index.ids(0, items.length))).toBe(ids)
      for (const [from, to] of [
        [0, items.length],
        [Math.floor(items.length / 3), Math.ceil(items.length / 2)],
        [items.length, items.length],
      ]) {
        expect(toHex(index.sum(from ?? 0, to ?? 0))).toBe(sumOf(items.slice(from, to)))
      }
      for (const place of [0, 7, 21]) {
        expect(index.rank(boundAt(place))).toBe(items.filter(one => one.place < place).length)
      }
      const some = items[Math.floor(items.length / 2)]
      if (some === undefined) return
      const rank = index.rank(boundAt(some.place, bytesOfId(some.id)))
      expect(items[rank]).toEqual(some)
      expect(index.item(rank)).toEqual({ place: some.place, id: bytesOfId(some.id) })
      expect(index.idAt(rank)).toBe(some.id)
    },
  }
}

describe('the range index', () => {
  it('is a sorted list with sums, whatever is added and removed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(item, fc.boolean()), { maxLength: 1_500, size: 'max' }), steps => {
        const pair = both()
        for (const [{ place, number }, isAdded] of steps) {
          if (isAdded) pair.add(place, idOf(number))
          else pair.remove(place, idOf(number))
        }
        pair.check()
      }),
      { numRuns: 30 },
    )
  })

  it('stays so while it grows over many chunks and shrinks to nothing', () => {
    const pair = both()
    for (let number = 0; number < 2_000; number++) pair.add((number * 7) % 13, idOf(number))
    pair.check()
    for (let number = 0; number < 2_000; number++) {
      pair.remove((number * 7) % 13, idOf(number))
      if (number % 199 === 0) pair.check()
    }
    pair.check()
    expect(pair.index.size).toBe(0)
    pair.add(1, idOf(1))
    pair.check()
  })

  it('gives the ids of now, though there are as many as were given before', () => {
    const pair = both()
    for (let number = 0; number < 600; number++) pair.add(number % 13, idOf(number))
    pair.check()
    pair.remove(0, idOf(0))
    pair.add(12, idOf(600))
    pair.check()
    pair.check()
  })

  it('gives the same sums for the same items in any order', () => {
    const items = Array.from({ length: 1_000 }, (_, number) => ({ place: number % 50, id: idOf(number) }))
    const [there, back] = [items, items.toReversed()].map(order => {
      const index = createRangeIndex()
      for (const { place, id } of order) index.add(place, id)
      return index
    })
    for (let from = 0; from < 1_000; from += 97) {
      expect(there?.sum(from, 1_000)).toEqual(back?.sum(from, 1_000))
    }
  })

  it('asks about an item that is not there only by mistake', () => {
    const index = createRangeIndex()
    expect(index.rank(boundAt(5))).toBe(0)
    expect(index.ids(0, 0)).toHaveLength(0)
    index.add(1, idOf(1))
    expect(() => index.ids(0, 2)).toThrow(RangeError)
    expect(() => index.item(5)).toThrow(RangeError)
  })
})
