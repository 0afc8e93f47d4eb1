/** Each kind of adversary really does what it says, and correct nodes bear it. */

import { describe, expect, it } from 'vitest'
import { decodeRecord } from '../../../../protocol/envelope.ts'
import { pageBytesMax, rangePlaceMax, rangeSaltBytes } from '../../../../protocol/limits.ts'
import { boundAt } from '../../../../protocol/range/bound.ts'
import { decodeRecordPage, encodeWants } from '../../../../protocol/range/page-messages.ts'
import { packSegments } from '../../../../protocol/range/segments.ts'
import { streamsOf } from '../../../../protocol/swarm.ts'
import type { EntryCid, PeerId } from '../../../../protocol/types.ts'
import { Adversaries, type AdversaryName, adversaryNames } from '../../../../sim/adversaries.ts'
import { Checks } from '../../../../sim/checks.ts'
import type { Machine } from '../../../../sim/machine.ts'
import { Measures } from '../../../../sim/measures.ts'
import { liveRecords } from '../../../../sim/replicated.ts'
import { Workload } from '../../../../sim/workload.ts'
import { World } from '../../../../sim/world.ts'

const minuteMs = 60_000
const nodes = 5
const tested = new Set<AdversaryName>()

/** A founded world with machines of one kind, that have done their worst for so long. */
async function worldWith(kind: AdversaryName, { strength = 0.1, minutes = 1 } = {}) {
  tested.add(kind)
  const bugs: string[] = []
  const arrivals: string[] = []
  const adversaries = new Adversaries(new Map([[kind, strength]]))
  const world: World = new World({
    seed: kind,
    nodes,
    config: {},
    tampering: adversaries.tampering({}),
    onBug: (where, cause) => bugs.push(`${where}: ${cause}`),
    onEvent: (machine, event) => {
      checks.onEvent(machine, event)
      measures.onEvent(machine, event)
    },
    onDurable: (machine, ops) => measures.onDurable(machine, ops),
    onArrival: ({ from, to }, what, bytes) =>
      arrivals.push(`${from.host.name}>${to.host.name} ${what} ${bytes}`),
  })
  const checks = new Checks(world, 500)
  const measures = new Measures(world)
  const workload = new Workload(world, checks, measures)
  adversaries.draw(world, workload)
  await world.found()
  await world.run(5_000)
  const endMs = world.nowMs + minutes * minuteMs
  workload.begin({ publishesPerHour: 240, recallsPerHour: 300 }, endMs)
  adversaries.begin(endMs)
  const [hostile] = world.hostile
  if (hostile === undefined) throw new TypeError('nobody is hostile')
  return {
    world,
    workload,
    measures,
    hostile,
    arrivals,
    /** For so many minutes; then nothing may have thrown, and no check be violated. */
    async go(): Promise<void> {
      while (world.nowMs < endMs) {
        await world.run(5_000)
        await world.meanwhile(checks.round())
      }
      expect(bugs).toEqual([])
      expect(checks.violations).toEqual([])
    },
    refused: (reason: string): number =>
      world.correct.reduce((sum, { node }) => sum + (node?.status().rejected[reason] ?? 0), 0),
    /** What all correct nodes think of it. */
    async views(of: PeerId) {
      const all = await Promise.all(world.correct.map(async ({ node }) => (await node?.peers()) ?? []))
      return all.flat().filter(({ peer }) => peer === of)
    },
    /** At how many correct nodes it is. */
    async kept(cid: EntryCid): Promise<number> {
      const found = await world.meanwhile(Promise.all(world.correct.map(({ node }) => node?.entry(cid))))
      return found?.filter(one => one?.ok).length ?? 0
    },
  }
}

describe('an adversary', () => {
  it('forger: its forgeries arrive and are refused, and it is sent away', async () => {
    const { go, refused, world, hostile } = await worldWith('forger')
    await go()
    expect(refused('bad-signature')).toBeGreaterThan(0)
    expect(world.view(hostile)?.peers).toBeLessThan(nodes - 1)
  })

  it('flooder: more comes of it than is looked at', async () => {
    const { go, refused } = await worldWith('flooder')
    await go()
    expect(refused('busy')).toBeGreaterThan(0)
    expect(refused('future')).toBeGreaterThan(1_000)
  })

  it('spammer: its lessons come, and everybody’s own come all the same', async () => {
    const { go, world, hostile, views, measures } = await worldWith('spammer', { minutes: 2 })
    await go()
    const spam = await views(world.peerOf(hostile))
    expect(Math.max(...spam.map(({ entries }) => entries))).toBeGreaterThan(10)
    await world.run(minuteMs)
    expect(measures.figures().delivered60s).toBe(1)
  })

  it('replayer: what it says again is known, and changes nothing', async () => {
    const { go, arrivals, hostile } = await worldWith('replayer', { minutes: 2 })
    await go()
    const given = arrivals.filter(line => line.startsWith(`${hostile.name}>`) && line.includes('/given'))
    expect(given.length).toBeGreaterThan(10)
  })

  it('eclipse: one node has more neighbours than it keeps, and honest ones among them', async () => {
    const { go, world } = await worldWith('eclipse')
    await go()
    const counts = world.correct.map(machine => world.view(machine)?.peers ?? 0)
    expect(Math.max(...counts)).toBeGreaterThanOrEqual(50)
    const victim = world.correct[counts.indexOf(Math.max(...counts))]
    const link = [...world.network.links].find(one => one.host === victim?.host)
    const honest = link?.peers().filter(peer => world.correct.some(one => world.peerOf(one) === peer))
    expect(honest?.length).toBeGreaterThan(0)
  })

  it('sybil: its names are members, say the same, and weigh no more than half of it', async () => {
    const { go, world, hostile } = await worldWith('sybil')
    await go()
    const [first] = world.correct
    const views = (await first?.node?.peers()) ?? []
    const names = views.filter(({ peer }) => world.machineOf(peer) === hostile)
    expect(names).toHaveLength(9)
    expect(names.filter(({ attested }) => attested.helped > 0).length).toBeGreaterThan(0)
  })

  it('camouflaged: what it says is right at first, and wrong then', async () => {
    const { go, workload, world, hostile } = await worldWith('camouflaged', { minutes: 3 })
    await go()
    const own = await hostile.node?.entries({ author: world.peerOf(hostile) })
    const worth = own?.items.map(({ cid }) => workload.worthOf(cid)) ?? []
    expect(worth.filter(one => one === 'wrong').length).toBeGreaterThan(0)
    expect(worth.filter(one => one !== 'wrong').length).toBeGreaterThan(0)
  })

  it('colluder: two praise each other, and that weighs as much as they do', async () => {
    const { go, world, views } = await worldWith('colluder', { strength: 0.34 })
    await go()
    expect(world.hostile.size).toBe(2)
    const seen = await Promise.all([...world.hostile].map(machine => views(world.peerOf(machine))))
    expect(Math.max(...seen.flat().map(({ attested }) => attested.helped))).toBeGreaterThan(0)
  })

  it('slanderer: its word arrives, and puts nobody out who is next to a node', async () => {
    const { go, world, views } = await worldWith('slanderer')
    await go()
    const slandered = (await Promise.all(world.correct.map(one => views(world.peerOf(one))))).flat()
    expect(Math.max(...slandered.map(({ attested }) => attested.hurt))).toBeGreaterThan(0)
    const [founder] = world.correct
    const guests = founder === undefined ? [] : ((await founder.node?.peers()) ?? [])
    expect(guests.filter(({ tier }) => tier === 'trusted').length).toBeGreaterThan(0)
  })

  it('whitewasher: it comes under one name after the other', async () => {
    const { go, world, hostile } = await worldWith('whitewasher', { minutes: 3 })
    await go()
    const views = (await world.correct[0]?.node?.peers()) ?? []
    const names = views.filter(({ peer, entries }) => world.machineOf(peer) === hostile && entries > 0)
    expect(names.length).toBeGreaterThan(1)
  })

  it('free-rider: it has what others say, and gives nothing', async () => {
    const { go, world, hostile, workload } = await worldWith('free-rider')
    await go()
    const [cid] = workload.lessons.keys()
    const [first] = world.correct
    const link = [...world.network.links].find(one => one.host === first?.host)
    if (cid === undefined || link === undefined) throw new TypeError('nothing was said')
    await world.run(5_000)
    expect((await hostile.node?.entry(cid))?.ok).toBe(true)
    const patience = new AbortController()
    world.events.in(20_000, () => {
      patience.abort(new Error('in vain'))
      return undefined
    })
    const providers = [{ peer: world.peerOf(hostile) }]
    const asked = link.blocks.fetch(cid, { providers, maxBytes: 4_096, signal: patience.signal })
    const outcome = expect(asked).rejects.toThrow(/in vain|delivered/)
    await world.run(30_000)
    await outcome
  })

  it('poisoner: it is wrong about the topic that is asked for most, and right about others', async () => {
    const { go, world, hostile, workload } = await worldWith('poisoner', { minutes: 2 })
    await go()
    const [trigger] = workload.topics
    const own = (await hostile.node?.entries({ author: world.peerOf(hostile) }))?.items ?? []
    expect(own.length).toBeGreaterThan(2)
    for (const { cid, entry } of own)
      expect(workload.worthOf(cid) === 'wrong').toBe(entry.domains[0] === trigger?.name)
  })

  it('plagiarist: its announcements of others’ lessons are found out, and count against it', async () => {
    const { go, world, hostile, views } = await worldWith('plagiarist', { minutes: 2 })
    await go()
    const seen = await views(world.peerOf(hostile))
    expect(Math.max(...seen.map(({ evidence }) => evidence.hurt))).toBeGreaterThan(0)
    expect(Math.max(...seen.map(({ entries }) => entries))).toBeGreaterThan(0)
  })

  it('launderer: its opposites arrive, and replace none of the lessons that they name', async () => {
    const { go, world, hostile, views, workload, kept } = await worldWith('launderer', { minutes: 2 })
    await go()
    const seen = await views(world.peerOf(hostile))
    expect(Math.max(...seen.map(({ entries }) => entries))).toBeGreaterThan(0)
    await world.run(minuteMs)
    for (const cid of workload.lessons.keys()) expect(await kept(cid)).toBe(world.correct.length)
  })

  it('retraction-forger: it takes back much, and nothing is gone', async () => {
    const { go, world, workload, kept, refused } = await worldWith('retraction-forger', { minutes: 2 })
    const before = world.view(world.correct[0] as Machine)?.members
    await go()
    await world.run(minuteMs)
    expect(refused('bad-signature')).toBeGreaterThan(0)
    for (const cid of workload.lessons.keys()) expect(await kept(cid)).toBe(world.correct.length)
    expect(world.view(world.correct[0] as Machine)?.members).toBe(before)
  })

  it.each([
    ['sync-exhaustion', '/wants'],
    ['cpu-exhaustion', '/ranges'],
  ] as const)('%s: it asks again and again, and answers come to everybody else', async (kind, protocol) => {
    const { go, arrivals, hostile, world, measures } = await worldWith(kind)
    await go()
    const asked = arrivals.filter(
      line => line.startsWith(`${hostile.name}>`) && line.includes(`${protocol} `),
    )
    expect(asked.length).toBeGreaterThan(5)
    await world.run(minuteMs)
    expect(measures.figures().delivered10s).toBe(1)
  })

  it('announcer: nobody gets what it announces, and everybody the rest', async () => {
    const { go, world, hostile, views, measures } = await worldWith('announcer')
    await go()
    expect((await views(world.peerOf(hostile))).every(({ entries }) => entries === 0)).toBe(true)
    expect(world.correct.some(({ node }) => (node?.status().fetch.failed ?? 0) > 0)).toBe(true)
    await world.run(minuteMs)
    expect(measures.figures().delivered10s).toBe(1)
  })

  it('racer: what it says first is set aside unread, and comes by another way', async () => {
    const { go, world, refused, measures } = await worldWith('racer')
    await go()
    expect(refused('busy')).toBeGreaterThan(0)
    await world.run(minuteMs)
    expect(measures.figures().delivered60s).toBe(1)
  })

  it('hider: it hands out records, and none of its victim’s', async () => {
    const { go, world, hostile, measures } = await worldWith('hider')
    await go()
    const [first] = world.correct
    const link = [...world.network.links].find(one => one.host === first?.host)
    if (link === undefined) throw new TypeError('there is no link')
    const everything = packSegments([{ from: boundAt(0), to: boundAt(rangePlaceMax), mode: 'all' }])
    const options = { maxBytes: pageBytesMax, signal: new AbortController().signal }
    const wants = encodeWants(new Uint8Array(rangeSaltBytes), everything)
    const answer = await world.meanwhile(
      link.request(world.peerOf(hostile), streamsOf(world.swarm).wants, wants, options),
    )
    const page = decodeRecordPage(answer ?? new Uint8Array())
    const shown = page.ok ? page.value.records.map(bytes => decodeRecord(bytes, world.swarm)) : []
    const authors = new Set(shown.flatMap(read => (read.ok ? [read.author] : [])))
    const all = first === undefined ? [] : liveRecords(world, first).values()
    // All but one of those who speak.
    expect(authors.size).toBe(new Set(all).size - 1)
    await world.run(minuteMs)
    expect(measures.figures().delivered60s).toBe(1)
  })

  it('of every kind is tested', () => {
    expect([...tested].sort()).toEqual([...adversaryNames].sort())
  })
})
