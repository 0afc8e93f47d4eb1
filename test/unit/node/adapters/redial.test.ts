/** Reconnecting, on virtual time: no socket, and a peer that answers or does not as the test says. */

import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { keyPairFromSeed, libp2pIdOf } from '../../../../crypto/keys.ts'
import { createRedial } from '../../../../node/adapters/redial.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { seededRandom } from '../../../../sim/random.ts'

const idOf = (seed: number) => libp2pIdOf(keyPairFromSeed(new Uint8Array(32).fill(seed)).publicKey)
const other = idOf(2)
const address = multiaddr(`/ip4/127.0.0.1/tcp/4501/p2p/${other}`)

function setUp(connectionsMax = 60, seed = 'r') {
  const clock = new VirtualClock(0)
  const dials: { readonly at: number; readonly addresses: readonly string[] }[] = []
  const connected = new Set<string>()
  const world = { answers: false, hangsUp: false }
  const connection = (id: string) => ({ remotePeer: id })
  const libp2p = {
    peerId: idOf(1),
    getConnections: () => [...connected].map(connection),
    dial: async (addresses: readonly { toString(): string }[]) => {
      dials.push({ at: clock.now(), addresses: addresses.map(String) })
      if (!world.answers) throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
      const id = String(addresses[0]).split('/').at(-1) ?? ''
      if (!world.hangsUp) connected.add(id)
      return connection(id)
    },
  }
  const redial = createRedial({
    libp2p,
    clock,
    random: seededRandom(seed),
    log: () => undefined,
    connectionsMax,
  })
  return { clock, dials, connected, redial, world }
}

const gaps = (dials: readonly { readonly at: number }[]) =>
  dials.slice(1).map(({ at }, i) => at - (dials[i]?.at ?? 0))

it('what was given is dialled for ever, after waits that grow and never exceed 15 s', async () => {
  const { clock, dials, redial } = setUp()
  redial.want(other, [address], 'always')
  await clock.advance(3_600_000)
  const waits = gaps(dials)
  expect(waits.length).toBeGreaterThan(3_600_000 / 15_500)
  // Looked at twice a second.
  expect(Math.max(...waits)).toBeLessThanOrEqual(15_500)
  expect(Math.min(...waits.slice(6))).toBeGreaterThanOrEqual(7_500)
  expect(waits[0]).toBeLessThanOrEqual(1_500)
  expect(redial.dials()).toEqual([{ address: String(address), last: 'refused' }])
})

it('waits are jittered: two nodes that lost the same peer do not call at the same moments', async () => {
  const [one, two] = [setUp(60, 'one'), setUp(60, 'two')]
  for (const { clock, redial } of [one, two]) {
    redial.want(other, [address], 'always')
    await clock.advance(300_000)
  }
  const shared = one.dials.filter(({ at }) => two.dials.some(dial => dial.at === at))
  expect(shared.length).toBeLessThan(one.dials.length / 2)
})

it('a peer that comes back is connected within 15 s, and one met on the way is given up in the end', async () => {
  const { clock, connected, dials, redial, world } = setUp()
  redial.want(other, [address], 'always')
  await clock.advance(600_000)
  world.answers = true
  await clock.advance(15_500)
  expect([...connected]).toEqual([other])
  expect(redial.dials()[0]?.last).toBe('connected')
  const met = setUp()
  met.connected.add(idOf(9))
  met.redial.want(other, [address], 'while-it-answers')
  await met.clock.advance(3_600_000)
  expect(met.dials.length).toBeLessThan(30)
  expect(dials.length).toBeGreaterThan(30)
})

it('a node that reaches nobody gives nobody up: it may be cut off itself, and finds those again whom it met', async () => {
  const { clock, connected, dials, redial, world } = setUp()
  redial.want(other, [address], 'while-it-answers')
  await clock.advance(3_600_000)
  world.answers = true
  await clock.advance(15_500)
  expect([...connected]).toEqual([other])
  // And gives it up like any other once it is connected to somebody.
  connected.delete(other)
  connected.add(idOf(9))
  world.answers = false
  const before = dials.length
  await clock.advance(3_600_000)
  expect(dials.length - before).toBeGreaterThan(20)
  expect(dials.length - before).toBeLessThan(30)
})

it('one that was sent away for a while is called again where its address was given, and else is not', async () => {
  const { clock, dials, redial } = setUp()
  const met = idOf(3)
  redial.want(other, [address], 'always')
  redial.want(met, [multiaddr(`/ip4/127.0.0.1/tcp/4502/p2p/${met}`)], 'while-it-answers')
  await clock.advance(1_000)
  redial.forgetMet(other)
  redial.forgetMet(met)
  const before = dials.length
  await clock.advance(60_000)
  const called = new Set(dials.slice(before).flatMap(({ addresses }) => addresses))
  expect([...called]).toEqual([String(address)])
})

it('one that takes the call and hangs up at once is called ever more rarely, though it says each time where it listens', async () => {
  const { clock, dials, redial, world } = setUp()
  world.answers = true
  world.hangsUp = true
  for (let second = 0; second < 120; second++) {
    redial.want(other, [address], 'while-it-answers')
    await clock.advance(1_000)
  }
  expect(dials.length).toBeLessThan(20)
})

it('one that has no room, and lets go when its grace is over, is called ever more rarely; one that lost it once, at once', async () => {
  const { clock, connected, dials, redial, world } = setUp()
  world.answers = true
  redial.want(other, [address], 'always')
  for (let second = 0; second < 3_600; second++) {
    await clock.advance(1_000)
    // As `crowd.ts` does it.
    if (clock.now() - (dials.at(-1)?.at ?? 0) > 11_000) connected.clear()
  }
  expect(dials.length).toBeLessThan(16)
  expect(gaps(dials)[0]).toBeLessThan(14_000)
})

it('a clock that is set back by a day keeps nobody from being called for a day', async () => {
  const { clock, dials, redial } = setUp()
  redial.want(other, [address], 'always')
  await clock.advance(60_000)
  clock.oversleep(-86_400_000)
  const before = dials.length
  await clock.advance(60_000)
  expect(dials.length).toBeGreaterThan(before + 2)
})

it('hundreds that do not answer are dialled a few at once, and each has its turn', async () => {
  const { clock, dials, redial } = setUp()
  for (let at = 0; at < 200; at++) {
    const id = idOf(at + 3)
    redial.want(id, [multiaddr(`/ip4/127.0.0.1/tcp/1/p2p/${id}`)], 'always')
  }
  await clock.advance(400)
  expect(dials.length).toBeLessThanOrEqual(16)
  await clock.advance(30_000)
  expect(new Set(dials.map(({ addresses }) => addresses[0])).size).toBe(200)
})

it('a node that has its connections dials nobody', async () => {
  const { clock, connected, dials, redial } = setUp(1)
  connected.add(idOf(9))
  redial.want(other, [address], 'always')
  await clock.advance(60_000)
  expect(dials).toEqual([])
})
