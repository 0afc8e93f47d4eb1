/** Entries that are not what their digest says, or that nobody delivers: who lied pays for it, and the rest goes on. */

import { afterEach, describe, expect, it } from 'vitest'
import { swarmOpener } from '../../node/adapters/libp2p.ts'
import type { OpenSwarm } from '../../node/ports.ts'
import { encodeCanonical } from '../../protocol/cbor.ts'
import type { DigestBody, Entry } from '../../protocol/types.ts'
import { cidOfBytes, junk, nowS, rawPeer } from './raw-peer.ts'
import {
  allKept,
  endAll,
  isKept,
  lesson,
  loopback,
  must,
  recalled,
  startedNode,
  swarmOf,
  until,
  untilKept,
} from './real-nodes.ts'

afterEach(endAll)

describe('a digest that its entry does not match', () => {
  const lies: readonly { name: string; lie?: Partial<DigestBody>; entry?: Partial<Entry> }[] = [
    { name: 'its size', lie: { size: 4_000 } },
    { name: 'its size, told too small', lie: { size: 50 } },
    { name: 'its time', lie: { created: nowS() - 86_400 } },
    { name: 'its end', lie: { expires: Math.floor(nowS() / 86_400) + 10 } },
    { name: 'what it replaces', lie: { supersedes: cidOfBytes(junk(8)) } },
    { name: 'its sketch', lie: { sketch: junk(48) } },
  ]

  it('counts against its author, once, and the entry is not kept', async () => {
    const node = await startedNode()
    for (const { name, lie = {} } of lies) {
      const liar = await rawPeer(node)
      const { cid } = await liar.publish(`A lie about ${name}.`, { lie })
      const hurt = async (): Promise<number> => must(await node.node.peer(liar.self)).evidence.hurt
      await until(`a lie about ${name} is found out`, async () => (await hurt()) > 0)
      expect(await hurt(), name).toBe(1)
      await until(`what lies about ${name} is dropped`, async () => !(await isKept(node, cid)))
      await liar.link.close()
    }
    expect(await allKept(node)).toEqual([])
    expect(node.node.status().fetch).toEqual({ waiting: 0, failed: 0 })
  })

  it('counts against the author, and not against who passed it on', async () => {
    const [a, b] = await swarmOf(1)
    if (a === undefined || b === undefined) return
    const liar = await rawPeer(a)
    await liar.dial(b)
    await liar.publish('A lie about size.', { lie: { size: 4_000 } })
    await until('B has found it out', async () => {
      const peer = await b.node.peer(liar.self)
      return peer.ok && peer.value.evidence.hurt === 1
    })
    expect(must(await b.node.peer(a.home.self)).evidence).toEqual({ helped: 0, hurt: 0 })
    expect(must(await b.node.peer(a.home.self))).toMatchObject({ connected: true, tier: 'trusted' })
  })

  it('that names another’s entry hurts its own author alone, and does not keep the entry out', async () => {
    const node = await startedNode()
    const honest = await rawPeer(node)
    const thief = await rawPeer(node)
    const { cid, bytes, digest } = await honest.written('The gate does not open.')
    honest.blocks.set(cid, bytes)
    const { body } = digest.envelope
    for (const size of [body.size, body.size + 1, 60]) {
      await thief.tell(thief.sign({ kind: 'digest', body: { ...body, size } }))
    }
    await until(
      'the thief is found out',
      async () => must(await node.node.peer(thief.self)).evidence.hurt >= 3,
    )
    await honest.tell(digest)
    await untilKept(node, cid)
    expect(must(await node.node.entry(cid)).evidence).toEqual({ helped: 0, hurt: 0 })
    expect(must(await node.node.peer(honest.self)).evidence).toEqual({ helped: 0, hurt: 0 })
    expect((await recalled(node, 'The gate does not open.'))[0]?.cid).toBe(cid)
  })
})

it('bytes that are no entry, and entries of a later version, are not kept', async () => {
  const node = await startedNode()
  const author = await rawPeer(node)
  const { digest } = await author.written('For its digest.')
  for (const bytes of [junk(500), encodeCanonical({ v: 2, later: true }), encodeCanonical({ v: 1 })]) {
    const cid = cidOfBytes(bytes)
    author.blocks.set(cid, bytes)
    await author.tell(
      author.sign({ kind: 'digest', body: { ...digest.envelope.body, cid, size: bytes.length } }),
    )
  }
  await until('all are judged', async () => must(await node.node.peer(author.self)).evidence.hurt === 3)
  expect(await allKept(node)).toEqual([])
})

it('an entry that never comes holds up no other', async () => {
  const node = await startedNode({ config: { fetchDeadlineMs: 600, fetchConcurrency: 2 } })
  const author = await rawPeer(node)
  const { digest } = await author.written('For its digest.')
  for (let i = 0; i < 6; i++) {
    const body = { ...digest.envelope.body, cid: cidOfBytes(junk(16)), size: 300 }
    await author.tell(author.sign({ kind: 'digest', body }))
  }
  const real = await author.publish('It works after all.')
  await untilKept(node, real.cid)
  await until('all others are given up for now', () => node.node.status().fetch.failed === 6)
  expect(await allKept(node)).toEqual([real.cid])
  expect((await node.node.doctor()).find(finding => finding.check === 'fetch')).toMatchObject({
    level: 'warn',
  })
})

it('an entry over the limit of the protocol counts against its author, and holds up no other', async () => {
  const node = await startedNode()
  const honest = await rawPeer(node)
  const { digest } = await honest.written('For its digest.')
  for (const size of [4_097, 20_000, 200_000]) {
    const author = await rawPeer(node)
    const large = junk(size)
    const cid = cidOfBytes(large)
    author.blocks.set(cid, large)
    await author.tell(author.sign({ kind: 'digest', body: { ...digest.envelope.body, cid, size: 4_096 } }))
    const evidence = async () => must(await node.node.peer(author.self)).evidence
    await until(`${size} bytes are found out`, async () => (await evidence()).hurt > 0)
    expect(await evidence()).toEqual({ helped: 0, hurt: 1 })
    await author.link.close()
  }
  const real = await honest.publish('It works after all.')
  await untilKept(node, real.cid)
  expect(await allKept(node)).toEqual([real.cid])
  expect(node.node.status().fetch).toEqual({ waiting: 0, failed: 0 })
})

it('an entry whose announcer does not have it comes from another peer that has', async () => {
  const node = await startedNode({ config: { fetchDeadlineMs: 10_000 } })
  const author = await rawPeer(node)
  const other = await rawPeer(node)
  const { cid, bytes, digest } = await author.written('The author is gone.')
  other.blocks.set(cid, bytes)
  await author.tell(digest)
  await untilKept(node, cid)
})

it('what could not be fetched is fetched when a peer comes up that has it', async () => {
  const node = await startedNode()
  const teller = await rawPeer(node)
  const author = await rawPeer(node, { connect: false })
  const { cid, bytes, digest } = await teller.written('It is far away.')
  await teller.tell(digest)
  await until('it cannot be fetched', () => node.node.status().fetch.failed === 1)
  author.blocks.set(cid, bytes)
  await author.dial(node)
  await untilKept(node, cid)
  expect(node.node.status().fetch).toEqual({ waiting: 0, failed: 0 })
})

it('a lesson reaches a node that is not connected to its author', async () => {
  // Without what would make the two guests meet.
  const openReal = swarmOpener({ listen: loopback, mdns: false, dht: false }, () => undefined)
  const openSwarm: OpenSwarm = async options => {
    const { network, blocks, close } = await openReal(options)
    return { network, blocks, close }
  }
  const [a, b, c] = await swarmOf(2, { ports: { openSwarm } })
  if (a === undefined || b === undefined || c === undefined) return
  const { cid } = must(await b.node.addEntry(lesson('Two hops.', 'Walk them.', { swarm: a.home.id })))
  await untilKept(c, cid)
  expect(c.viewOf(a.home).peers).toBe(1)
})
