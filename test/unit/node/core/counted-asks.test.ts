import { describe, expect, it } from 'vitest'
import { countedAsks } from '../../../../node/core/counted-asks.ts'

const named = (asks: Readonly<Record<string, string>>) =>
  Object.entries(asks).map(([episode, ask]) => ({ episode, ask }))

/** Under how many asks the episodes count that were known before and are known now. */
function countOf(before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): number {
  const name = countedAsks(named(before), named(now))
  return new Set(Object.values({ ...before, ...now }).map(name)).size
}

describe('asks counted over several looks', () => {
  it('are one where the group was named by a run that has left the window', () => {
    expect(countOf({ old: 'a', kept: 'a' }, { kept: 'c', new: 'c' })).toBe(1)
  })

  it('are one where a new run joins two groups, also for runs that this look did not see', () => {
    expect(countOf({ old: 'b', kept: 'b', other: 'a' }, { kept: 'a', other: 'a' })).toBe(1)
  })

  it('stay one where this look would take them apart', () => {
    expect(countOf({ one: 'a', two: 'a' }, { one: 'b', two: 'c' })).toBe(1)
  })

  it('stay apart where no run was in both', () => {
    expect(countOf({ one: 'a' }, { two: 'b' })).toBe(2)
    expect(countOf({ one: 'a', two: 'b' }, { one: 'a', two: 'b' })).toBe(2)
  })

  it('have the same name whatever the order', () => {
    const before = named({ x: 'c', y: 'b', z: 'd' })
    const now = named({ x: 'b', y: 'a', z: 'd' })
    const names = ['a', 'b', 'c', 'd'].map(countedAsks(before, now))
    expect(names).toEqual(['a', 'a', 'a', 'd'])
    expect(['a', 'b', 'c', 'd'].map(countedAsks(before.toReversed(), now.toReversed()))).toEqual(names)
  })
})
