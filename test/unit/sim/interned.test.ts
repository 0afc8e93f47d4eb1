import { expect, it } from 'vitest'
import { InternedRows } from '../../../sim/interned.ts'
import { prefixes } from '../../../store/layout.ts'

const row = (key: string, ...value: number[]) =>
  ({ type: 'put', key, value: Uint8Array.from(value) }) as const

it('holds a row that is named by its content once, and never what its caller can still write to', () => {
  const rows = new InternedRows()
  const given = row(`${prefixes.record}swarm/id`, 1, 2)
  const first = rows.put(given)
  given.value.fill(9)
  expect(first.value).toEqual(Uint8Array.of(1, 2))
  expect(rows.put(row(given.key, 1, 2))).toBe(first)
})

it('tells rows apart that have one name and not the same bytes, and rows that each machine has for itself', () => {
  const rows = new InternedRows()
  const first = rows.put(row(`${prefixes.record}swarm/id`, 1, 2))
  const other = rows.put(row(`${prefixes.record}swarm/id`, 1, 3))
  expect([first.value, other.value]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 3)])
  expect(rows.put(row(`${prefixes.kept}a/b`, 1))).not.toBe(rows.put(row(`${prefixes.kept}a/b`, 1)))
})
