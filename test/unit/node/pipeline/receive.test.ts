import { describe, expect, it, vi } from 'vitest'
import { systemClock, systemCpu } from '../../../../node/adapters/system.ts'
import { createReceiver, type Offered } from '../../../../node/pipeline/receive.ts'
import type { Clock, Cpu } from '../../../../node/ports.ts'
import { signRecord } from '../../../../protocol/envelope.ts'
import {
  ada,
  ben,
  digestBody,
  filled,
  peer,
  rawEnvelope,
  signRaw,
  swarm,
  t0,
} from '../../protocol/fixtures.ts'
import { commonTopic, shardZero } from './swarm-fakes.ts'

const neighbour = peer(ben)

function setUp(answer: Offered | (() => Offered) = { status: 'live' }, given?: Cpu) {
  let now = t0 * 1000
  let diskIsBusy = false
  const clock: Clock = { ...systemClock, now: () => now }
  const verified = vi.fn()
  let hold: Promise<void> | undefined
  const cpu: Cpu = {
    spend: work => {
      if (work === 'verify') verified()
      return hold
    },
  }
  const offer = vi.fn(() => (typeof answer === 'function' ? answer() : answer))
  const refused: string[] = []
  const isBusy = () => diskIsBusy
  const receiver = createReceiver({
    swarm,
    clock,
    cpu: given ?? cpu,
    offer,
    isBusy,
    onRefused: reason => refused.push(reason),
  })
  return {
    receiver,
    offer,
    refused,
    verified,
    pass: (ms: number) => {
      now += ms
    },
    hold: (until: Promise<void>) => {
      hold = until
    },
    diskIs: (busy: boolean) => {
      diskIsBusy = busy
    },
  }
}

function digest(t = t0, created = t0): Uint8Array {
  return signRecord({ swarm, kind: 'digest', t, body: digestBody({ created }) }, ada).bytes
}

function retraction(before: number): Uint8Array {
  return signRaw(rawEnvelope(ada, { body: before }), ada)
}

describe('the order of checks', () => {
  it('looks at size, form and topic before it spends a signature', async () => {
    const { receiver, offer, verified } = setUp()
    expect(await receiver.receive(filled(481, 1), neighbour, shardZero)).toMatchObject({
      reason: 'too-large',
    })
    expect(await receiver.receive(filled(80, 1), neighbour, shardZero)).toMatchObject({ reason: 'malformed' })
    expect(await receiver.receive(digest(), neighbour, commonTopic)).toEqual({
      verdict: 'reject',
      reason: 'wrong-topic',
    })
    expect(verified).not.toHaveBeenCalled()
    expect(offer).not.toHaveBeenCalled()
  })

  it('offers what is signed, and never what is not', async () => {
    const { receiver, offer, refused } = setUp()
    const bytes = digest()
    expect(await receiver.receive(bytes, neighbour, shardZero)).toEqual({ verdict: 'accept' })
    expect(offer).toHaveBeenCalledTimes(1)
    const forged = new Uint8Array(bytes)
    forged[30] = (forged[30] ?? 0) ^ 1
    expect(await receiver.receive(forged, neighbour, shardZero)).toEqual({
      verdict: 'reject',
      reason: 'bad-signature',
    })
    expect(offer).toHaveBeenCalledTimes(1)
    expect(refused).toEqual(['bad-signature'])
  })

  it('judges each of those asked for as if it came alone, though their signatures are looked at together', async () => {
    const forged = digest(t0, t0 - 2)
    forged[30] = (forged[30] ?? 0) ^ 1
    const page = [filled(80, 1), digest(), forged, digest(t0 + 1_000), filled(481, 1), digest(t0, t0 - 1)]
    const expected = ['malformed', undefined, 'bad-signature', 'future', 'too-large', undefined]
    for (const cpu of [systemCpu(), { spend: () => undefined }]) {
      const { receiver, offer, refused } = setUp({ status: 'live' }, cpu)
      const reasons: (string | undefined)[] = []
      for await (const verdict of receiver.take(page, neighbour))
        reasons.push(verdict.verdict === 'accept' ? undefined : verdict.reason)
      expect(reasons).toEqual(expected)
      expect(offer).toHaveBeenCalledTimes(2)
      expect(refused).toEqual(expected.filter(reason => reason !== undefined))
    }
  })

  it('ignores what is dated ahead, and takes it when its time has come', async () => {
    const { receiver, pass } = setUp()
    const early = digest(t0 + 1_000)
    expect(await receiver.receive(early, neighbour, shardZero)).toEqual({
      verdict: 'ignore',
      reason: 'future',
    })
    pass(100_000)
    expect(await receiver.receive(early, neighbour, shardZero)).toEqual({ verdict: 'accept' })
  })
})

describe('the verdict', () => {
  it.each([
    [{ status: 'known' } as const, 'known', []],
    [{ status: 'pending', reason: 'not-member' } as const, 'not-member', ['not-member']],
    [{ status: 'excluded', reason: 'retracted' } as const, 'retracted', ['retracted']],
  ])('for %j blames nobody', async (offered, reason, counted) => {
    const { receiver, refused } = setUp(offered)
    expect(await receiver.receive(digest(), neighbour, shardZero)).toEqual({ verdict: 'ignore', reason })
    expect(refused).toEqual(counted)
  })
})

describe('fair shares', () => {
  it('a neighbour that floods runs dry alone, earns again with time, and records asked for cost it nothing', async () => {
    const { receiver, verified, pass, refused } = setUp()
    const bytes = retraction(t0)
    for (let i = 0; i < 2_000; i++) await receiver.receive(bytes, neighbour, commonTopic)
    expect(verified).toHaveBeenCalledTimes(2_000)
    expect(await receiver.receive(bytes, neighbour, commonTopic)).toEqual({
      verdict: 'ignore',
      reason: 'busy',
    })
    expect(refused).toEqual(['busy'])
    expect(verified).toHaveBeenCalledTimes(2_000)
    expect(await receiver.receive(bytes, peer(ada), commonTopic)).toEqual({ verdict: 'accept' })
    for await (const verdict of receiver.take([bytes, bytes], neighbour))
      expect(verdict).toEqual({ verdict: 'accept' })
    expect(verified).toHaveBeenCalledTimes(2_003)
    pass(5)
    expect(await receiver.receive(bytes, neighbour, commonTopic)).toEqual({ verdict: 'accept' })
    expect(await receiver.receive(bytes, neighbour, commonTopic)).toMatchObject({ reason: 'busy' })
  })

  it('messages in work are bounded, whoever sends them', async () => {
    const { receiver, hold } = setUp()
    const { promise, resolve } = Promise.withResolvers<void>()
    hold(promise)
    const bytes = retraction(t0)
    const verdicts = []
    for (let i = 0; i < 4_096; i++)
      verdicts.push(
        receiver.receive(
          bytes,
          i % 3 === 0 ? peer(ada) : i % 3 === 1 ? peer(ben) : neighbourOf(i),
          commonTopic,
        ),
      )
    expect(await receiver.receive(bytes, neighbourOf(1), commonTopic)).toEqual({
      verdict: 'ignore',
      reason: 'busy',
    })
    resolve()
    for (const verdict of await Promise.all(verdicts)) expect(verdict).toEqual({ verdict: 'accept' })
    expect(await receiver.receive(bytes, neighbourOf(2), commonTopic)).toEqual({ verdict: 'accept' })
  })
})

function neighbourOf(number: number) {
  return `did:key:n${number}` as ReturnType<typeof peer>
}

it('takes nothing in while the disk cannot keep up, and goes on when it can', async () => {
  const { receiver, offer, diskIs } = setUp()
  diskIs(true)
  expect(await receiver.receive(digest(), neighbour, shardZero)).toEqual({
    verdict: 'ignore',
    reason: 'busy',
  })
  expect(offer).not.toHaveBeenCalled()
  diskIs(false)
  expect(await receiver.receive(digest(), neighbour, shardZero)).toEqual({ verdict: 'accept' })
})
