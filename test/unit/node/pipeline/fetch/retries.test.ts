import { expect, test } from 'vitest'
import { Retries } from '../../../../../node/pipeline/fetch/retries.ts'
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

test('a peer that comes and goes has all failures tried at once, and then not again within half a minute', async () => {
  const stop = new AbortController()
  const clock = new VirtualClock(t0 * 1000)
  const tried: number[] = []
  const retries = new Retries({
    clock,
    log: () => {},
    signal: stop.signal,
    tryAgain: wanted => {
      tried.push(clock.now() - t0 * 1000)
      void Promise.resolve(wanted).then(one => retries.postpone(one))
      return true
    },
    isPending: () => false,
    callable: () => [],
    askAuthor: async () => false,
  })
  // Nothing has failed yet: that a peer comes up now uses nothing up.
  retries.peerCameUp()
  retries.postpone(of('failed', peer(ada)))
  retries.peerCameUp()
  expect(tried).toEqual([0])
  for (let s = 0; s < 20; s++) {
    await clock.advance(1_000)
    retries.peerCameUp()
  }
  const soon = tried.length
  expect(soon).toBeLessThanOrEqual(8)
  await clock.advance(20_000)
  expect(tried.length).toBeGreaterThan(soon)
  expect(tried[soon]).toBeGreaterThanOrEqual(30_000)
  stop.abort()
  await retries.ended()
})
