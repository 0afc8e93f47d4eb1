import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../node/adapters/system.ts'
import { createCatchUp } from '../../../../node/pipeline/catch-up.ts'
import type { Clock, Verdict } from '../../../../node/ports.ts'
import { decodePage, decodePageRequest, encodePage, type Page } from '../../../../protocol/records-page.ts'
import type { RecordId, SwarmRecord } from '../../../../protocol/types.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { ada, ben, opaqueRecord, peer, swarm, t0 } from '../../protocol/fixtures.ts'
import { fakeNetwork } from './swarm-fakes.ts'

const accept: Verdict = { verdict: 'accept' }

function records(count: number): ReadonlyMap<RecordId, SwarmRecord> {
  const made = Array.from({ length: count }, (_, n) =>
    opaqueRecord(ada, swarm, t0, { n, pad: 'x'.repeat(200) }),
  )
  return new Map(made.map(record => [record.id, record]))
}

/** One side: what it holds, and a way to ask it; `answer` is the other side. */
function side(
  held: Map<RecordId, SwarmRecord>,
  answer: (bytes: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>,
  judge: (bytes: Uint8Array) => Verdict = () => accept,
  clock: Clock = systemClock,
) {
  const taken: Uint8Array[] = []
  const stopping = new AbortController()
  const logged: string[] = []
  let listings = 0
  const fake = fakeNetwork((bytes, _protocol, signal) => answer(bytes, signal))
  const catchUp = createCatchUp({
    swarm,
    network: fake.network,
    clock,
    cpu: { spend: () => undefined },
    log: (_level, message) => logged.push(message),
    liveIds: () => {
      listings++
      return held.keys()
    },
    bytesOf: id => held.get(id)?.bytes,
    take: async bytes => {
      taken.push(bytes)
      return judge(bytes)
    },
    signal: stopping.signal,
  })
  const { asked, ask } = fake
  return { catchUp, taken, logged, asked, ask, stopping, listings: () => listings }
}

const none = () => Promise.reject(new Error('nobody is asked'))

describe('two sides', () => {
  it('exchange everything in pages, in the order of ids, and then one request says that they are the same', async () => {
    const theirs = new Map(records(700))
    const them = side(theirs, none)
    const mine = new Map<RecordId, SwarmRecord>()
    const byBytes = new Map([...theirs.values()].map(record => [record.bytes.join(), record]))
    const me = side(
      mine,
      bytes => them.ask(bytes, peer(ben)),
      bytes => {
        const record = byBytes.get(bytes.join())
        if (record !== undefined) mine.set(record.id, record)
        me.catchUp.changed()
        return accept
      },
    )
    await me.catchUp.pull(peer(ada))
    expect(mine.size).toBe(700)
    expect([...mine.keys()]).toEqual([...theirs.keys()].toSorted())
    expect(me.asked.length).toBeGreaterThan(1)
    const before = me.asked.length
    await me.catchUp.pull(peer(ada))
    expect(me.asked.length).toBe(before + 1)
    expect(me.taken).toHaveLength(700)
  })

  it('that differ in one record see it', async () => {
    const theirs = new Map(records(20))
    const them = side(theirs, none)
    const mine = new Map([...theirs].slice(1))
    const me = side(mine, bytes => them.ask(bytes, peer(ben)))
    await me.catchUp.pull(peer(ada))
    expect(me.taken).toHaveLength(20)
  })

  it('a record that has gone meanwhile is left out, and a request that is none is refused', async () => {
    const theirs = new Map(records(3))
    const them = side(theirs, none)
    const [gone] = theirs.keys()
    const holey = createPageOf(await them.ask(requestFor(), peer(ben)))
    expect(holey.records).toHaveLength(3)
    theirs.delete(gone ?? ('' as RecordId))
    expect(createPageOf(await them.ask(requestFor(), peer(ben))).records).toHaveLength(2)
    await expect(them.ask(new Uint8Array(10), peer(ben))).rejects.toThrow()
  })
})

describe('a set that changes while its pages are handed out', () => {
  /** The asker holds what it took; whenever a page is asked for, the answerer's set grows. */
  function pulling(count: number, added: readonly SwarmRecord[], clock: Clock) {
    const theirs = new Map(records(count))
    const them = side(theirs, none, () => accept, clock)
    const byBytes = new Map(
      [...theirs.values(), ...added].map(record => [Buffer.from(record.bytes).toString('hex'), record]),
    )
    const mine = new Map<RecordId, SwarmRecord>()
    const coming = [...added]
    const me = side(
      mine,
      async bytes => {
        const answer = await them.ask(bytes, peer(ben))
        const next = coming.shift()
        if (next !== undefined) {
          theirs.set(next.id, next)
          them.catchUp.changed()
        }
        return answer
      },
      bytes => {
        const record = byBytes.get(Buffer.from(bytes).toString('hex'))
        if (record === undefined || mine.has(record.id)) return { verdict: 'ignore', reason: 'known' }
        mine.set(record.id, record)
        me.catchUp.changed()
        return accept
      },
      clock,
    )
    return { me, them, mine, theirs, first: [...theirs.keys()] }
  }
  const added = (count: number): readonly SwarmRecord[] =>
    Array.from({ length: count }, (_, n) => opaqueRecord(ben, swarm, t0, { n }))

  it.each([
    ['small', 1_000, 3],
    ['large', 10_500, 40],
  ])(
    'hands out all that a %s one held, and what came meanwhile with the next pull',
    async (_size, count, more) => {
      const clock = new VirtualClock(t0 * 1000)
      const { me, them, mine, theirs, first } = pulling(count, added(more), clock)
      await me.catchUp.pull(peer(ada))
      expect(theirs.size).toBe(count + more)
      expect(me.asked.length).toBeGreaterThan(more)
      expect(first.every(id => mine.has(id))).toBe(true)
      // A large set is put in order once for all its pages, not for each of them.
      if (count > 10_000) expect(them.listings()).toBe(1)
      await clock.advance(60_000)
      await me.catchUp.pull(peer(ada))
      expect([...mine.keys()].toSorted()).toEqual([...theirs.keys()].toSorted())
      const before = me.asked.length
      await clock.advance(60_000)
      await me.catchUp.pull(peer(ada))
      expect(me.asked.length).toBe(before + 1)
    },
  )

  it('leaves out what has gone meanwhile, and goes on with the rest', async () => {
    const clock = new VirtualClock(t0 * 1000)
    const { me, them, mine, theirs, first } = pulling(10_500, [], clock)
    const pull = me.catchUp.pull(peer(ada))
    const gone = first.toSorted().filter((_id, index) => index % 2 === 1)
    for (const id of gone) theirs.delete(id)
    them.catchUp.changed()
    await pull
    const rest = first.filter(id => theirs.has(id))
    expect(rest.every(id => mine.has(id))).toBe(true)
    expect(mine.size).toBeLessThan(first.length - 5_000)
  })
})

describe('a peer that misbehaves', () => {
  const id = (n: number): RecordId => n.toString(16).padStart(64, '0') as RecordId
  const [sample] = records(1).values()
  const some = sample === undefined ? [] : [sample.bytes]

  it('whose cursor stands still, or goes back, is left after the second page', async () => {
    for (const next of [id(5), id(4)]) {
      let turn = 0
      const me = side(new Map(), async () =>
        encodePage({ same: false, records: some, next: turn++ === 0 ? id(5) : next }),
      )
      await me.catchUp.pull(peer(ada))
      expect(me.asked).toHaveLength(2)
    }
  })

  it('that offers one bad record is believed no more', async () => {
    const me = side(
      new Map(),
      async () => encodePage({ same: false, records: [...some, ...some], next: id(5) }),
      () => ({ verdict: 'reject', reason: 'bad-signature' }),
    )
    await expect(me.catchUp.pull(peer(ada))).rejects.toThrow('bad-signature')
    expect(me.taken).toHaveLength(1)
    expect(me.asked).toHaveLength(1)
  })

  it('that answers with garbage, or not at all, is an error and no more', async () => {
    await expect(side(new Map(), async () => new Uint8Array(99)).catchUp.pull(peer(ada))).rejects.toThrow()
    await expect(side(new Map(), none).catchUp.pull(peer(ada))).rejects.toThrow()
  })

  it('that never ends is cut off, and says so', async () => {
    let turn = 0
    const me = side(new Map(), async () => encodePage({ same: false, records: [], next: id(++turn) }))
    await me.catchUp.pull(peer(ada))
    expect(me.asked).toHaveLength(1_500)
    expect(me.logged).toHaveLength(1)
  })

  it('ends with the node, wherever it is', async () => {
    const silent = side(
      new Map(),
      (_bytes, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    )
    const pulling = silent.catchUp.pull(peer(ada))
    silent.stopping.abort(new Error('stopped'))
    await expect(pulling).rejects.toThrow('stopped')
  })
})

describe('records before the one that makes their author a member', () => {
  it('are asked for again once something came, and not for ever', async () => {
    let isMember = false
    const [late, early] = records(2).values()
    if (late === undefined || early === undefined) return
    const judge = (bytes: Uint8Array): Verdict => {
      if (bytes.join() === late.bytes.join()) {
        const first = !isMember
        isMember = true
        return first ? accept : { verdict: 'ignore', reason: 'known' }
      }
      return isMember ? accept : { verdict: 'ignore', reason: 'not-member' }
    }
    const me = side(
      new Map(),
      async () => encodePage({ same: false, records: [early.bytes, late.bytes] }),
      judge,
    )
    await me.catchUp.pull(peer(ada))
    expect(me.asked).toHaveLength(2)
    const stranger = side(
      new Map(),
      async () => encodePage({ same: false, records: [early.bytes, late.bytes] }),
      bytes => (bytes.join() === late.bytes.join() ? accept : { verdict: 'ignore', reason: 'not-member' }),
    )
    await stranger.catchUp.pull(peer(ada))
    expect(stranger.asked).toHaveLength(4)
  })
})

function requestFor(): Uint8Array {
  const held = side(new Map(), none)
  let request = new Uint8Array()
  const asking = side(new Map(), async bytes => {
    request = new Uint8Array(bytes)
    return encodePage({ same: true, records: [] })
  })
  void asking.catchUp.pull(peer(ada))
  expect(decodePageRequest(request).ok).toBe(true)
  held.stopping.abort()
  return request
}

function createPageOf(bytes: Uint8Array): Page {
  const page = decodePage(bytes)
  if (!page.ok) throw new Error(page.message)
  return page.value
}
