import { expect, test } from 'vitest'
import { systemClock, systemCpu } from '../../../../node/adapters/system.ts'
import { createFetcher, type Wanted } from '../../../../node/pipeline/fetch.ts'
import type { Clock } from '../../../../node/ports.ts'
import { signRecord } from '../../../../protocol/envelope.ts'
import type { EntryCid } from '../../../../protocol/types.ts'
import { ada, cidNumber, digestBody, peer, swarm, t0 } from '../../protocol/fixtures.ts'

/** Sleeps end when `pass` moves the time beyond them. */
function handClock(): Clock & { pass(ms: number): Promise<void>; sleeping(): number } {
  let now = 0
  const sleepers = new Set<{ at: number; wake: () => void }>()
  return {
    ...systemClock,
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: now + ms, wake: () => resolve() }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
    sleeping: () => sleepers.size,
    async pass(ms) {
      now += ms
      for (const sleeper of [...sleepers].filter(one => one.at <= now)) {
        sleepers.delete(sleeper)
        sleeper.wake()
      }
      await new Promise(resolve => setImmediate(resolve))
    },
  }
}

function wanted(number: number): Wanted {
  const body = digestBody({ cid: cidNumber(number) })
  return { digest: signRecord({ swarm, kind: 'digest', t: t0, body }, ada), from: peer(ada) }
}

function failing(clock: Clock) {
  const asked: EntryCid[] = []
  const fetcher = createFetcher({
    blocks: {
      fetch: async cid => {
        asked.push(cid)
        throw new TypeError('it has no such block')
      },
    },
    clock,
    cpu: systemCpu(),
    log: () => {},
    concurrency: 2,
    deadlineMs: 1_000,
    shards: 1,
    peers: () => [],
    worth: () => 1,
    onEntry: async () => {},
    onMismatch: async () => {},
  })
  return { asked, fetcher }
}

test('what could not be fetched is tried again later each time, then only when a peer comes up', async () => {
  const clock = handClock()
  const { asked, fetcher } = failing(clock)
  fetcher.want(wanted(1))
  await clock.pass(0)
  expect(asked).toHaveLength(1)
  await clock.pass(500)
  expect(asked).toHaveLength(2)
  await clock.pass(500)
  expect(asked).toHaveLength(2)
  for (let tries = 0; tries < 400; tries++) await clock.pass(500)
  expect(asked).toHaveLength(8)
  expect(fetcher.failed).toBe(1)
  expect(clock.sleeping()).toBe(0)
  fetcher.retry()
  await clock.pass(0)
  expect(asked).toHaveLength(9)
  await clock.pass(500)
  expect(asked).toHaveLength(10)
  await fetcher.close()
})

test('many failures wait for one timer, and are all tried again', async () => {
  const clock = handClock()
  const { asked, fetcher } = failing(clock)
  for (let number = 0; number < 200; number++) fetcher.want(wanted(number))
  await fetcher.idle()
  expect(clock.sleeping()).toBe(1)
  await clock.pass(500)
  await fetcher.idle()
  expect(asked).toHaveLength(400)
  await fetcher.close()
})
