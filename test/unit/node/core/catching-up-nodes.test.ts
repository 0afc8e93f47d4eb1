/**
 * Whole nodes and a hostile neighbour, in catch-up: whatever it says, it costs a bounded number of requests, and what
 * an honest neighbour has comes all the same.
 */

import { describe, expect, test } from 'vitest'
import {
  rangeMessageBytesMax,
  rangePagesMax,
  rangeRoundsMax,
  waitingPerAuthorMax,
} from '../../../../protocol/limits.ts'
import { answerRanges } from '../../../../protocol/range/answer.ts'
import { boundAt } from '../../../../protocol/range/bound.ts'
import { encodeRangeAnswer } from '../../../../protocol/range/messages.ts'
import { decodeTaken, encodeRecordPage } from '../../../../protocol/range/page-messages.ts'
import { pagesOf } from '../../../../protocol/range/pages.ts'
import { createRangeIndex } from '../../../../protocol/range/range-index.ts'
import { packSegments } from '../../../../protocol/range/segments.ts'
import { streamsOf } from '../../../../protocol/swarm.ts'
import type { RecordId, SwarmRecord } from '../../../../protocol/types.ts'
import { seededRandom } from '../../../../sim/random.ts'
import { filled, opaqueRecord } from '../../protocol/fixtures.ts'
import { lesson, must, type VirtualNode, VirtualPeer, VirtualWorld } from '../virtual-nodes.ts'

const minute = 60_000
const rest = 2 ** 32

interface Scene {
  readonly world: VirtualWorld
  readonly node: VirtualNode
  readonly hostile: VirtualPeer
  /** What the honest neighbour has, and nobody gossips. */
  readonly told: readonly SwarmRecord[]
  readonly honest: VirtualPeer
  /** Requests that the hostile peer got. */
  asked(): number
}

type Serve = (bytes: Uint8Array, turn: number) => Uint8Array | Promise<Uint8Array>

/** A node between a hostile member and an honest one, who has something that the node lacks. */
async function scene(serve: { readonly ranges?: Serve; readonly wants?: Serve }): Promise<Scene> {
  const world = new VirtualWorld()
  const node = await world.node()
  const hostile = await VirtualPeer.connect(world, node, 210)
  await hostile.redeem()
  const honest = await VirtualPeer.connect(world, node, 211)
  await honest.redeem()
  await world.pass(20_000)
  let asked = 0
  const streams = streamsOf(hostile.swarm)
  for (const [name, handler] of Object.entries(serve)) {
    hostile.link.network.serve(
      name === 'ranges' ? streams.ranges : streams.wants,
      { maxBytes: rangeMessageBytesMax, perPeer: 1 },
      async bytes => handler(bytes, asked++),
    )
  }
  const told = Array.from({ length: 40 }, (_, n) =>
    opaqueRecord(honest.pair, honest.swarm, world.nowS, { n }),
  )
  honest.holds(...honest.chain, ...hostile.chain, ...told)
  return { world, node, hostile, honest, told, asked: () => asked }
}

/** The node has the founder's two guests, and what the honest one had to tell. */
async function expectTold({ world, node, told }: Scene, minutes = 3): Promise<void> {
  await world.pass(minutes * minute)
  expect(node.home.records).toBe(2 + told.length)
}

function randomIds(count: number, seed: string, fromPlace: number) {
  const random = seededRandom(seed)
  const index = createRangeIndex()
  for (let n = 0; n < count; n++) {
    index.add(fromPlace + n, Buffer.from(random.bytes(32)).toString('hex') as RecordId)
  }
  return index
}

describe('a neighbour that, asked how its set differs,', () => {
  test('lies in its fingerprints is left after its rounds', async () => {
    const one: Scene = await scene({
      ranges: (bytes, turn) => {
        const index = randomIds(900, `lie ${turn}`, rest + one.world.nowS - 5_000)
        return must(answerRanges(index, bytes, filled(16, 1))).bytes
      },
      wants: () => encodeRecordPage({ records: [] }),
    })
    await expectTold(one)
    expect(one.asked()).toBeGreaterThan(0)
    // A session ends after its rounds, and one page of wants; it is among those asked at most three times a minute.
    expect(one.asked()).toBeLessThanOrEqual(6 * (rangeRoundsMax + 2))
  })

  test('goes round in circles, or leaves all for later, is left', async () => {
    const one = await scene({
      ranges: () => encodeRangeAnswer(packSegments([{ from: boundAt(0), to: boundAt(rest), mode: 'later' }])),
    })
    await expectTold(one)
    expect(one.asked()).toBeGreaterThan(0)
    expect(one.asked()).toBeLessThanOrEqual(10)
  })

  test('never answers holds up nobody', async () => {
    const one = await scene({ ranges: () => new Promise<Uint8Array>(() => undefined) })
    await expectTold(one)
    expect(one.asked()).toBeGreaterThan(0)
    await one.node.stop()
  })

  test('answers more than a message may hold is left', async () => {
    const one = await scene({ ranges: () => new Uint8Array(rangeMessageBytesMax + 1) })
    await expectTold(one)
    expect(one.asked()).toBeGreaterThan(0)
  })

  test('hides a record that it has keeps nobody from it', async () => {
    const one = await scene({ ranges: () => encodeRangeAnswer(new Uint8Array()) })
    await expectTold(one)
    expect(one.asked()).toBeGreaterThan(0)
  })
})

describe('a neighbour that, asked for what it said it has,', () => {
  /** It says that it has what the honest neighbour has, and more. */
  async function saying(wants: Serve): Promise<Scene> {
    const one: Scene = await scene({
      ranges: bytes => must(answerRanges(claimed, bytes, filled(16, 1))).bytes,
      wants,
    })
    const claimed = createRangeIndex()
    for (const record of one.told) claimed.add(rest + record.envelope.t, record.id)
    return one
  }

  test('has none of it does not make the node believe that nobody has', async () => {
    const one = await saying(() => encodeRecordPage({ records: [] }))
    await expectTold(one)
    expect(one.asked()).toBeGreaterThan(1)
  })

  test('sends bad records is believed nothing more in that session', async () => {
    const bad = filled(200, 7)
    const one = await saying(() => encodeRecordPage({ records: Array.from({ length: 20 }, () => bad) }))
    await expectTold(one)
    const { malformed = 0 } = one.node.node.status().rejected
    expect(malformed).toBeGreaterThan(0)
    expect(malformed).toBeLessThanOrEqual(one.asked() / 2)
  })

  test('floods the node with what it knows, page after page, is cut off', async () => {
    let place = rest
    const one = await saying(() => {
      const records = one.hostile.chain.map(({ bytes }) => bytes)
      return encodeRecordPage({ records, next: boundAt(++place) })
    })
    await expectTold(one)
    expect(one.asked()).toBeGreaterThan(rangePagesMax)
    const sessions = 9
    expect(one.asked()).toBeLessThanOrEqual(sessions * (rangePagesMax + rangeRoundsMax))
  })

  test('goes on elsewhere is left', async () => {
    const one = await saying(() => encodeRecordPage({ records: [], next: boundAt(3) }))
    await expectTold(one)
    expect(one.asked()).toBeLessThanOrEqual(12)
  })
})

describe('a neighbour that gives', () => {
  test('more than its share is told to stop, and fills no memory', async () => {
    const { world, node, hostile, honest, told } = await scene({})
    const { given } = streamsOf(hostile.swarm)
    const give = async (bytes: Uint8Array) => {
      const { signal } = new AbortController()
      return hostile.link.network.request(node.home.self, given, bytes, { maxBytes: 32, signal })
    }
    const many = Array.from({ length: 2_600 }, (_, n) =>
      opaqueRecord(hostile.pair, hostile.swarm, world.nowS, { n }),
    )
    const byId = new Map(many.map(({ id, bytes }) => [id, bytes]))
    let taken = 0
    let offered = 0
    for (const page of pagesOf(byId.keys(), id => byId.get(id))) {
      taken += must(decodeTaken(await give(page.bytes)))
      offered += page.records
    }
    expect(offered).toBe(2_600)
    // The burst of one neighbour (protocol.md, "Gossip"), and no second passes here.
    expect(taken).toBe(2_000)
    expect(node.node.status().rejected.busy).toBeGreaterThan(0)
    expect(node.home.records).toBeLessThanOrEqual(2 + 256)
    expect(taken - node.home.records).toBeGreaterThan(waitingPerAuthorMax / 2)
    honest.holds(...told)
    await world.pass(3 * minute)
    expect(node.home.records).toBe(2 + 256 + told.length)
  })

  test('a bad record, or too much at once, is refused', async () => {
    const { node, hostile } = await scene({})
    const { given } = streamsOf(hostile.swarm)
    const give = async (records: readonly Uint8Array[]) => {
      const { signal } = new AbortController()
      const page = encodeRecordPage({ records })
      return hostile.link.network.request(node.home.self, given, page, { maxBytes: 32, signal })
    }
    await expect(give([filled(100, 3), filled(100, 4)])).rejects.toThrow('bad record')
    await expect(give(Array.from({ length: 257 }, () => filled(9, 1)))).rejects.toThrow('cannot be read')
    await expect(give(Array.from({ length: 200 }, () => filled(400, 1)))).rejects.toThrow('too large')
    expect(node.node.status().rejected).toEqual({ malformed: 1 })
  })
})

describe('who comes late', () => {
  test('has at once what was published a moment ago, though nobody gossips it again', async () => {
    const world = new VirtualWorld()
    const [a] = await world.swarm(1)
    if (a === undefined) return
    const late = await world.node()
    const { text } = must(await a.node.invite({}))
    const { cid } = must(await a.node.addEntry(lesson('The lift is stuck.')))
    world.network.gossip = 'lose'
    must(await late.node.join(text))
    await world.settle()
    expect(await late.isKept(cid)).toBe(true)
  })

  test('gives what it wrote alone, and it spreads from there', async () => {
    const world = new VirtualWorld()
    const [a, b, c] = await world.swarm(2)
    if (a === undefined || b === undefined || c === undefined) return
    await world.pass(10_000)
    world.network.gossip = 'lose'
    const { cid } = must(await b.node.addEntry(lesson('Written alone.', { swarm: a.home.id })))
    await world.pass(4 * minute)
    expect(await a.isKept(cid)).toBe(true)
    expect(await c.isKept(cid)).toBe(true)
  })
})
