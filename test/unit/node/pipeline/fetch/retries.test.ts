import { expect, test } from 'vitest'
import { systemClock } from '../../../../../node/adapters/system.ts'
import { createRetries } from '../../../../../node/pipeline/fetch/retries.ts'
import { signRecord } from '../../../../../protocol/envelope.ts'
import type { PeerId, RecordId } from '../../../../../protocol/types.ts'
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
