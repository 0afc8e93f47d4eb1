import { expect, it } from 'vitest'
import { systemClock } from '../../../../node/adapters/system.ts'
import { createIntroduction } from '../../../../node/pipeline/introduce.ts'
import { signRecord } from '../../../../protocol/envelope.ts'
import { decodeHello, encodeHello } from '../../../../protocol/hello.ts'
import type { MemberRecord } from '../../../../protocol/types.ts'
import { ada, ben, day0, descriptor, founder, peer, swarm, t0 } from '../../protocol/fixtures.ts'
import { fakeNetwork } from './swarm-fakes.ts'

function membership(of: typeof ada): MemberRecord {
  const body = { member: peer(of), box: of.box.publicKey, expires: day0 + 10 }
  return signRecord({ swarm, kind: 'member', t: t0, body }, founder)
}

function setUp(answer: () => Promise<Uint8Array>) {
  const members: string[] = []
  const offsets: number[] = []
  const stopping = new AbortController()
  const fake = fakeNetwork(answer)
  const introduction = createIntroduction({
    swarm,
    descriptor,
    network: fake.network,
    clock: { ...systemClock, now: () => t0 * 1000 },
    chain: () => [membership(ben)],
    onMember: (chain, from) => members.push(`${from} by ${chain.length}`),
    onClock: (_peer, offsetMs) => offsets.push(offsetMs),
    signal: stopping.signal,
  })
  return { introduction, members, offsets, stopping, asked: fake.asked, ask: fake.ask }
}

it('tells its own chain and clock, and takes a peer’s that holds', async () => {
  const me = setUp(async () => encodeHello(t0 + 60, [membership(ada)]))
  await me.introduction.meet(peer(ada))
  const told = decodeHello(me.asked[0] ?? new Uint8Array())
  expect(told).toMatchObject({ ok: true, value: { now: t0 } })
  expect(me.members).toEqual([`${peer(ada)} by 1`])
  expect(me.offsets).toEqual([60_500])
})

it('answers a peer that asks, and learns from its question', async () => {
  const me = setUp(() => Promise.reject(new Error('nobody is asked')))
  const answer = await me.ask(encodeHello(t0 - 5, [membership(ada)]), peer(ada))
  expect(decodeHello(answer)).toMatchObject({ ok: true, value: { now: t0 } })
  expect(me.members).toEqual([`${peer(ada)} by 1`])
  expect(me.offsets).toEqual([-4_500])
})

it('believes no chain that leads to somebody else, and nothing that it cannot read', async () => {
  const stolen = setUp(async () => encodeHello(t0, [membership(ben)]))
  await stolen.introduction.meet(peer(ada))
  expect(stolen.members).toEqual([])
  expect(stolen.offsets).toEqual([500])
  const garbage = setUp(async () => new Uint8Array(50))
  await garbage.introduction.meet(peer(ada))
  expect(garbage.members).toEqual([])
  expect(garbage.offsets).toEqual([])
  await expect(garbage.ask(new Uint8Array(3), peer(ada))).resolves.toBeInstanceOf(Uint8Array)
})

it('fails when the peer does, and ends with the node', async () => {
  const broken = setUp(() => Promise.reject(new Error('gone')))
  await expect(broken.introduction.meet(peer(ada))).rejects.toThrow('gone')
})
