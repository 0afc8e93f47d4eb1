import { describe, expect, test } from 'vitest'
import { systemClock, systemCpu } from '../../../../node/adapters/system.ts'
import { createFetcher, type FetchDeps, type Wanted } from '../../../../node/pipeline/fetch.ts'
import type { Clock } from '../../../../node/ports.ts'
import { encodeEntry } from '../../../../protocol/entry.ts'
import { signRecord } from '../../../../protocol/envelope.ts'
import type { DigestBody, DigestRecord, EntryCid, PeerId } from '../../../../protocol/types.ts'
import { ada, ben, cidNumber, cyd, dee, digestBody, entry, peer, swarm, t0 } from '../../protocol/fixtures.ts'

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

function failing(clock: Clock, peers: readonly PeerId[] = []) {
  const asked: EntryCid[] = []
  const providersAsked = new Set<PeerId>()
  const fetcher = createFetcher({
    fetchBatch: async () => new Map(),
    blocks: {
      fetch: async (cid, { providers }) => {
        asked.push(cid)
        for (const { peer: provider } of providers) providersAsked.add(provider)
        throw new TypeError('it has no such block')
      },
    },
    clock,
    cpu: systemCpu(),
    log: () => {},
    concurrency: 2,
    deadlineMs: 1_000,
    shards: 1,
    peers: () => peers,
    worth: () => 1,
    onEntry: async () => {},
    onMismatch: async () => {},
  })
  return { asked, providersAsked, fetcher }
}

test('each try asks others than the one before, until all neighbours were asked', async () => {
  const clock = handClock()
  const neighbours = Array.from({ length: 20 }, (_, at) => `did:key:z6Mk${at}` as PeerId)
  const { asked, providersAsked, fetcher } = failing(clock, neighbours)
  fetcher.want(wanted(1))
  await clock.pass(0)
  expect([...providersAsked]).toEqual([peer(ada), ...neighbours.slice(0, 4)])
  for (let tries = 0; tries < 400; tries++) await clock.pass(100)
  expect(asked).toHaveLength(8)
  expect(neighbours.filter(one => !providersAsked.has(one))).toEqual([])
  await fetcher.close()
})

test('what could not be fetched is tried again later each time, then only when a peer comes up', async () => {
  const clock = handClock()
  const { asked, fetcher } = failing(clock)
  fetcher.want(wanted(1))
  await clock.pass(0)
  expect(asked).toHaveLength(1)
  await clock.pass(100)
  expect(asked).toHaveLength(2)
  await clock.pass(100)
  expect(asked).toHaveLength(2)
  for (let tries = 0; tries < 400; tries++) await clock.pass(100)
  expect(asked).toHaveLength(8)
  expect(fetcher.failed).toBe(1)
  expect(clock.sleeping()).toBe(0)
  fetcher.retry()
  await clock.pass(0)
  expect(asked).toHaveLength(9)
  await clock.pass(100)
  expect(asked).toHaveLength(10)
  await fetcher.close()
})

test('many failures wait for one timer, and are all tried again', async () => {
  const clock = handClock()
  const { asked, fetcher } = failing(clock)
  for (let number = 0; number < 200; number++) fetcher.want(wanted(number))
  await fetcher.idle()
  expect(clock.sleeping()).toBe(1)
  await clock.pass(100)
  await fetcher.idle()
  expect(asked).toHaveLength(400)
  await fetcher.close()
})

const written = encodeEntry(entry)
if (!written.ok) throw new Error(written.message)
const { bytes, cid } = written.value
const trueBody: DigestBody = digestBody({ cid, size: bytes.length, created: entry.created })

function announced(changes: Partial<DigestBody> = {}, author = ada): DigestRecord {
  return signRecord({ swarm, kind: 'digest', t: t0, body: { ...trueBody, ...changes } }, author)
}

/** Whoever is asked has the entry; what came of it is noted. */
function delivering(changes: Partial<FetchDeps> = {}) {
  const kept: EntryCid[] = []
  const mismatches: string[] = []
  const asked: { cid: EntryCid; providers: readonly PeerId[] }[] = []
  const fetcher = createFetcher({
    fetchBatch: async () => new Map(),
    blocks: {
      fetch: async (wantedCid, { providers }) => {
        asked.push({ cid: wantedCid, providers: providers.map(one => one.peer) })
        return { bytes, from: undefined, failed: [] }
      },
    },
    clock: handClock(),
    cpu: systemCpu(),
    log: () => {},
    concurrency: 1,
    deadlineMs: 1_000,
    shards: 1,
    peers: () => [],
    worth: () => 1,
    onEntry: async (_entry, _bytes, { digest }) => {
      kept.push(digest.envelope.body.cid)
    },
    onMismatch: async (digest, reason) => {
      mismatches.push(`${digest.envelope.author} ${reason}`)
    },
    ...changes,
  })
  return { fetcher, kept, mismatches, asked }
}

describe('what arrives', () => {
  test('is kept when it is what the digest says', async () => {
    const { fetcher, kept, mismatches } = delivering()
    fetcher.want({ digest: announced(), from: peer(ben) })
    await fetcher.idle()
    expect(kept).toEqual([cid])
    expect(mismatches).toEqual([])
    expect([fetcher.waiting, fetcher.failed]).toEqual([0, 0])
  })

  test.each([
    ['size', { size: bytes.length - 1 }],
    ['created', { created: t0 - 1 }],
    ['expires', { expires: 40_000 }],
    ['supersedes', { supersedes: cidNumber(9) }],
    ['shard', { shard: 3 }],
  ] as const)('and differs in its %s is told of its author, and not tried again', async (field, changes) => {
    const { fetcher, kept, mismatches, asked } = delivering()
    fetcher.want({ digest: announced(changes), from: peer(ben) })
    await fetcher.idle()
    expect(kept).toEqual([])
    expect(mismatches).toEqual([`${peer(ada)} The entry is not what its digest announced: ${field} differs.`])
    fetcher.retry()
    await fetcher.idle()
    expect(asked).toHaveLength(1)
  })

  test('and is no entry is told of its author', async () => {
    const { fetcher, mismatches } = delivering({
      blocks: { fetch: async () => ({ bytes: new Uint8Array(50), from: undefined, failed: [] }) },
    })
    fetcher.want({ digest: announced(), from: undefined })
    await fetcher.idle()
    expect(mismatches).toHaveLength(0)
    expect(fetcher.failed).toBe(1)
    fetcher.want({ digest: announced(), from: peer(ben) })
    await fetcher.idle()
    expect(mismatches).toHaveLength(1)
  })

  test('and is larger than any entry is told of its author, and not tried again', async () => {
    for (const size of [4_097, 200_000]) {
      const { fetcher, kept, mismatches } = delivering({
        blocks: {
          fetch: async (_cid, { maxBytes }) => {
            if (size > maxBytes) throw new Error('it is too large')
            return { bytes: new Uint8Array(size), from: undefined, failed: [] }
          },
        },
      })
      fetcher.want({ digest: announced({ size: 4_096 }), from: peer(ben) })
      await fetcher.idle()
      expect(mismatches).toEqual([
        expect.stringMatching(`^${peer(ada)} The entry has ${size} bytes; 4096 are`),
      ])
      expect([kept, fetcher.waiting, fetcher.failed]).toEqual([[], 0, 0])
    }
  })

  test('and cannot be stored does not stop what comes after it', async () => {
    let full = true
    const { fetcher, kept } = delivering({
      onEntry: async (_entry, _bytes, { digest }) => {
        if (full) throw new Error('the disk is full')
        kept.push(digest.envelope.body.cid)
      },
    })
    fetcher.want({ digest: announced(), from: peer(ben) })
    await fetcher.idle()
    full = false
    fetcher.want({ digest: announced(), from: peer(ben) })
    await fetcher.idle()
    expect(kept).toEqual([cid])
  })
})

test('another’s lie about an entry does not keep out the right digest, whichever comes first', async () => {
  for (const lieFirst of [true, false]) {
    const { fetcher, kept, mismatches } = delivering()
    const lie = { digest: announced({ size: 60 }, cyd), from: peer(cyd) }
    const truth = { digest: announced(), from: peer(ben) }
    for (const wanted of lieFirst ? [lie, truth] : [truth, lie]) fetcher.want(wanted)
    await fetcher.idle()
    expect(kept).toEqual([cid])
    expect(mismatches).toEqual([`${peer(cyd)} The entry is not what its digest announced: author differs.`])
  }
})

test('asks the announcer first, then the author, then a few others; once for the same digest', async () => {
  const others = [peer(cyd), peer(dee), ...[1, 2, 3, 4, 5].map(n => `did:key:${n}` as PeerId)]
  const { fetcher, asked } = delivering({ peers: () => [...others, peer(ada), peer(ben)] })
  const wanted = { digest: announced(), from: peer(ben) }
  expect([fetcher.want(wanted), fetcher.want(wanted)]).toEqual([true, true])
  await fetcher.idle()
  expect(asked).toHaveLength(1)
  expect(asked[0]?.providers).toEqual([peer(ben), peer(ada), ...others.slice(0, 4)])
})

test('what is worth most goes first, and what is wanted no more is not fetched', async () => {
  const worth = new Map<EntryCid, number | undefined>([
    [cidNumber(1), 0.1],
    [cidNumber(2), 0.9],
    [cidNumber(3), 0.5],
  ])
  const { promise, resolve } = Promise.withResolvers<void>()
  const asked: EntryCid[] = []
  const { fetcher } = delivering({
    worth: digest => worth.get(digest.envelope.body.cid),
    blocks: {
      fetch: async wantedCid => {
        asked.push(wantedCid)
        await promise
        return { bytes, from: undefined, failed: [] }
      },
    },
  })
  worth.set(cidNumber(0), 1)
  for (const number of [0, 1, 2, 3]) fetcher.want(wanted(number))
  worth.set(cidNumber(3), undefined)
  resolve()
  await fetcher.idle()
  expect(asked).toEqual([cidNumber(0), cidNumber(2), cidNumber(1)])
})

test('many at once are asked of their announcer in batches, and one by one only what no batch brings', async () => {
  const batches: number[] = []
  const { fetcher, asked } = delivering({
    fetchBatch: async (_peer, cids) => {
      batches.push(cids.length)
      // The last of each batch is not there.
      return new Map(cids.slice(0, -1).map(one => [one, bytes]))
    },
  })
  const digest = announced()
  for (let n = 0; n < 200; n++)
    fetcher.want({ digest: { ...digest, id: `${n}` as DigestRecord['id'] }, from: peer(ben) })
  await fetcher.idle()
  expect(Math.max(...batches)).toBe(64)
  const inBatches = batches.reduce((sum, count) => sum + count, 0)
  expect(inBatches).toBeGreaterThan(150)
  expect(asked.length).toBeLessThan(60)
  expect(fetcher.waiting).toBe(0)
  await fetcher.close()
})

test('many that are wanted at once are asked for in batches from the first one on', async () => {
  const batches: number[] = []
  const { fetcher, asked } = delivering({
    fetchBatch: async (_peer, cids) => {
      batches.push(cids.length)
      return new Map(cids.map(one => [one, bytes]))
    },
  })
  const ids = Array.from({ length: 100 }, (_, n) => `${n}` as DigestRecord['id'])
  for (const id of ids) fetcher.want({ digest: { ...announced(), id }, from: peer(ben) })
  expect(ids.every(id => fetcher.has(id))).toBe(true)
  await fetcher.idle()
  expect(asked).toEqual([])
  expect(batches).toEqual([64, 36])
  expect(ids.some(id => fetcher.has(id))).toBe(false)
  await fetcher.close()
})

test('refuses what does not fit into its queue, and takes it when there is room', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { fetcher } = delivering({
    worth: () => 1,
    blocks: { fetch: () => promise.then(() => ({ bytes, from: undefined, failed: [] })) },
  })
  const digest = announced()
  const many = Array.from(
    { length: 10_002 },
    (_, n): Wanted => ({ digest: { ...digest, id: `${n}` as DigestRecord['id'] }, from: peer(ben) }),
  )
  const first = many.map(one => fetcher.want(one))
  expect(first.filter(taken => !taken)).toHaveLength(0)
  const more = { digest: { ...digest, id: 'more' as DigestRecord['id'] }, from: peer(ben) }
  expect(fetcher.want(more)).toBe(false)
  resolve()
  await fetcher.idle()
  expect(fetcher.want(more)).toBe(true)
  await fetcher.close()
  expect(fetcher.want(more)).toBe(false)
})
