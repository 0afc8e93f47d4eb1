/** What a node missed while it was away, and peers that answer with nonsense when asked for it. */

import { afterEach, describe, expect, it } from 'vitest'
import { rangeMessageBytesMax } from '../../protocol/limits.ts'
import { boundAt } from '../../protocol/range/bound.ts'
import { encodeRangeAnswer } from '../../protocol/range/messages.ts'
import { encodeRecordPage } from '../../protocol/range/page-messages.ts'
import { packSegments } from '../../protocol/range/segments.ts'
import { streamsOf } from '../../protocol/swarm.ts'
import { junk, nowS, rawPeer } from './raw-peer.ts'
import { allKept, endAll, lesson, letIn, must, startedNode, swarmOf, until, untilKept } from './real-nodes.ts'

afterEach(endAll)

/** Where all but members and retractions stand. */
const rest = 2 ** 32

it('a node that was away gets from another neighbour what was published meanwhile', async () => {
  const [a, b, c] = await swarmOf(2, { dht: true })
  if (a === undefined || b === undefined || c === undefined) return
  const before = must(await b.node.addEntry(lesson('Before it left.', 'Do one.', { swarm: a.home.id })))
  await untilKept(c, before.cid)
  await c.stop()
  const meanwhile = must(await b.node.addEntry(lesson('While it was away.', 'Do two.', { swarm: a.home.id })))
  await untilKept(a, meanwhile.cid)
  const addresses = b.viewOf(a.home).addresses
  expect(addresses).not.toEqual([])
  await b.stop()
  must(await a.node.retract(must(await a.node.addEntry(lesson('Soon retracted.', 'Forget it.'))).cid))
  await c.load()
  await c.node.start()
  await untilKept(c, meanwhile.cid)
  await until('C holds what A holds', () => c.viewOf(a.home).records === a.home.records)
  expect(await allKept(c)).toContain(before.cid)
})

it('an author’s many records all come, whichever comes first: they, or what makes it a member', async () => {
  const founder = await startedNode()
  const author = await rawPeer(founder)
  // More than may wait for a member record, which comes first.
  for (let i = 0; i < 200; i++) await author.tell(author.signOpaque(i))
  await until('the founder holds them', () => founder.home.records === 201)
  const late = await startedNode()
  await letIn(founder, late)
  await until('who comes late holds them', () => late.viewOf(founder.home).records === 202)
  await late.restart()
  expect(late.viewOf(founder.home).records).toBe(202)
})

describe('a peer that says how its set differs', () => {
  /** `asked`: how often it was asked to compare. It says that it has all that there is, and `pages` are its answers. */
  async function withAnswers(
    answer: (turn: number) => Uint8Array | Promise<Uint8Array>,
    page: (turn: number) => Uint8Array = () => encodeRecordPage({ records: [] }),
  ) {
    const node = await startedNode()
    const peer = await rawPeer(node, { connect: false })
    const asked = { ranges: 0, wants: 0 }
    const options = { maxBytes: rangeMessageBytesMax, perPeer: 4 }
    const { ranges, wants } = streamsOf(peer.swarm)
    peer.link.network.serve(ranges, options, async () => answer(asked.ranges++))
    peer.link.network.serve(wants, options, async () => page(asked.wants++))
    peer.serveHello()
    await peer.dial(node)
    await peer.redeem()
    return { node, peer, asked }
  }
  const sum = new Uint8Array(8)
  /** Not the same, whatever is asked: of this range it gives the sum. */
  const differs = () =>
    encodeRangeAnswer(packSegments([{ from: boundAt(rest), to: boundAt(rest + 1), mode: 'sum', sum }]))

  it('with garbage does no harm', async () => {
    const { node, peer, asked } = await withAnswers(() => junk(300))
    await until('it was asked', () => asked.ranges > 0)
    const { cid } = await peer.publish('All is well.')
    await untilKept(node, cid)
  })

  it('and sends bad records is asked for no more of them', async () => {
    // Of random bytes it is not certain in what they are bad.
    const bad = new Uint8Array(200).fill(0xff)
    const { node, peer, asked } = await withAnswers(differs, () => encodeRecordPage({ records: [bad, bad] }))
    await until('it was asked', () => asked.wants > 0)
    const { cid } = await peer.publish('All is well.')
    await untilKept(node, cid)
    await until('one of each page is counted', () => node.node.status().rejected.malformed === asked.wants)
    // Once at each greeting, and never a second page.
    expect(asked.wants).toBeLessThanOrEqual(4)
  })

  it('and sends pages in circles is left', async () => {
    const { node, peer, asked } = await withAnswers(differs, () =>
      encodeRecordPage({ records: [], next: boundAt(5) }),
    )
    await until('it was asked', () => asked.wants >= 1)
    const { cid } = await peer.publish('All is well.')
    await untilKept(node, cid)
    expect(asked.wants).toBeLessThanOrEqual(4)
  })

  it('and sends pages without an end does not keep the node from working, nor from stopping', async () => {
    const prefix = (turn: number) => Uint8Array.of(turn >> 16, turn >> 8, (turn & 255) | 1)
    const { node, peer, asked } = await withAnswers(differs, turn =>
      encodeRecordPage({ records: [], next: boundAt(rest, prefix(2 * turn)) }),
    )
    await until('it was asked', () => asked.wants > 5)
    const { cid } = await peer.publish('All is well.')
    await untilKept(node, cid)
    await node.stop()
  })

  it('never does not keep the node from working, nor from stopping', async () => {
    const { node, peer, asked } = await withAnswers(() => new Promise<Uint8Array>(() => undefined))
    await until('it was asked', () => asked.ranges > 0)
    const { cid } = await peer.publish('All is well.')
    await untilKept(node, cid)
    await node.stop()
  })
})

it('a peer’s odd greetings do no harm', async () => {
  const node = await startedNode()
  const peer = await rawPeer(node, { connect: false })
  let met = 0
  peer.link.network.serve(streamsOf(peer.swarm).hello, { maxBytes: 2_048, perPeer: 4 }, async () => {
    met++
    return junk(100)
  })
  await peer.dial(node)
  await peer.redeem()
  await until('it was greeted', () => met > 0)
  for (const bytes of [junk(0), junk(10), junk(2_000)]) {
    for (const protocol of Object.values(streamsOf(peer.swarm))) {
      await peer.link.network
        .request(node.home.self, protocol, bytes, { maxBytes: 70_000, signal: AbortSignal.timeout(3_000) })
        .catch(() => undefined)
    }
  }
  const { cid } = await peer.publish('All is well.', { t: nowS() })
  await untilKept(node, cid)
})

it('what was published in the moment after a peer connected reaches it, gossip or not', async () => {
  const a = await startedNode()
  const b = await startedNode()
  const { text } = must(await a.node.invite({}))
  const joining = b.node.join(text)
  const added = []
  for (let i = 0; i < 8; i++) added.push(must(await a.node.addEntry(lesson(`Moment ${i}.`, `Act ${i}.`))))
  must(await joining)
  for (const { cid } of added) await untilKept(b, cid)
})
