import { expect, test } from 'vitest'
import { systemClock } from '../../../../../node/adapters/system.ts'
import { createRetries } from '../../../../../node/pipeline/fetch/retries.ts'
import { signRecord } from '../../../../../protocol/envelope.ts'
import type { PeerId, RecordId } from '../../../../../protocol/types.ts'
import { VirtualClock } from '../../../../../sim/clock.ts'
import { ada, cidNumber, digestBody, peer, swarm, t0 } from '../../../protocol/fixtures.ts'

const body = digestBody({ cid: cidNumber(1) })
const signed = signRecord({ swarm, kind: 'digest', t: t0, body }, ada)
const of = (id: string, author: PeerId) => ({
  digest: { ...signed, id: id as RecordId, envelope: { ...signed.envelope, author } },
  from: undefined,
})

test('few authors with thousands of entries that nobody has keep no other author’s from being remembered', async () => {
  const stop = new AbortController()
  const retries = createRetries({
    clock: systemClock,
    log: () => {},
    signal: stop.signal,
    again: () => true,
    isPending: () => false,
    callable: () => [],
    askAuthor: async () => false,
  })
  const [first, second] = ['did:key:first', 'did:key:second'] as PeerId[]
  if (first === undefined || second === undefined) throw new TypeError('two are named')
  for (let at = 0; at < 10_000; at++) retries.postpone(of(`hostile${at}`, at % 2 === 0 ? first : second))
  for (let at = 0; at < 10; at++) retries.postpone(of(`honest${at}`, peer(ada)))
  for (let at = 0; at < 10; at++) expect(retries.tries(`honest${at}` as RecordId)).toBe(1)
  retries.postpone(of('one more', first))
  expect(retries.tries('one more' as RecordId)).toBe(0)
  expect(retries.size).toBe(10_000)
  stop.abort()
  await retries.ended()
})

test('a peer that comes and goes has all failures tried at once, and then not again within half a minute', async () => {
  const stop = new AbortController()
  const clock = new VirtualClock(t0 * 1000)
  const tried: number[] = []
  const retries = createRetries({
    clock,
    log: () => {},
    signal: stop.signal,
    again: wanted => {
      tried.push(clock.now() - t0 * 1000)
      void Promise.resolve(wanted).then(retries.postpone)
      return true
    },
    isPending: () => false,
    callable: () => [],
    askAuthor: async () => false,
  })
  // Nothing has failed yet: that a peer comes up now uses nothing up.
  retries.now()
  retries.postpone(of('failed', peer(ada)))
  retries.now()
  expect(tried).toEqual([0])
  for (let s = 0; s < 20; s++) {
    await clock.advance(1_000)
    retries.now()
  }
  const soon = tried.length
  expect(soon).toBeLessThanOrEqual(8)
  await clock.advance(20_000)
  expect(tried.length).toBeGreaterThan(soon)
  expect(tried[soon]).toBeGreaterThanOrEqual(30_000)
  stop.abort()
  await retries.ended()
})
