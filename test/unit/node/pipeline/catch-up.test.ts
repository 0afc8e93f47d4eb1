/** Two sides that catch up with each other, and an asker whose peer does not keep to the rules. */

import { describe, expect, it } from 'vitest'
import { createCatchUp } from '../../../../node/pipeline/catch-up.ts'
import { serveCatchUp } from '../../../../node/pipeline/catch-up-host.ts'
import type { Verdict } from '../../../../node/ports.ts'
import { decodeRecord } from '../../../../protocol/envelope.ts'
import { rangeMessageBytesMax, rangePagesMax, rangeRoundsMax } from '../../../../protocol/limits.ts'
import { answerRanges } from '../../../../protocol/range/answer.ts'
import { boundAt, placeOf } from '../../../../protocol/range/bound.ts'
import { decodeRangeAnswer, encodeRangeAnswer, encodeRangeBusy } from '../../../../protocol/range/messages.ts'
import { encodeRecordPage, encodeTaken } from '../../../../protocol/range/page-messages.ts'
import { pagesOf } from '../../../../protocol/range/pages.ts'
import { createRangeIndex } from '../../../../protocol/range/range-index.ts'
import { packSegments } from '../../../../protocol/range/segments.ts'
import { openRanges } from '../../../../protocol/range/session.ts'
import { streamsOf } from '../../../../protocol/swarm.ts'
import type { RecordId, SwarmRecord } from '../../../../protocol/types.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { seededRandom } from '../../../../sim/random.ts'
import { ada, ben, filled, opaqueRecord, peer, swarm, t0 } from '../../protocol/fixtures.ts'
import { fakeNetwork } from './swarm-fakes.ts'

const streams = streamsOf(swarm)
const until = t0 + 10_000
const accept: Verdict = { verdict: 'accept' }
const rest = 2 ** 32
const unending = new AbortController().signal

function records(count: number, from = 0): readonly SwarmRecord[] {
  return Array.from({ length: count }, (_, n) =>
    opaqueRecord(ada, swarm, t0 + n, { n: from + n, pad: 'x'.repeat(200) }),
  )
}

type Answer = (bytes: Uint8Array, protocol: string, signal: AbortSignal) => Promise<Uint8Array>

/** One side: what it holds, and a way to ask it; `answer` is the other side. It knows every record it is shown. */
function side(held: readonly SwarmRecord[], answer: Answer = none, judge?: (id: RecordId) => Verdict) {
  const ranges = createRangeIndex()
  const bytesById = new Map<RecordId, Uint8Array>()
  const taken: RecordId[] = []
  const given: RecordId[] = []
  const logged: string[] = []
  const stopping = new AbortController()
  const clock = new VirtualClock(t0 * 1000)
  const put = (record: SwarmRecord): boolean => {
    bytesById.set(record.id, record.bytes)
    return ranges.add(placeOf(record), record.id)
  }
  for (const record of held) put(record)
  const learn = (bytes: Uint8Array, into: RecordId[]): Verdict => {
    const record = recordOf(bytes)
    into.push(record.id)
    const verdict = judge?.(record.id)
    if (verdict !== undefined && verdict.verdict !== 'accept') return verdict
    return put(record) ? accept : { verdict: 'ignore', reason: 'known' }
  }
  const { network, asked, ask } = fakeNetwork(answer)
  const common = {
    swarm,
    network,
    clock,
    cpu: { spend: () => undefined },
    random: seededRandom('catch-up'),
    log: (_level: string, message: string) => logged.push(message),
    ranges,
    bytesOf: (id: RecordId) => bytesById.get(id),
    signal: stopping.signal,
  }
  async function* take(page: readonly Uint8Array[]): AsyncGenerator<Verdict> {
    for (const bytes of page) yield learn(bytes, taken)
  }
  const catchUp = createCatchUp({ ...common, take })
  serveCatchUp({ ...common, given: async bytes => learn(bytes, given) })
  const pull = (gives = false) => catchUp(peer(ada), { until, gives })
  const ids = () => Array.from({ length: ranges.size }, (_, rank) => ranges.idAt(rank))
  const drop = (record: SwarmRecord) => bytesById.delete(record.id)
  return { pull, put, drop, ids, ask, asked, taken, given, logged, stopping, clock, ranges }
}

function recordOf(bytes: Uint8Array): SwarmRecord {
  const read = decodeRecord(bytes, swarm)
  if (!read.ok) throw new TypeError(read.reason)
  return read.claimed
}

function none(): Promise<Uint8Array> {
  return Promise.reject(new Error('nobody is asked'))
}

function asks(other: { ask: ReturnType<typeof side>['ask'] }): Answer {
  return (bytes, protocol) => other.ask(bytes, peer(ben), protocol)
}

describe('two sides', () => {
  it('who has nothing takes everything in pages, and then one request says that they are the same', async () => {
    const them = side(records(700))
    const me = side([], asks(them))
    expect(await me.pull()).toEqual({ came: 700, isPartial: false })
    expect(me.ids()).toEqual(them.ids())
    expect(me.taken).toEqual(them.ids())
    const before = me.asked.length
    expect(await me.pull()).toEqual({ came: 0, isPartial: false })
    expect(me.asked.length).toBe(before + 1)
  })

  it('the next page is on its way while one is judged, and no more than that', async () => {
    const them = side(records(700))
    const pages: number[] = []
    const me = side([], (bytes, protocol) => {
      if (protocol === streams.wants) pages.push(me.taken.length)
      return asks(them)(bytes, protocol, unending)
    })
    await me.pull()
    expect(me.taken).toHaveLength(700)
    const [first, second, third = 0] = pages
    expect([first, second]).toEqual([0, 0])
    expect(third).toBeGreaterThan(0)
  })

  it('that differ on both sides are the same after one session that gives, and nothing else is sent', async () => {
    const common = records(600)
    const theirs = records(5, 1_000)
    const mine = records(400, 2_000)
    const them = side([...common, ...theirs])
    const me = side([...common, ...mine], asks(them))
    expect(await me.pull(true)).toEqual({ came: 5, isPartial: false })
    expect(me.ids()).toEqual(them.ids())
    expect(me.taken).toHaveLength(5)
    expect(them.given.toSorted()).toEqual(mine.map(({ id }) => id).toSorted())
  })

  it('a session that does not give leaves the peer to ask itself', async () => {
    const them = side(records(3))
    const me = side(records(5), asks(them))
    await me.pull()
    expect(them.given).toEqual([])
  })

  it('what is younger than the session covers is left alone', async () => {
    const young = opaqueRecord(ada, swarm, until + 1, 'young')
    const old = opaqueRecord(ada, swarm, until, 'old')
    const me = side([], asks(side([young, old])))
    await me.pull()
    expect(me.ids()).toEqual([old.id])
  })

  it('a record that has gone meanwhile is left out, on either side, and binds nobody', async () => {
    const [gone, ...others] = records(30)
    const [mineGone] = records(1, 500)
    if (gone === undefined || mineGone === undefined) return
    const them = side([gone, ...others])
    them.drop(gone)
    const me = side([...others.slice(0, 20), mineGone], asks(them))
    me.drop(mineGone)
    expect(await me.pull(true)).toEqual({ came: 9, isPartial: false })
    expect(them.given).toEqual([])
    expect(me.logged).toEqual(['A peer did not send all that it said it has.'])
  })

  it('records that came while a session runs are left for the next one', async () => {
    const them = side(records(700))
    const more = records(3, 5_000)
    let next = 0
    const me = side([], async (bytes, protocol) => {
      const late = more[next++]
      if (late !== undefined) them.put(late)
      return asks(them)(bytes, protocol, unending)
    })
    await me.pull()
    await me.pull()
    expect(me.ids()).toEqual(them.ids())
  })

  it('a peer that has enough is given no more', async () => {
    let pages = 0
    const me = side(records(900), async (bytes, protocol) => {
      if (protocol === streams.ranges) return asks(side(records(1, 99)))(bytes, protocol, unending)
      if (protocol === streams.given && ++pages === 2) return encodeTaken(3)
      return protocol === streams.given ? encodeTaken(200) : encodeRecordPage({ records: [] })
    })
    await me.pull(true)
    expect(pages).toBeLessThanOrEqual(2)
  })

  it('a peer that takes nothing keeps nobody from what it has', async () => {
    const them = side(records(3, 50))
    const me = side(records(3), (bytes, protocol) =>
      protocol === streams.given ? none() : asks(them)(bytes, protocol, unending),
    )
    expect(await me.pull(true)).toEqual({ came: 3, isPartial: false })
    expect(me.logged).toEqual(['A peer did not take what it lacks.'])
  })
})

describe('who answers', () => {
  it('refuses what is no message of the protocol', async () => {
    const them = side(records(3))
    for (const protocol of [streams.ranges, streams.wants, streams.given]) {
      await expect(them.ask(filled(10, 0), peer(ben), protocol)).rejects.toThrow('cannot be read')
    }
  })

  it('takes what it is given up to the first bad record', async () => {
    const [good, bad, rest] = records(3)
    if (good === undefined || bad === undefined || rest === undefined) return
    const them = side([], none, id =>
      id === bad.id ? { verdict: 'reject', reason: 'bad-signature' } : accept,
    )
    const page = encodeRecordPage({ records: [good.bytes, bad.bytes, rest.bytes] })
    await expect(them.ask(page, peer(ben), streams.given)).rejects.toThrow('bad-signature')
    expect(them.ids()).toEqual([good.id])
  })

  it('says after how many the giver’s share is used up', async () => {
    let left = 2
    const them = side([], none, () => (left-- > 0 ? accept : { verdict: 'ignore', reason: 'busy' }))
    const page = encodeRecordPage({ records: records(5).map(({ bytes }) => bytes) })
    expect(await them.ask(page, peer(ben), streams.given)).toEqual(encodeTaken(2))
    expect(them.given).toHaveLength(3)
  })

  it('has four in hand at most, and says to others that it is busy', async () => {
    const network = fakeNetwork(none)
    const held: (() => void)[] = []
    serveCatchUp({
      swarm,
      network: network.network,
      cpu: { spend: () => new Promise<void>(go => held.push(go)) },
      random: seededRandom('busy'),
      ranges: createRangeIndex(),
      bytesOf: () => undefined,
      given: async () => accept,
    })
    const index = createRangeIndex()
    index.add(rest + t0, records(1)[0]?.id ?? ('' as RecordId))
    const request = openRanges(index, { salt: filled(16, 1), until }).request() ?? new Uint8Array()
    const answers = Array.from({ length: 5 }, () => network.ask(request, peer(ben), streams.ranges))
    expect(await answers[4]).toEqual(encodeRangeBusy())
    const go = async () => {
      for (const one of held.splice(0)) one()
      await new Promise(setImmediate)
    }
    await go()
    await go()
    for (const answer of await Promise.all(answers.slice(0, 4))) {
      expect(decodeRangeAnswer(answer)).toMatchObject({ ok: true })
    }
    const later = network.ask(request, peer(ben), streams.ranges)
    await go()
    await go()
    expect(await later).not.toEqual(encodeRangeBusy())
  })
})

describe('a peer that misbehaves', () => {
  const some = records(40)

  it('that is busy is left for later', async () => {
    await expect(side(some, async () => encodeRangeBusy()).pull()).rejects.toThrow('at the moment')
  })

  it('that offers one bad record is believed no more', async () => {
    const them = side(records(300, 100))
    const me = side(some, asks(them), () => ({ verdict: 'reject', reason: 'bad-signature' }))
    await expect(me.pull()).rejects.toThrow('bad-signature')
    expect(me.taken).toHaveLength(1)
  })

  it('that offers one bad record is not waited for with the next page either', async () => {
    const them = side(records(700))
    let isGivenUp = false
    let pages = 0
    const me = side(
      [],
      (bytes, protocol, signal) => {
        if (protocol !== streams.wants || ++pages < 2) return asks(them)(bytes, protocol, signal)
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            isGivenUp = true
            reject(signal.reason)
          }),
        )
      },
      () => ({ verdict: 'reject', reason: 'bad-signature' }),
    )
    await expect(me.pull()).rejects.toThrow('bad-signature')
    expect(pages).toBe(2)
    expect(isGivenUp).toBe(true)
  })

  it('that offers one bad record, and then nothing more, fails once', async () => {
    const them = side(records(700, 100))
    let pages = 0
    const me = side(
      [],
      (bytes, protocol) => {
        const isSecond = protocol === streams.wants && ++pages === 2
        return isSecond ? none() : asks(them)(bytes, protocol, unending)
      },
      () => ({ verdict: 'reject', reason: 'bad-signature' }),
    )
    await expect(me.pull()).rejects.toThrow('bad-signature')
    expect([pages, me.taken.length]).toEqual([2, 1])
  })

  it('that answers with garbage, or not at all, is an error and no more', async () => {
    await expect(side(some, async () => filled(99, 1)).pull()).rejects.toThrow('cannot be read')
    await expect(side([], async () => filled(99, 1)).pull()).rejects.toThrow('cannot be read')
    await expect(side(some, none).pull()).rejects.toThrow('nobody')
  })

  it('whose fingerprints are lies is left after its rounds', async () => {
    let turn = 0
    const me = side(records(300), async bytes => {
      const other = side(records(300, 1_000 * ++turn))
      const answered = answerRanges(other.ranges, bytes, filled(16, 3))
      if (!answered.ok) throw new TypeError(answered.message)
      return answered.value.bytes
    })
    await me.pull().catch(() => undefined)
    expect(turn).toBeGreaterThan(1)
    expect(me.asked.length).toBeLessThanOrEqual(rangeRoundsMax + 2)
  })

  it('that leaves everything for later is left at once', async () => {
    const all = { from: boundAt(0), to: boundAt(rest + until + 1), mode: 'later' } as const
    const me = side(some, async () => encodeRangeAnswer(packSegments([all])))
    await expect(me.pull()).rejects.toThrow('does not go on')
    expect(me.asked).toHaveLength(1)
  })

  it('whose pages go round in circles, or never end, is cut off', async () => {
    const circle = side([], async () => encodeRecordPage({ records: [], next: boundAt(5) }))
    await expect(circle.pull()).rejects.toThrow('goes on elsewhere')
    expect(circle.asked).toHaveLength(2)
    let place = 0
    const endless = side([], async () => encodeRecordPage({ records: [], next: boundAt(++place) }))
    expect(await endless.pull()).toEqual({ came: 0, isPartial: true })
    expect(endless.asked).toHaveLength(rangePagesMax)
  })

  it('that sends page after page slowly is left after two minutes', async () => {
    let place = 0
    const me = side([], async (_bytes, _protocol, signal) => {
      await me.clock.sleep(9_000, signal)
      return encodeRecordPage({ records: [], next: boundAt(++place) })
    })
    const pulling = me.pull()
    const ended = expect(pulling).rejects.toThrow()
    await me.clock.advance(125_000)
    await ended
    expect(me.asked.length).toBeLessThan(15)
  })

  it('that is silent is left after ten seconds, and at once when the node stops', async () => {
    const forever: Answer = (_bytes, _protocol, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const silent = side(some, forever)
    const ended = expect(silent.pull()).rejects.toThrow()
    await silent.clock.advance(10_001)
    await ended
    const stopped = side(some, forever)
    const pulling = stopped.pull()
    stopped.stopping.abort(new Error('stopped'))
    await expect(pulling).rejects.toThrow('stopped')
  })

  it('that names ids it does not have costs a request, and keeps nobody from asking another', async () => {
    const wanted = records(8, 700)
    const them = side([...some, ...wanted])
    const me = side(some, async (bytes, protocol) =>
      protocol === streams.wants ? encodeRecordPage({ records: [] }) : asks(them)(bytes, protocol, unending),
    )
    expect(await me.pull()).toEqual({ came: 0, isPartial: false })
    expect(me.logged).toEqual(['A peer did not send all that it said it has.'])
    const honest = side(me.ids().length === 40 ? some : [], asks(them))
    expect(await honest.pull()).toMatchObject({ came: 8 })
  })

  it('that sends more than was wanted is left', async () => {
    const flood = records(100, 9_000).map(({ bytes }) => bytes)
    const them = side([...some, ...records(1, 800)])
    const me = side(some, async (bytes, protocol) =>
      protocol === streams.wants
        ? encodeRecordPage({ records: flood })
        : asks(them)(bytes, protocol, unending),
    )
    await expect(me.pull()).rejects.toThrow('more than was wanted')
    expect(me.taken).toEqual([])
  })

  it('is asked with messages that keep to the limits, whatever the difference', async () => {
    const them = side(records(3_000))
    const me = side(records(3_000, 50_000), asks(them))
    await me.pull(true)
    expect(me.ids()).toEqual(them.ids())
    for (const bytes of me.asked) expect(bytes.length).toBeLessThanOrEqual(rangeMessageBytesMax)
  }, 20_000)
})

describe('records before the one that makes their author a member', () => {
  function waiting(isEver: boolean) {
    const [early, late] = records(2)
    if (early === undefined || late === undefined) throw new TypeError('two records')
    let isMember = false
    const judge = (id: RecordId): Verdict => {
      if (id === late.id) {
        isMember = isEver
        return accept
      }
      return isMember ? accept : { verdict: 'ignore', reason: 'not-member' }
    }
    return { me: side([], asks(side([early, late])), judge) }
  }

  it('are asked for again once something came, and not for ever', async () => {
    const { me } = waiting(true)
    expect(await me.pull()).toEqual({ came: 2, isPartial: false })
    const { me: stranger } = waiting(false)
    expect(await stranger.pull()).toEqual({ came: 1, isPartial: false })
    expect(stranger.asked.length).toBeLessThanOrEqual(6)
  })
})

it('what a peer lacks is given page by page', () => {
  const some = records(700)
  const byId = new Map(some.map(({ id, bytes }) => [id, bytes]))
  const pages = [...pagesOf(byId.keys(), id => byId.get(id))]
  expect(pages.reduce((sum, page) => sum + page.records, 0)).toBe(700)
  expect(pages.length).toBeGreaterThan(1)
})
