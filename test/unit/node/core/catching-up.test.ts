/** When a swarm catches up, and with whom: greetings, the periodic round, and what follows when something new came. */

import { expect, test } from 'vitest'
import { CatchingUp } from '../../../../node/core/catching-up.ts'
import type { Gains, SessionOptions } from '../../../../node/pipeline/catch-up.ts'
import type { PeerId } from '../../../../protocol/types.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { seededRandom } from '../../../../sim/random.ts'
import { t0 } from '../../protocol/fixtures.ts'

const minute = 60_000
const nothing: Gains = { came: 0, isPartial: false }

function named(...names: readonly string[]): readonly PeerId[] {
  return names.map(name => `did:key:${name}` as PeerId)
}
const [a, b, c] = named('a', 'b', 'c')
if (a === undefined || b === undefined || c === undefined) throw new TypeError('three peers')

interface Begun extends SessionOptions {
  readonly peer: PeerId
  readonly atMs: number
}

function setUp(peers: PeerId[], session: (peer: PeerId) => Promise<Gains> = async () => nothing) {
  const clock = new VirtualClock(t0 * 1000)
  const begun: Begun[] = []
  const met: PeerId[] = []
  const stopping = new AbortController()
  let refusals = 0
  let running = 0
  let most = 0
  const catchingUp = new CatchingUp({
    clock,
    random: seededRandom('catching up'),
    log: () => undefined,
    peers: () => peers,
    score: () => 0,
    meet: async () => {
      if (refusals-- > 0) throw new Error('it is not ready')
    },
    session: async (peer, options) => {
      begun.push({ peer, ...options, atMs: clock.now() - t0 * 1000 })
      most = Math.max(most, ++running)
      try {
        return await session(peer)
      } finally {
        running--
      }
    },
    onMet: async peer => {
      met.push(peer)
    },
    inBackground: work => void work,
    signal: stopping.signal,
  })
  const refuse = (times: number) => {
    refusals = times
  }
  return { clock, catchingUp, begun, met, stopping, refuse, most: () => most }
}

test('a peer is greeted twice: it is asked for all there is, and given only the second time', async () => {
  const { clock, catchingUp, begun, met } = setUp([a])
  const greeting = catchingUp.greet(a)
  await clock.advance(minute)
  await greeting
  expect(begun).toEqual([
    { peer: a, until: t0 + 900, gives: false, atMs: 0 },
    { peer: a, until: t0 + 902, gives: true, atMs: 2_000 },
  ])
  expect(met).toEqual([a])
})

test('a peer that is not ready is greeted again, four times at most; one that has gone is not', async () => {
  const slow = setUp([a])
  slow.refuse(2)
  void slow.catchingUp.greet(a)
  await slow.clock.advance(minute)
  expect(slow.begun.map(({ atMs }) => atMs)).toEqual([4_000, 6_000])
  const never = setUp([a])
  never.refuse(99)
  void never.catchingUp.greet(a)
  await never.clock.advance(minute)
  expect([never.begun, never.met]).toEqual([[], []])
  const peers = [a]
  const gone = setUp(peers)
  void gone.catchingUp.greet(a)
  peers.pop()
  await gone.clock.advance(minute)
  expect(gone.begun).toHaveLength(1)
})

test('now and then two neighbours are asked for what is older than half a minute, and given what they lack', async () => {
  const { clock, catchingUp, begun, stopping } = setUp([a, b, c])
  const keeping = catchingUp.keepUp()
  await clock.advance(29_000)
  expect(begun).toEqual([])
  await clock.advance(10 * minute)
  // Every 30 to 90 seconds.
  expect(begun.length).toBeGreaterThanOrEqual(2 * 6)
  expect(begun.length).toBeLessThanOrEqual(2 * 21)
  for (const { until, gives, atMs } of begun) {
    expect([until, gives]).toEqual([t0 + Math.floor(atMs / 1000) - 30, true])
  }
  expect(new Set(begun.map(({ peer }) => peer)).size).toBe(3)
  stopping.abort()
  await expect(keeping).rejects.toBe(stopping.signal.reason)
})

test('where something new came others are asked too, at most twelve times a minute', async () => {
  const { clock, catchingUp, begun } = setUp([a, b, c], async () => ({ came: 1, isPartial: false }))
  void catchingUp.greet(a)
  await clock.advance(minute - 1)
  // And the second greeting. What was written last before the two met is passed on like the rest.
  expect(begun.filter(({ gives, until }) => gives && until >= t0 + 900)).toHaveLength(12 + 1)
  expect(new Set(begun.map(({ peer }) => peer))).toEqual(new Set([a, b, c]))
})

test('what a look at a neighbour brings, and gossip had not, makes others be asked for the youngest, too', async () => {
  let left = 1
  const { clock, catchingUp, begun } = setUp([a, b, c], async () => ({
    came: left-- > 0 ? 1 : 0,
    isPartial: false,
  }))
  void catchingUp.keepUp()
  await clock.advance(1.5 * minute)
  const [look, ...followed] = begun
  expect(look?.until).toBeLessThan(t0 + 90)
  expect(followed.slice(0, 2).every(({ until }) => until >= t0 + 900)).toBe(true)
  expect(new Set(begun.slice(0, 3).map(({ peer }) => peer))).toEqual(new Set([a, b, c]))
})

test('a peer that has more than one session takes is asked again, unless nothing of it is new', async () => {
  let left = 3
  const { clock, catchingUp, begun } = setUp([a], async () =>
    left-- > 0 ? { came: 9, isPartial: left > 0 } : { came: 0, isPartial: true },
  )
  void catchingUp.greet(a)
  await clock.advance(1_000)
  expect(begun).toHaveLength(3)
  await clock.advance(minute)
  expect(begun).toHaveLength(4)
})

test('two sessions run at once, one with a peer, and nobody waits longer than five seconds for a slow one', async () => {
  const ends = new Map<PeerId, () => void>()
  const { clock, catchingUp, begun, most } = setUp(
    [a, b, c],
    peer => new Promise(end => ends.set(peer, () => end(nothing))),
  )
  for (const peer of [a, b, c]) void catchingUp.greet(peer)
  await clock.advance(4_999)
  expect(begun.map(({ peer }) => peer)).toEqual([a, b])
  await clock.advance(1)
  expect(begun.map(({ peer }) => peer)).toEqual([a, b, c])
  expect(most()).toBe(3)
  ends.get(a)?.()
  await clock.advance(2_000)
  // The second greeting of A waits again, since B and C are under way.
  expect(begun).toHaveLength(3)
  ends.get(b)?.()
  await clock.advance(0)
  expect(begun.map(({ peer }) => peer)).toEqual([a, b, c, a])
})

test('what was refused unread is asked of neighbours soon after, once however much it was', async () => {
  const { clock, catchingUp, begun, stopping } = setUp([a, b, c])
  for (let message = 0; message < 100; message++) void catchingUp.missed()
  await clock.advance(2_000)
  expect(begun).toEqual([])
  await clock.advance(8_000)
  expect(begun.length).toBeGreaterThan(0)
  expect(begun.length).toBeLessThanOrEqual(3)
  // The latest too: it is what was gossiped just now.
  expect(begun.every(({ until }) => until >= t0 + 3)).toBe(true)
  stopping.abort()
})
