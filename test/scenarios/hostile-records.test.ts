/** Records that are not what they should be, from a peer inside the network: each is counted, none is believed. */

import { afterEach, describe, expect, it } from 'vitest'
import { concat } from '../../crypto/bytes.ts'
import { keyPairFromSeed } from '../../crypto/keys.ts'
import { signRecord } from '../../protocol/envelope.ts'
import { topicsOf } from '../../protocol/swarm.ts'
import type { SwarmId } from '../../protocol/types.ts'
import { junk, nowS, type RawPeer, rawPeer } from './raw-peer.ts'
import {
  allKept,
  endAll,
  isKept,
  lastingStore,
  lesson,
  must,
  recalled,
  startedNode,
  swarmOf,
  type TestNode,
  until,
  untilKept,
} from './real-nodes.ts'

afterEach(endAll)

function rejected(node: TestNode, reason: string): number {
  return node.node.status().rejected[reason] ?? 0
}

/** The node still does what a node does. */
async function expectUnharmed(node: TestNode, honest: RawPeer, situation = 'The printer on floor 3 jams.') {
  const { cid } = await honest.publish(situation)
  await untilKept(node, cid)
  expect((await recalled(node, situation)).map(item => item.cid)).toContain(cid)
}

describe('a record that is refused', () => {
  /** `sig` is the third key: behind the map's head, `t`, `v` and its own name and head. */
  const flipped = (bytes: Uint8Array): Uint8Array => {
    const copy = new Uint8Array(bytes)
    copy[20] = (copy[20] ?? 0) ^ 1
    return copy
  }
  const cases: readonly {
    name: string
    reason: string
    make: (peer: RawPeer) => Uint8Array | Promise<Uint8Array>
  }[] = [
    {
      name: 'truncated',
      reason: 'malformed',
      make: async peer => (await peer.written('A situation.')).digest.bytes.subarray(0, 200),
    },
    // By chance noise begins like CBOR in another form; never where it begins with the end of what had no beginning.
    { name: 'noise', reason: 'malformed', make: () => concat(Uint8Array.of(0xff), junk(299)) },
    { name: 'oversize', reason: 'too-large', make: () => junk(481) },
    {
      name: 'not canonical',
      reason: 'non-canonical',
      // The first two keys of the map, `t` (with a time of four bytes) and `v`, in the other order.
      make: peer => {
        const bytes = peer.signRaw({})
        return concat(bytes.subarray(0, 1), bytes.subarray(8, 11), bytes.subarray(1, 8), bytes.subarray(11))
      },
    },
    { name: 'wrongly signed', reason: 'bad-signature', make: peer => flipped(peer.signRaw({})) },
    {
      name: 'in another’s name',
      reason: 'bad-signature',
      make: peer => peer.signRaw({ author: keyPairFromSeed(junk(32)).publicKey }),
    },
    {
      name: 'of another swarm',
      reason: 'foreign-swarm',
      make: peer => {
        const body = { before: nowS() }
        const swarm = 'cd'.repeat(32) as SwarmId
        return signRecord({ swarm, kind: 'retract', t: nowS(), body }, peer.pair).bytes
      },
    },
    { name: 'with a field too many', reason: 'bad-shape', make: peer => peer.signRaw({ extra: 1 }) },
    {
      name: 'with a body that breaks its kind',
      reason: 'bad-body',
      make: peer => peer.signRaw({ body: -1 }),
    },
    { name: 'of a later version', reason: 'unknown-version', make: peer => peer.signRaw({ v: 2 }) },
    {
      name: 'dated too far ahead',
      reason: 'future',
      make: peer => peer.sign({ kind: 'retract', body: { before: nowS() } }, nowS() + 1_000).bytes,
    },
  ]

  it('is counted by its reason, and leaves no trace', async () => {
    const node = await startedNode()
    const records = node.home.records
    for (const { name, reason, make } of cases) {
      const peer = await rawPeer(node, { member: false })
      const before = rejected(node, reason)
      await peer.say(await make(peer))
      await until(`a record that is ${name} is counted`, () => rejected(node, reason) > before)
      await peer.link.close()
    }
    expect(node.home.records).toBe(records)
    expect(await allKept(node)).toEqual([])
    await expectUnharmed(node, await rawPeer(node))
  })
})

it('a peer that sends junk loses its standing and is sent away; its key does not come back at once', async () => {
  const node = await startedNode()
  const rude = await rawPeer(node)
  const honest = await rawPeer(node)
  for (let i = 0; i < 6; i++) await rude.link.network.publish(rude.commonTopic, junk(200))
  await until('it is sent away', () => !rude.link.network.peers().includes(node.home.self))
  const again = rude.link.network.dial(node.home.addresses, AbortSignal.timeout(2_000))
  await again.catch(() => undefined)
  await until('it stays away', () => !rude.link.network.peers().includes(node.home.self))
  expect(node.home.peers).toBe(1)
  await expectUnharmed(node, honest)
  const findings = await node.node.doctor()
  expect(findings.find(finding => finding.check === 'hostile records')).toMatchObject({ level: 'warn' })
})

it('a peer whose clock is wrong is set aside, and not punished', async () => {
  const node = await startedNode()
  const peer = await rawPeer(node)
  for (let i = 0; i < 10; i++) {
    const early = await peer.written(`Early ${i}`, { t: nowS() + 2_000 + i })
    await peer.tell(early.digest)
  }
  await until('all are counted', () => rejected(node, 'future') === 10)
  await expectUnharmed(node, peer)
})

it('records of who is no member wait, and count from the moment its member record comes', async () => {
  const node = await startedNode()
  const peer = await rawPeer(node, { member: false })
  const early = await peer.publish('The label printer prints blank labels.')
  await until('it is counted', () => rejected(node, 'not-member') === 1)
  expect(await isKept(node, early.cid)).toBe(false)
  expect(node.home.records).toBe(0)
  await peer.redeem()
  await untilKept(node, early.cid)
  expect(node.home.records).toBe(2)
})

it('what waited for a member record takes effect after a restart, too', async () => {
  const node = await startedNode()
  const peer = await rawPeer(node, { member: false })
  const early = await peer.publish('The label printer prints blank labels.')
  await until('it is counted', () => rejected(node, 'not-member') === 1)
  await node.restart()
  await peer.dial(node)
  await peer.redeem()
  await untilKept(node, early.cid)
})

it('a flood of records of who is no member takes a bounded place on the disk', async () => {
  const openStore = lastingStore()
  const node = await startedNode({ openStore })
  const rows = async (): Promise<number> => {
    let count = 0
    for await (const _ of (await openStore()).entries({ prefix: 'record/' })) count++
    return count
  }
  const peer = await rawPeer(node, { member: false })
  const said = 1_300
  const start = nowS()
  for (let i = 0; i < said; i++) {
    await peer.tell(peer.sign({ kind: 'retract', body: { before: start - i } }, start - (i % 300)))
  }
  await until('all are counted', () => rejected(node, 'not-member') === said)
  // 64 of one author may wait; the rows of those that do not are swept when there are a thousand.
  expect(await rows()).toBeLessThanOrEqual(1_100)
  await node.restart()
  expect(await rows()).toBeLessThanOrEqual(64)
  await peer.dial(node)
  await peer.redeem()
  // Of the retractions that still wait, the one that reaches furthest counts, once their author is a member.
  await until('its membership counts', () => node.home.records === 2)
})

it('a record replayed by anyone changes nothing, and a retracted entry stays gone', async () => {
  const [a, b] = await swarmOf(1)
  if (a === undefined || b === undefined) return
  const { cid } = must(await a.node.addEntry(lesson('The lift is stuck.', 'Press reset.')))
  await untilKept(b, cid)
  const old = await rawPeer(a)
  await old.dial(b)
  const other = must(await a.node.addEntry(lesson('The door is stuck.', 'Push.')))
  await until('the old peer heard a digest', () => old.heard.length > 0)
  await untilKept(b, other.cid)
  must(await a.node.retract(other.cid))
  await until('it is gone from B', async () => !(await isKept(b, other.cid)))
  const records = b.viewOf(a.home).records
  // Its own block, the old digest, again and again: as a peer does that was away during the retraction.
  const heard = [...old.heard]
  await b.restart()
  await old.dial(b)
  for (const bytes of heard) {
    for (const topic of topicsOf(old.swarm, 1)) await old.link.network.publish(topic, bytes)
  }
  const marker = await old.publish('A marker.')
  await untilKept(b, marker.cid)
  expect(await isKept(b, other.cid)).toBe(false)
  // The marker and the old peer's membership are new, and nothing else.
  expect(b.viewOf(a.home).records).toBeLessThanOrEqual(records + 2)
})

it('a record of an unknown kind is kept and passed on as it is', async () => {
  const [a, b] = await swarmOf(1)
  if (a === undefined || b === undefined) return
  const teller = await rawPeer(a)
  await until('B knows the teller', () => b.viewOf(a.home).members === 3)
  const records = b.viewOf(a.home).records
  await teller.say(teller.signRaw({ kind: 'song', body: { v: 2, verse: 'la' } }))
  await teller.say(teller.signRaw({ kind: 'digest', body: { v: 7, what: 'later' } }))
  await until('B holds both', () => b.viewOf(a.home).records === records + 2)
  const late = await startedNode()
  must(await late.node.join(must(await a.node.invite({})).text))
  await until('who comes later gets them', () => late.viewOf(a.home).records === a.home.records)
})

it('a retraction by somebody else than the author takes nothing back', async () => {
  const node = await startedNode()
  const author = await rawPeer(node)
  const rival = await rawPeer(node)
  const { cid } = await author.publish('The scanner reads twice.')
  await untilKept(node, cid)
  await rival.tell(rival.sign({ kind: 'retract', body: { cid } }))
  await rival.tell(rival.sign({ kind: 'retract', body: { before: nowS() } }))
  await expectUnharmed(node, rival)
  expect(await isKept(node, cid)).toBe(true)
})

it('all of an author’s entries before a time go with one retraction', async () => {
  const node = await startedNode()
  const author = await rawPeer(node)
  const first = await author.publish('First of two.', { t: nowS() - 50 })
  const second = await author.publish('Second of two.', { t: nowS() })
  await untilKept(node, first.cid)
  await untilKept(node, second.cid)
  await author.tell(author.sign({ kind: 'retract', body: { before: nowS() - 20 } }))
  await until('the first is gone', async () => !(await isKept(node, first.cid)))
  expect(await isKept(node, second.cid)).toBe(true)
})
