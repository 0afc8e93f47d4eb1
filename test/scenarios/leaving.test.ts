/** What is taken back is served no more: bitswap asks for the block at every node that had it, and gets nothing. */

import { afterEach, expect, it } from 'vitest'
import type { EntryCid, PeerId } from '../../protocol/types.ts'
import { nowS, type RawPeer, rawPeer } from './raw-peer.ts'
import { endAll, isKept, lesson, must, startedNode, swarmOf, until, untilKept } from './real-nodes.ts'

afterEach(endAll)

/** The block as a stranger to it gets it, by bitswap. */
async function served(asker: RawPeer, cid: EntryCid, peer: PeerId): Promise<boolean> {
  const options = { providers: [{ peer }], maxBytes: 4_096, signal: AbortSignal.timeout(2_000) }
  try {
    await asker.link.blocks.fetch(cid, options)
    return true
  } catch {
    return false
  }
}

it('a retracted block is served no more by its author nor by peers, one by one or all before a time', async () => {
  const [a, b] = await swarmOf(1)
  if (a === undefined || b === undefined) return
  const one = must(await a.node.addEntry(lesson('The lift is stuck.', 'Press reset.')))
  const other = must(await a.node.addEntry(lesson('The door is stuck.', 'Push.')))
  for (const { cid } of [one, other]) await untilKept(b, cid)
  const asker = await rawPeer(a)
  await asker.dial(b)
  const selves = [a.home.self, b.selfIn(a.home)]
  for (const self of selves) expect(await served(asker, one.cid, self)).toBe(true)

  must(await a.node.retract(one.cid))
  await until('it is gone from B', async () => !(await isKept(b, one.cid)))
  for (const self of selves) expect(await served(asker, one.cid, self)).toBe(false)
  for (const self of selves) expect(await served(asker, other.cid, self)).toBe(true)

  await until('a second is over', () => nowS() > other.entry.created)
  expect(must(await a.node.retractBefore(nowS()))).toEqual({ swarms: 1, entries: 1 })
  await until('it is gone from B', async () => !(await isKept(b, other.cid)))
  const late = await startedNode()
  must(await late.node.join(must(await a.node.invite({})).text))
  await until('who comes late holds the same', () => late.viewOf(a.home).records === a.home.records)
  for (const self of selves) expect(await served(asker, other.cid, self)).toBe(false)
  for (const { cid } of [one, other]) expect(await isKept(late, cid)).toBe(false)
})
