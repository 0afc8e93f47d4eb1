/** More announced than may wait to be fetched at once: nothing is lost, and nothing goes round for ever. */

import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Ledger } from '../../../../node/core/ledger.ts'
import { WantedEntries } from '../../../../node/core/wanted.ts'
import { EntryFetcher } from '../../../../node/pipeline/fetch/fetch.ts'
import { signRecord } from '../../../../protocol/envelope.ts'
import { cidOf } from '../../../../protocol/identity.ts'
import { entryPageMax, pageRecordsMax } from '../../../../protocol/limits.ts'
import type { DigestRecord, EntryCid, PeerId } from '../../../../protocol/types.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { openMemoryStore } from '../../../../store/memory.ts'
import {
  ada,
  ben,
  cyd,
  day0,
  dee,
  descriptor,
  digestBody,
  founder,
  peer,
  swarm,
  t0,
} from '../../protocol/fixtures.ts'
import { virtualPorts } from '../virtual-nodes.ts'

/** As many as may wait, and some more. */
const waitingMax = 10_000
const beyond = 200
/** None may announce more than 4,096. */
const authors = [ada, ben, cyd, dee]
const concurrency = 4

let made: readonly DigestRecord[] | undefined

function digests(): readonly DigestRecord[] {
  made ??= Array.from({ length: waitingMax + beyond }, (_, n) => {
    const body = digestBody({ cid: cidOf(Uint8Array.of(n >> 8, n & 255)) })
    return signRecord({ swarm, kind: 'digest', t: t0, body }, authors[n % authors.length] ?? ada)
  })
  return made
}

/** What is delivered is no entry, so that it is judged at once and wanted no more. */
const junk = { bytes: Uint8Array.of(1), from: undefined, failed: [] }

async function missingAll({
  peers,
  fetch,
}: {
  peers: PeerId[]
  fetch: (cid: EntryCid) => Promise<typeof junk>
}) {
  const clock = new VirtualClock(t0 * 1000)
  const ports = virtualPorts(clock, openMemoryStore())
  const stopping = new AbortController()
  const judged = new Set<EntryCid>()
  let tries = 0
  const ledger = new Ledger({
    ports,
    swarm,
    descriptor,
    onDigest: () => undefined,
    onGone: () => [],
    onMember: () => undefined,
    signal: new AbortController().signal,
  })
  for (const author of authors) {
    const body = { member: peer(author), box: author.box.publicKey, expires: day0 + 365 }
    await ports.store.batch(ledger.admit(signRecord({ swarm, kind: 'member', t: t0, body }, founder)).ops)
  }
  for (const digest of digests()) await ports.store.batch(ledger.admit(digest).ops)
  const wanted = new WantedEntries({
    cpu: ports.cpu,
    ledger,
    signal: stopping.signal,
    isKept: () => false,
    onKnown: async () => undefined,
    hasRoomFor: () => true,
    worth: () => 1,
    inBackground: work => void work,
  })
  const fetcher = new EntryFetcher({
    fetchBatch: async () => new Map(),
    ...ports,
    blocks: { fetch },
    concurrency,
    deadlineMs: 1_000,
    shards: 1,
    peers: () => {
      // What goes round for ever is stopped, and seen by its number.
      if (++tries > 20 * digests().length) stopping.abort()
      return peers
    },
    callable: () => [],
    worth: () => 1,
    onEntry: async () => undefined,
    onMismatch: async digest => {
      judged.add(digest.envelope.body.cid)
      wanted.dismiss(digest)
    },
  })
  return {
    wanted,
    fetcher,
    judged,
    tries: () => tries,
    pass: async (ms: number): Promise<void> => {
      await clock.advance(ms)
      for (let turn = 0; turn < 5; turn++) await setImmediate()
    },
    /** Until nothing is under way, or it went round too often. */
    drain: async (): Promise<void> => {
      for (let quiet = 0; quiet < 5 && !stopping.signal.aborted; quiet++) {
        if (fetcher.waiting > 0) quiet = 0
        await setImmediate()
      }
    },
    close: (): Promise<void> => {
      stopping.abort()
      return fetcher.close()
    },
  }
}

/** Looks at who is there: one for each of them, and one for each batch. */
const onceEach = (): number => Math.ceil(digests().length * (1 + 2 / entryPageMax))

test('what does not fit into the queue is fetched when it has emptied, everything once', async () => {
  const gate = Promise.withResolvers<void>()
  const { wanted, fetcher, judged, tries, pass, close } = await missingAll({
    peers: [peer(ben)],
    fetch: () => gate.promise.then(() => junk),
  })
  wanted.fetchWith(fetcher)
  for (const digest of digests()) wanted.want(digest, peer(ben))
  await pass(0)
  expect(fetcher.waiting).toBeGreaterThanOrEqual(waitingMax)
  expect(fetcher.waiting).toBeLessThan(digests().length)
  gate.resolve()
  await pass(0)
  expect([judged.size, fetcher.waiting]).toEqual([digests().length, 0])
  expect(tries()).toBeLessThanOrEqual(onceEach())
  await close()
})

test('with nobody to ask, each waits for its next try; when a peer comes, all are fetched', async () => {
  const peers: PeerId[] = []
  const { wanted, fetcher, judged, tries, pass, close } = await missingAll({ peers, fetch: async () => junk })
  wanted.fetchWith(fetcher)
  for (const digest of digests()) wanted.want(digest, undefined)
  await pass(0)
  const first = tries()
  expect(first).toBeLessThan(3 * digests().length)
  await pass(120_000)
  // Seven more tries of each that is remembered for another, and one for each batch.
  expect(tries()).toBeLessThanOrEqual(first + 7 * Math.ceil(waitingMax * (1 + 2 / entryPageMax)))
  const last = tries()
  await pass(120_000)
  // Then eight in five seconds, each of which may be asked for in a batch first.
  expect(tries()).toBeLessThanOrEqual(last + 2 * 8 * (120 / 5))

  peers.push(peer(ben))
  fetcher.retry()
  wanted.all()
  await pass(0)
  expect(judged.size).toBe(digests().length)
  expect([fetcher.waiting, fetcher.failed]).toEqual([0, 0])
  await close()
})

test('ten thousand that nobody delivers do not keep the others from their turn, nor are asked for without end', async () => {
  const lost = new Set(
    digests()
      .slice(0, waitingMax + 100)
      .map(digest => digest.envelope.body.cid),
  )
  const { wanted, fetcher, judged, tries, drain, close } = await missingAll({
    peers: [peer(ben)],
    // As long as a neighbour takes to say so: more comes in than goes out meanwhile.
    fetch: async cid => {
      await setImmediate()
      if (lost.has(cid)) throw new Error('it has no such block')
      return junk
    },
  })
  for (const digest of digests()) wanted.note(digest)
  wanted.fetchWith(fetcher)
  await drain()
  expect(judged.size).toBe(beyond - 100)
  expect(tries()).toBeLessThanOrEqual(onceEach())
  // Once more for what did not fit in when it was announced.
  for (const digest of digests()) wanted.want(digest, undefined)
  await drain()
  expect(tries()).toBeLessThanOrEqual(3 * digests().length)
  await close()
})

test('a node that stops in the middle of it stops', async () => {
  const { wanted, fetcher, close } = await missingAll({
    peers: [peer(ben)],
    fetch: () => new Promise((_resolve, reject) => setTimeout(reject, 1)),
  })
  wanted.fetchWith(fetcher)
  for (const digest of digests()) wanted.want(digest, undefined)
  await close()
  await fetcher.idle()
  expect(fetcher.waiting).toBe(0)
})

test('what a page of records announces is asked for when the page is through, whoever else is met meanwhile', async () => {
  const { wanted, fetcher, close } = await missingAll({ peers: [peer(ben)], fetch: async () => junk })
  wanted.fetchWith(fetcher)
  await fetcher.idle()
  const [first, second] = digests()
  if (first === undefined || second === undefined) throw new TypeError('no digests')
  const page = async function* (digest: DigestRecord) {
    wanted.want(digest, peer(ben))
    yield 'accept'
    expect(fetcher.waiting).toBe(0)
  }
  const [one, other] = [wanted.together(page(first)), wanted.together(page(second))]
  expect(await one.next()).toEqual({ done: false, value: 'accept' })
  expect(await other.next()).toEqual({ done: false, value: 'accept' })
  expect(await one.next()).toMatchObject({ done: true })
  expect(fetcher.has(first.id)).toBe(false)
  // A page that is given up counts as through.
  await other.return(undefined)
  expect([first.id, second.id].map(id => fetcher.has(id))).toEqual([true, true])
  await close()
})

test('what is announced while page after page comes does not wait for the last of them, nor fill the memory', async () => {
  const { wanted, fetcher, close } = await missingAll({ peers: [peer(ben)], fetch: async () => junk })
  wanted.fetchWith(fetcher)
  await fetcher.idle()
  const endless = wanted.together(
    (async function* () {
      for (;;) yield 'accept'
    })(),
  )
  await endless.next()
  const [first, ...others] = digests().slice(0, pageRecordsMax)
  if (first === undefined) throw new TypeError('no digests')
  wanted.want(first, peer(ben))
  expect(fetcher.has(first.id)).toBe(false)
  for (const digest of others) wanted.want(digest, peer(ben))
  expect(fetcher.has(first.id)).toBe(true)
  await endless.return(undefined)
  await close()
})
