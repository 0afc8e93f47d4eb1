/** What a node missed while it was away, and peers that answer with nonsense when asked for it. */

import { afterEach, describe, expect, it } from 'vitest'
import { encodePage } from '../../protocol/records-page.ts'
import { streamsOf } from '../../protocol/swarm.ts'
import type { RecordId } from '../../protocol/types.ts'
import { junk, nowS, rawPeer } from './raw-peer.ts'
import { allKept, endAll, lesson, letIn, must, startedNode, swarmOf, until, untilKept } from './real-nodes.ts'

afterEach(endAll)

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
  // More than may wait for a member record, which stands somewhere among them in the order of ids.
  for (let i = 0; i < 200; i++) await author.tell(author.signOpaque(i))
  await until('the founder holds them', () => founder.home.records === 201)
  const late = await startedNode()
  await letIn(founder, late)
  await until('who comes late holds them', () => late.viewOf(founder.home).records === 202)
  await late.restart()
  expect(late.viewOf(founder.home).records).toBe(202)
})

describe('a peer that answers for its records', () => {
  async function withAnswers(answer: (turn: number) => Uint8Array | Promise<Uint8Array>) {
    const node = await startedNode()
    const peer = await rawPeer(node, { connect: false })
    let asked = 0
    peer.link.network.serve(streamsOf(peer.swarm).records, { maxBytes: 200, perPeer: 4 }, async () =>
      answer(asked++),
    )
    peer.serveHello()
    await peer.dial(node)
    await peer.redeem()
    return { node, peer, asked: () => asked }
  }

  it('with garbage does no harm', async () => {
    const { node, peer, asked } = await withAnswers(() => junk(300))
    await until('it was asked', () => asked() > 0)
    const { cid } = await peer.publish('All is well.')
    await untilKept(node, cid)
  })

  it('with bad records is asked for no more of them', async () => {
    const next = (turn: number): RecordId => turn.toString(16).padStart(64, '0') as RecordId
    const { node, peer, asked } = await withAnswers(turn =>
      encodePage({ same: false, records: [junk(200)], next: next(turn + 1) }),
    )
    await until('it was asked', () => asked() > 0)
    const { cid } = await peer.publish('All is well.')
    await untilKept(node, cid)
    // Once at each greeting, and never a second page.
    expect(asked()).toBeLessThanOrEqual(4)
    await until('each is counted', () => node.node.status().rejected.malformed === asked())
  })

  it('in circles is left', async () => {
    const next = 'ab'.repeat(32) as RecordId
    const { node, peer, asked } = await withAnswers(() => encodePage({ same: false, records: [], next }))
    await until('it was asked', () => asked() >= 2)
    const { cid } = await peer.publish('All is well.')
    await untilKept(node, cid)
    // Two pages at each of two greetings at most.
    expect(asked()).toBeLessThanOrEqual(4)
  })

  it('without an end does not keep the node from working, nor from stopping', async () => {
    const next = (turn: number): RecordId => turn.toString(16).padStart(64, '0') as RecordId
    const { node, peer, asked } = await withAnswers(turn =>
      encodePage({ same: false, records: [], next: next(turn + 1) }),
    )
    await until('it was asked', () => asked() > 5)
    const { cid } = await peer.publish('All is well.')
    await untilKept(node, cid)
    await node.stop()
  })

  it('never does not keep the node from working, nor from stopping', async () => {
    const { node, peer, asked } = await withAnswers(() => new Promise<Uint8Array>(() => undefined))
    await until('it was asked', () => asked() > 0)
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
