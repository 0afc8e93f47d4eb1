/** Asking members for further members: who is told, who is believed, and how many are dialled. */

import { expect, it } from 'vitest'
import { createPeerExchange } from '../../../../node/pipeline/peer-exchange.ts'
import type { Discovery } from '../../../../node/ports.ts'
import { decodePeers, encodePeers } from '../../../../protocol/peers.ts'
import type { PeerId } from '../../../../protocol/types.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { seededRandom } from '../../../../sim/random.ts'
import { swarm } from '../../protocol/fixtures.ts'
import { peer as peerNumber } from '../entry-samples.ts'
import { fakeNetwork } from './swarm-fakes.ts'

const teller = peerNumber('teller')
const members = Array.from({ length: 40 }, (_, at) => peerNumber(`m${at}`))
const stranger = peerNumber('stranger')

/** A record is the peer's name; one that begins with `!` is forged. */
const recordOf = (peer: PeerId | string) => new TextEncoder().encode(peer)

function setUp(answer: () => Uint8Array, neighbours: readonly PeerId[] = [teller]) {
  const clock = new VirtualClock(0)
  const fake = fakeNetwork(async () => answer())
  const dialled: string[] = []
  const told: string[] = []
  const stopping = new AbortController()
  let connected = [...neighbours]
  const network = {
    ...fake.network,
    peers: () => connected,
    dial: async ([address = '']: readonly string[]) => {
      dialled.push(address)
      if (address.includes('m0')) throw new RangeError('no answer')
      const peer = address as PeerId
      connected = [...connected, peer]
      return peer
    },
  }
  const discovery: Discovery = {
    search: () => ({ mdns: false, dials: [] }),
    peerRecords: async peers => peers.map(recordOf),
    readPeerRecord: async bytes => {
      const text = new TextDecoder().decode(bytes)
      if (text.startsWith('!')) return undefined
      const peer = text.replace(/@.*/, '') as PeerId
      return { peer, addresses: text.endsWith('@nowhere') ? [] : [peer] }
    },
  }
  const exchange = createPeerExchange({
    swarm,
    network,
    discovery,
    clock,
    random: seededRandom('r'),
    log: (_level, message) => told.push(message),
    isMember: peer => peer === teller || members.includes(peer),
    enoughPeers: 8,
    signal: stopping.signal,
  })
  return {
    exchange,
    clock,
    dialled,
    told,
    stopping,
    ask: fake.ask,
    asked: fake.asked,
    drop: () => (connected = [teller]),
  }
}

it('a member is told of connected members other than itself, sixteen at most; a stranger of nobody', async () => {
  const { ask } = setUp(() => encodePeers([]), [...members, stranger])
  const [self = teller] = members
  const told = decodePeers(await ask(new Uint8Array(), self))
  const names = told.ok ? told.value.map(bytes => new TextDecoder().decode(bytes)) : []
  expect(new Set(names).size).toBe(16)
  expect(members).toEqual(expect.arrayContaining(names))
  expect(names).not.toContain(self)
  expect(decodePeers(await ask(new Uint8Array(), stranger))).toEqual({ ok: true, value: [] })
})

it('dials a few of the members that it hears of, past one that does not answer, and stops at enough', async () => {
  const { exchange, dialled, drop } = setUp(() => encodePeers(members.slice(0, 16).map(recordOf)))
  await exchange.ask(teller)
  expect(dialled).toEqual(members.slice(0, 4))
  await exchange.ask(teller)
  expect(dialled).toEqual(members.slice(0, 8))
  await exchange.ask(teller)
  // Seven are connected, and the teller is the eighth.
  expect(dialled).toHaveLength(8)
  drop()
  for (let times = 0; times < 10; times++) await exchange.ask(teller)
  expect(dialled).toHaveLength(15)
})

it('strangers do not keep it from members, however many are connected', async () => {
  const strangers = Array.from({ length: 20 }, (_, at) => `${stranger}${at}` as PeerId)
  const { exchange, dialled } = setUp(() => encodePeers(members.slice(0, 2).map(recordOf)), strangers)
  await exchange.ask(teller)
  expect(dialled).toHaveLength(2)
})

it('nobody is dialled twice within ten minutes on the word of others', async () => {
  const { exchange, clock, dialled, drop } = setUp(() => encodePeers(members.slice(0, 2).map(recordOf)))
  await exchange.ask(teller)
  drop()
  await exchange.ask(teller)
  expect(dialled).toHaveLength(2)
  await clock.advance(600_000)
  await exchange.ask(teller)
  expect(dialled).toHaveLength(4)
})

it('dials neither a stranger, nor itself, nor whoever may not be dialled on that word', async () => {
  const records = [stranger, `${members[1]}@nowhere`, teller].map(recordOf)
  const { exchange, dialled } = setUp(() => encodePeers(records))
  await exchange.ask(teller)
  expect(dialled).toEqual([])
})

it('takes nothing from an answer with one forged record, or that cannot be read, and asks no stranger', async () => {
  const forged = setUp(() => encodePeers([recordOf(members[1] ?? ''), recordOf('!forged')]))
  await forged.exchange.ask(teller)
  expect(forged.dialled).toEqual([])
  expect(forged.told[0]).toContain('forged')
  const garbage = setUp(() => new Uint8Array(100))
  await garbage.exchange.ask(teller)
  expect(garbage.dialled).toEqual([])
  await garbage.exchange.ask(stranger)
  expect(garbage.asked).toHaveLength(1)
})

it('asks a neighbour now and then while there are few, and ends with the node', async () => {
  const { exchange, clock, asked, stopping } = setUp(() => encodePeers([]))
  const running = exchange.keepAsking().catch((cause: unknown) => cause)
  await clock.advance(600_000)
  expect(asked.length).toBeGreaterThanOrEqual(6)
  expect(asked.length).toBeLessThanOrEqual(20)
  stopping.abort()
  await running
})
