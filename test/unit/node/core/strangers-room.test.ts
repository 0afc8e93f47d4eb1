/** The room of strangers, by what is kept of whom: four entries here. How it is shared is `strangers.test.ts`. */

import { expect, test } from 'vitest'
import { StrangersRoom } from '../../../../node/core/strangers-room.ts'
import type { PeerId, SwarmId } from '../../../../protocol/types.ts'
import type { KeptEntry } from '../../../../store/entries.ts'
import { cid, peer } from '../entry-samples.ts'

const swarm = 'swarm' as SwarmId

/** Everybody but `friend` is a stranger, let in by somebody of its own. */
function strangersRoom() {
  const kept: KeptEntry[] = []
  let version = 0
  const home = {
    id: swarm,
    membership: {
      self: peer('self'),
      inviter: undefined,
      inviterOf: () => undefined,
      members: () => [],
      attested: () => [],
      records: 0,
    },
  }
  const room = new StrangersRoom({
    capacityEntries: 40,
    authors: {
      version: 0,
      inviterOf: () => undefined,
      tierOf: author => (author === peer('friend') ? 'trusted' : 'quarantined'),
    },
    kept: {
      get version() {
        return version
      },
      all: () => kept,
      authors: () => {
        const counts = new Map<PeerId, number>()
        for (const { author } of kept) counts.set(author, (counts.get(author) ?? 0) + 1)
        return counts
      },
    },
    swarms: () => [home],
  })
  return {
    /** Comes at this time. */
    keep: (author: string, name: string, receivedAt: number) => {
      version++
      kept.push({ swarm, cid: cid(name), author: peer(author), shared: true, receivedAt, uses: 0 })
    },
    dropOne: () => {
      version++
      kept.pop()
    },
    admits: (author: string) => room.admitOrTurnAway(home, peer(author)),
    yieldingTo: (author: string) => room.yieldingTo(home, peer(author)),
    takeFreed: () => room.takeFreed(),
  }
}

test('strangers that have filled it are turned away; whoever is no stranger is not', () => {
  const room = strangersRoom()
  for (let at = 0; at < 3; at++) room.keep('s', `s${at}`, at)
  for (let at = 0; at < 30; at++) room.keep('friend', `f${at}`, at)
  expect(room.admits('s')).toBe(true)
  room.keep('s', 's3', 3)
  expect([room.admits('s'), room.admits('friend')]).toEqual([false, true])
})

test('the oldest entry of who has most goes for a stranger that has less, and none for anybody else', () => {
  const room = strangersRoom()
  room.keep('friend', 'older than all', -1)
  for (const [at, name] of ['a', 'b', 'c'].entries()) room.keep('s', name, at === 1 ? 0 : 5)
  expect(room.yieldingTo('t')).toBeUndefined()
  room.keep('s', 'd', 5)
  expect(room.admits('t')).toBe(true)
  expect(room.yieldingTo('t')).toBe(cid('b'))
  expect([room.yieldingTo('s'), room.yieldingTo('friend')]).toEqual([undefined, undefined])
})

test('room that is free again is told of once, and only when somebody was turned away', () => {
  const room = strangersRoom()
  expect(room.takeFreed()).toBe(false)
  for (let at = 0; at < 4; at++) room.keep('s', `s${at}`, at)
  expect([room.admits('s'), room.takeFreed()]).toEqual([false, false])
  room.dropOne()
  expect([room.takeFreed(), room.takeFreed()]).toEqual([true, false])
})
