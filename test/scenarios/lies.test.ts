/** Members that lie about what others made. */

import { afterEach, expect, it } from 'vitest'
import { rawPeer } from './raw-peer.ts'
import { allKept, endAll, isKept, must, startedNode, until, untilKept } from './real-nodes.ts'

afterEach(endAll)

it('a retraction holds although another member announces the same entry, and that counts against the other', async () => {
  const node = await startedNode()
  const author = await rawPeer(node)
  const mallory = await rawPeer(node)
  const { cid, digest } = await author.publish('The printer on floor 3 jams.')
  await untilKept(node, cid)
  await mallory.tell(mallory.sign({ kind: 'digest', body: { ...digest.envelope.body } }))
  const hurtOf = async () => must(await node.node.peer(mallory.self)).evidence.hurt
  await until('the lie has counted', async () => (await hurtOf()) > 0)
  expect(await isKept(node, cid)).toBe(true)
  await author.tell(author.sign({ kind: 'retract', body: { cid } }))
  await until('it is gone', async () => !(await isKept(node, cid)))
})

it('an entry stays when another member takes back its own announcement of it', async () => {
  const node = await startedNode()
  const author = await rawPeer(node)
  const mallory = await rawPeer(node)
  const { cid, digest } = await author.publish('The printer on floor 3 jams.')
  await untilKept(node, cid)
  await mallory.tell(mallory.sign({ kind: 'digest', body: { ...digest.envelope.body } }))
  const records = () => node.node.swarms()[0]?.records ?? 0
  const before = records()
  await mallory.tell(mallory.sign({ kind: 'retract', body: { cid } }))
  await until('the retraction is here', () => records() >= before)
  const marker = await author.publish('The printer on floor 4 jams.')
  await untilKept(node, marker.cid)
  expect(await isKept(node, cid)).toBe(true)
})

it('a sketch of another length than its space has is refused, and counts against its author', async () => {
  const node = await startedNode()
  const peer = await rawPeer(node)
  await peer.publish('The printer on floor 3 jams.', { lie: { sketch: new Uint8Array(1) } })
  await until('the lie has counted', async () => must(await node.node.peer(peer.self)).evidence.hurt > 0)
  expect(await allKept(node)).toEqual([])
})

it('two redemptions of one invitation at once open its swarm once', async () => {
  const host = await startedNode()
  const guest = await startedNode()
  const { text } = must(await host.node.invite({ uses: 3 }))
  const joined = await Promise.all([guest.node.join(text), guest.node.join(text), guest.node.join(text)])
  expect(joined.filter(one => one.ok)).toHaveLength(1)
  expect(joined.flatMap(one => (one.ok ? [] : [one.code]))).toEqual(['already-member', 'already-member'])
  expect(guest.node.swarms()).toHaveLength(2)
})
