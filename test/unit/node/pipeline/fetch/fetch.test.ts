import { describe, expect, test } from 'vitest'
import { systemClock, systemCpu } from '../../../../../node/adapters/system.ts'
import type { Wanted } from '../../../../../node/pipeline/fetch/failed-fetches.ts'
import { EntryFetcher, type FetchDeps } from '../../../../../node/pipeline/fetch/fetch.ts'
import type { Clock } from '../../../../../node/ports.ts'
import { encodeEntry } from '../../../../../protocol/entry.ts'
import { signRecord } from '../../../../../protocol/envelope.ts'
import type { DigestBody, DigestRecord, EntryCid, PeerId } from '../../../../../protocol/types.ts'
import {
  ada,
  ben,
  cidNumber,
  cyd,
  dee,
  digestBody,
  entry,
  peer,
  swarm,
  t0,
} from '../../../protocol/fixtures.ts'

/** Sleeps end when `pass` moves the time beyond them. */
function handClock(): Clock & {
  pass(ms: number): Promise<void>
  /** What it says, and not the time that passes. */
  setBack(ms: number): void
  sleeping(): number
} {
  let now = 1_000_000
  let shownMs = 0
  const sleepers = new Set<{ at: number; wake: () => void }>()
  return {
    ...systemClock,
    now: () => now + shownMs,
    setBack: ms => {
      shownMs -= ms
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
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

function wanted(number: number, author = ada): Wanted {
  const body = digestBody({ cid: cidNumber(number) })
  return { digest: signRecord({ swarm, kind: 'digest', t: t0, body }, author), from: peer(author) }
}

/** Nobody has anything. The author of what is wanted is a neighbour, unless others are named. */
function failing(clock: Clock, changes: Partial<FetchDeps> = {}) {
  const asked: EntryCid[] = []
  const providersAsked: PeerId[][] = []
  const fetcher = new EntryFetcher({
    fetchBatch: async () => new Map(),
    blocks: {
      fetch: async (cid, { providers }) => {
        asked.push(cid)
        providersAsked.push(providers.map(one => one.peer))
        throw new TypeError('it has no such block')
      },
    },
    clock,
    cpu: systemCpu(),
    log: () => {},
    concurrency: 2,
    deadlineMs: 1_000,
    shards: 1,
    peers: () => [peer(ada)],
    callable: () => [],
    worth: () => 1,
    onEntry: async () => {},
    onMismatch: async () => {},
    ...changes,
  })
  return { asked, providersAsked, fetcher }
}

/** In steps, so that everything that falls due on the way gets its turn. */
async function passAll(clock: ReturnType<typeof handClock>, ms: number, stepMs = 100): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) await clock.pass(stepMs)
}

test('each try asks others than the one before, until all neighbours were asked; and nobody who is none', async () => {
  const clock = handClock()
  const neighbours = Array.from({ length: 20 }, (_, at) => `did:key:z6Mk${at}` as PeerId)
  const { asked, providersAsked, fetcher } = failing(clock, { peers: () => neighbours })
  fetcher.want(wanted(1))
  await clock.pass(0)
  expect(providersAsked).toEqual([neighbours.slice(0, 4)])
  await passAll(clock, 40_000)
  expect(asked).toHaveLength(8)
  expect(new Set(providersAsked.flat())).toEqual(new Set(neighbours))
  await fetcher.close()
})

test('what is under way for the first time is told of, until it is kept or the try has failed', async () => {
  const clock = handClock()
  const tries: PromiseWithResolvers<never>[] = []
  const fetch: FetchDeps['blocks']['fetch'] = async () => {
    tries.push(Promise.withResolvers<never>())
    return tries.at(-1)?.promise ?? Promise.reject(new TypeError('no try was noted'))
  }
  const { fetcher } = failing(clock, { blocks: { fetch } })
  const { cid } = wanted(1).digest.envelope.body
  expect(fetcher.arriving(cid)).toBeUndefined()
  fetcher.want(wanted(1))
  await clock.pass(0)
  const arriving = fetcher.arriving(cid)
  expect(arriving?.sinceMs).toBe(clock.now())
  expect(fetcher.arriving(wanted(2).digest.envelope.body.cid)).toBeUndefined()
  tries[0]?.reject(new TypeError('it has no such block'))
  expect(await arriving?.fetching).toBe(false)
  await clock.pass(0)
  // Between two tries nothing is on its way.
  expect(fetcher.has(wanted(1).digest.id)).toBe(false)
  expect(fetcher.arriving(cid)).toBeUndefined()
  await clock.pass(100)
  // What did not come the first time is tried again, and counted on no more.
  expect(tries).toHaveLength(2)
  expect(fetcher.has(wanted(1).digest.id)).toBe(true)
  expect(fetcher.arriving(cid)).toBeUndefined()
  tries[1]?.reject(new TypeError('it has no such block'))
  await fetcher.close()
})

test('what could not be fetched is tried again later each time, then once a minute, and soon when a peer comes up', async () => {
  const clock = handClock()
  const { asked, fetcher } = failing(clock)
  fetcher.want(wanted(1))
  await clock.pass(0)
  expect(asked).toHaveLength(1)
  await clock.pass(100)
  expect(asked).toHaveLength(2)
  await clock.pass(100)
  expect(asked).toHaveLength(2)
  await passAll(clock, 40_000)
  expect(asked).toHaveLength(8)
  expect(fetcher.failed).toBe(1)
  await passAll(clock, 600_000)
  expect(asked.length).toBeGreaterThanOrEqual(8 + 9)
  expect(asked.length).toBeLessThanOrEqual(8 + 10)
  const before = asked.length
  fetcher.retry()
  await clock.pass(0)
  expect(asked).toHaveLength(before + 1)
  await clock.pass(100)
  expect(asked).toHaveLength(before + 2)
  await fetcher.close()
})

test('of many that nobody has, a few at a time are tried again, each in its turn', async () => {
  const clock = handClock()
  const { asked, fetcher } = failing(clock)
  for (let number = 0; number < 200; number++) fetcher.want(wanted(number))
  await passAll(clock, 60_000)
  const soon = asked.length
  expect(soon).toBe(200 * 8)
  await passAll(clock, 150_000, 5_000)
  const rare = asked.slice(soon)
  expect(rare.length).toBeGreaterThan(200)
  expect(rare.length).toBeLessThanOrEqual((150 / 5) * 8)
  expect(new Set(rare).size).toBe(200)
  await fetcher.close()
})

test('a clock that is set back makes nothing wait for the time that comes again', async () => {
  const clock = handClock()
  const { asked, fetcher } = failing(clock)
  fetcher.want(wanted(1))
  await passAll(clock, 20_000)
  expect(asked).toHaveLength(8)
  clock.setBack(500_000)
  await passAll(clock, 10_000)
  expect(asked).toHaveLength(9)
  fetcher.retry()
  await clock.pass(0)
  clock.setBack(500_000)
  await passAll(clock, 1_000)
  expect(asked.length).toBeGreaterThan(11)
  await fetcher.close()
})

describe('an author that is no neighbour', () => {
  const neighbour = 'did:key:neighbour' as PeerId
  const strangers = {
    peers: () => [neighbour],
    callable: (authors: readonly PeerId[]) => authors.map(author => ({ author, inviter: undefined })),
  }
  /** Only Ada has the block, and delivers where nobody else is asked. */
  const onlyAuthor: FetchDeps['blocks'] = {
    fetch: async (_cid, { providers }) => {
      if (providers.some(one => one.peer !== peer(ada))) throw new TypeError('it has no such block')
      return { bytes, from: peer(ada), failed: [] }
    },
  }

  test('is called, and asked alone, once the neighbours were asked eight times', async () => {
    const clock = handClock()
    const { providersAsked, fetcher } = failing(clock, strangers)
    fetcher.want(wanted(1))
    await passAll(clock, 12_000)
    expect(providersAsked).toEqual(Array.from({ length: 7 }, () => [neighbour]))
    await passAll(clock, 10_000)
    expect(providersAsked).toHaveLength(9)
    expect(providersAsked.at(-1)).toEqual([peer(ada)])
    await fetcher.close()
  })

  test('is called more and more rarely while it does not deliver', async () => {
    const clock = handClock()
    const { providersAsked, fetcher } = failing(clock, strangers)
    fetcher.want(wanted(1))
    const calls = (): number => providersAsked.filter(([first]) => first === peer(ada)).length
    await passAll(clock, 600_000)
    expect(calls()).toBe(4)
    await passAll(clock, 3_600_000, 5_000)
    expect(calls()).toBeLessThanOrEqual(4 + 7)
    expect(calls()).toBeGreaterThanOrEqual(4 + 5)
    await fetcher.close()
  })

  test('is called for what others failed to deliver though a peer comes up again and again', async () => {
    const clock = handClock()
    const { providersAsked, fetcher } = failing(clock, strangers)
    fetcher.want(wanted(1))
    for (let times = 0; times < 20; times++) {
      await passAll(clock, 1_300)
      fetcher.retry()
    }
    expect(providersAsked).toContainEqual([peer(ada)])
    await fetcher.close()
  })

  test('delivers, and what it delivers is kept', async () => {
    const clock = handClock()
    const { fetcher, kept } = delivering({
      ...strangers,
      clock,
      blocks: onlyAuthor,
    })
    fetcher.want({ digest: announced(), from: neighbour })
    await passAll(clock, 25_000)
    expect(kept).toEqual([cid])
    expect([fetcher.waiting, fetcher.failed]).toEqual([0, 0])
    await fetcher.close()
  })

  test('whose entry cannot be stored is called again, and nothing is lost', async () => {
    const clock = handClock()
    let isFull = true
    const { fetcher, kept } = delivering({
      ...strangers,
      clock,
      onEntry: async (_entry, _bytes, { digest }) => {
        if (isFull) throw new Error('the disk is full')
        kept.push(digest.envelope.body.cid)
      },
      blocks: onlyAuthor,
    })
    fetcher.want({ digest: announced(), from: neighbour })
    await passAll(clock, 25_000)
    expect(kept).toEqual([])
    expect(fetcher.failed).toBe(1)
    isFull = false
    await passAll(clock, 300_000)
    expect(kept).toEqual([cid])
    await fetcher.close()
  })

  test('is called one at a time with others, in turn, and not for what is wanted no more', async () => {
    const clock = handClock()
    const calls: PeerId[] = []
    let underWay = 0
    let most = 0
    const { fetcher } = failing(clock, {
      ...strangers,
      worth: digest => (digest.envelope.author === peer(dee) && calls.length > 0 ? undefined : 1),
      blocks: {
        fetch: async (_cid, { providers, signal }) => {
          const [first] = providers
          if (first?.peer !== neighbour && first !== undefined) {
            calls.push(first.peer)
            most = Math.max(most, ++underWay)
            await clock.sleep(7_000, signal).finally(() => underWay--)
          }
          throw new TypeError('it has no such block')
        },
      },
    })
    for (const [at, author] of [ada, ben, cyd, dee].entries()) fetcher.want(wanted(at, author))
    await passAll(clock, 60_000)
    expect(calls).toEqual([peer(ada), peer(ben), peer(cyd)])
    expect(most).toBe(1)
    await fetcher.close()
  })

  test('that lets a call ring for a minute keeps nothing else from being tried again', async () => {
    const clock = handClock()
    const { asked, fetcher } = failing(clock, {
      ...strangers,
      blocks: {
        fetch: async (one, { providers, signal }) => {
          asked.push(one)
          if (providers.some(({ peer }) => peer !== neighbour)) await clock.sleep(60_000, signal)
          throw new TypeError('it has no such block')
        },
      },
    })
    for (let number = 0; number < 200; number++) fetcher.want(wanted(number))
    await passAll(clock, 60_000)
    asked.length = 0
    await passAll(clock, 150_000, 5_000)
    expect(new Set(asked).size).toBeGreaterThan(190)
    await fetcher.close()
  })

  test('is not called where it may not be', async () => {
    const clock = handClock()
    const { providersAsked, fetcher } = failing(clock, { peers: () => [neighbour] })
    fetcher.want(wanted(1))
    await passAll(clock, 120_000)
    expect(new Set(providersAsked.flat())).toEqual(new Set([neighbour]))
    await fetcher.close()
  })
})

test('many failures wait for three timers, and are all tried again', async () => {
  const clock = handClock()
  const { asked, fetcher } = failing(clock)
  for (let number = 0; number < 200; number++) fetcher.want(wanted(number))
  await fetcher.idle()
  expect(clock.sleeping()).toBe(3)
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
  const fetcher = new EntryFetcher({
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
    peers: () => [peer(ben)],
    callable: () => [],
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
    const peers: PeerId[] = []
    const { fetcher, mismatches } = delivering({
      peers: () => peers,
      blocks: { fetch: async () => ({ bytes: new Uint8Array(50), from: undefined, failed: [] }) },
    })
    fetcher.want({ digest: announced(), from: peer(ben) })
    await fetcher.idle()
    expect(mismatches).toHaveLength(0)
    expect(fetcher.failed).toBe(1)
    peers.push(peer(ben))
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

test('what nobody hands out does not hold up what is worth a little less', async () => {
  const clock = handClock()
  const hoarded = new Set(Array.from({ length: 300 }, (_, number) => cidNumber(number)))
  const { fetcher, kept } = delivering({
    clock,
    concurrency: 16,
    worth: digest => (hoarded.has(digest.envelope.body.cid) ? 0.5 : 0.47),
    blocks: {
      fetch: async (wantedCid, { signal }) => {
        if (!hoarded.has(wantedCid)) return { bytes, from: undefined, failed: [] }
        await clock.sleep(10_000, signal)
        throw new TypeError('it has no such block')
      },
    },
  })
  for (let number = 0; number < 300; number++) fetcher.want(wanted(number))
  await passAll(clock, 60_000, 1_000)
  fetcher.want({ digest: announced(), from: peer(ben) })
  // With peers that come and go, all that failed is tried again and again.
  for (let times = 0; times < 30; times++) {
    fetcher.retry()
    await passAll(clock, 10_000, 1_000)
  }
  expect(kept).toEqual([cid])
  await fetcher.close()
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
