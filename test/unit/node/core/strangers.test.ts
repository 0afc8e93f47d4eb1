/** How strangers share the room that they have: what a flood, and many names, can get of it. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharesOf, yieldsTo } from '../../../../node/core/strangers.ts'
import type { PeerId } from '../../../../protocol/types.ts'
import { peer } from '../entry-samples.ts'

const room = 12

/** `kept`: names with their entries; names that begin alike were let in by the same peer. */
function asked(author: string, kept: Readonly<Record<string, number>>) {
  const counts = new Map(Object.entries(kept).map(([name, count]) => [peer(name), count]))
  const inviters = new Map(
    [...Object.keys(kept), author].map(name => [peer(name), peer(`inviter ${name[0]}`)]),
  )
  const inviterOf = (one: PeerId) => inviters.get(one)
  return yieldsTo(peer(author), inviterOf(peer(author)), sharesOf({ room, kept: counts, inviterOf }))
}

describe('strangers', () => {
  it('take what room there is', () => {
    expect(asked('a', { a: 11 })).toBe('nobody')
    expect(asked('a', {})).toBe('nobody')
  })

  it('yield to who has less, and the greediest first', () => {
    expect(asked('b', { a: 12 })).toBe(peer('a'))
    expect(asked('c', { a: 7, b: 5 })).toBe(peer('a'))
    expect(asked('a', { a: 12 })).toBe('full')
    expect(asked('b', { a: 6, b: 6 })).toBe('full')
  })

  it('share as one what one peer has let in, and among themselves', () => {
    const names = { s1: 2, s2: 2, s3: 2, s4: 2, h: 4 }
    // However many names stand behind one invitation, who came by another one has as much room as all of them.
    expect(asked('s1', names)).toBe('full')
    expect(['s1', 's2', 's3', 's4'].map(name => peer(name))).toContain(asked('h', names))
  })

  it('come to rest: an entry that is taken back and forth is not fetched for ever', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c1', 'c2', 'd'), { maxLength: 200 }), order => {
        const kept: Record<string, number> = {}
        const byPeer = new Map(['a', 'b', 'c1', 'c2', 'd'].map(name => [peer(name), name]))
        const take = (name: string): boolean => {
          const greedy = asked(name, kept)
          if (greedy === 'full') return false
          const other = greedy === 'nobody' ? undefined : byPeer.get(greedy)
          if (other !== undefined) kept[other] = (kept[other] ?? 0) - 1
          kept[name] = (kept[name] ?? 0) + 1
          return true
        }
        for (const name of order) take(name)
        let changes = 0
        for (let turn = 0; turn < 500; turn++) for (const name of byPeer.values()) if (take(name)) changes++
        expect(changes).toBeLessThan(5 * room)
        expect(Object.values(kept).reduce((sum, count) => sum + count, 0)).toBe(room)
        // a, b, the two that c let in together, and d: none has more than its share.
        expect([kept.a, kept.b, (kept.c1 ?? 0) + (kept.c2 ?? 0), kept.d]).toEqual([3, 3, 3, 3])
      }),
    )
  })
})
