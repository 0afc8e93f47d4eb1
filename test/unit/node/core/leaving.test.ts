/** What is taken back or forgotten stays away: from late joiners, from old peers, from restored backups, and from the disk. */

import { describe, expect, test } from 'vitest'
import type { Distiller, EntryDraft } from '../../../../node/ports.ts'
import { memberMark, restoreRecord } from '../../../../protocol/envelope.ts'
import { cidOfRecord } from '../../../../protocol/retraction.ts'
import type { EntryCid, MemberRecord, PeerId } from '../../../../protocol/types.ts'
import type { Store } from '../../../../store/ports.ts'
import { recordsOf } from '../../../../store/records.ts'
import { lesson, letIn, must, type VirtualNode, VirtualPeer, VirtualWorld } from '../virtual-nodes.ts'

const minute = 60_000
const day = 86_400_000

/** Keys and values of every row. */
async function rowsOf(store: Store): Promise<ReadonlyMap<string, Uint8Array>> {
  const rows = new Map<string, Uint8Array>()
  for await (const [key, value] of store.entries({ prefix: '' })) rows.set(key, new Uint8Array(value))
  return rows
}

async function holds(node: VirtualNode, text: string): Promise<boolean> {
  for (const value of (await rowsOf(node.store)).values()) if (Buffer.from(value).includes(text)) return true
  return false
}

/** The node's disk becomes what it was: as a backup that is put back does. */
async function restore(node: VirtualNode, backup: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await node.stop()
  for (const key of (await rowsOf(node.store)).keys()) await node.store.batch([{ type: 'del', key }])
  await node.store.batch([...backup].map(([key, value]) => ({ type: 'put', key, value })))
  await node.restart()
}

/** One lesson from all runs that were captured, with what they say in its words. */
const tellsAll: Distiller = {
  id: 'tells-all/1',
  async distil(episodes) {
    if (episodes.length === 0) return []
    const { insight, ...rest } = lesson('The badge reader blinks red.')
    const asked = episodes.map(one => JSON.stringify(one.interactions[0])).toSorted()
    const draft: EntryDraft = {
      ...rest,
      key: 'badge',
      pattern: 'repair',
      insight: { ...insight, detail: `Seen with ${asked.join(' and ')}` },
      context: {},
      support: episodes.map(one => ({ episode: one.id, ask: one.ask, solved: one.outcome?.solved })),
      asksToShare: 2,
      needsSolved: false,
    }
    return [draft]
  },
}

async function run(node: VirtualNode, ask: string): Promise<string> {
  const messages = [
    { role: 'user', content: ask },
    { role: 'assistant', content: 'Done.' },
  ]
  const { episode } = must(await node.node.capture({ messages, outcome: true }))
  await node.node.distil()
  return episode
}

async function entriesOf(node: VirtualNode, status?: 'shared' | 'local') {
  return (await node.node.entries(status === undefined ? {} : { status })).items
}

async function pair(options: ConstructorParameters<typeof VirtualNode>[2] = {}) {
  const world = new VirtualWorld()
  const [author, peer] = await world.swarm(1, options)
  if (author === undefined || peer === undefined) throw new TypeError('a founder and a guest')
  await world.pass(10_000)
  const joining = async (host: VirtualNode, view = author.home) => {
    const late = await world.node()
    await letIn(host, late, view)
    await world.pass(2 * minute)
    return late
  }
  return { world, author, peer, joining }
}

async function memberRecord(node: VirtualNode, member: PeerId): Promise<MemberRecord> {
  for await (const { id, bytes } of recordsOf(node.store, node.home.id, memberMark)) {
    const record = restoreRecord(id, bytes)
    if (record?.type === 'member' && record.envelope.body.member === member) return record
  }
  throw new TypeError('it has let this member in')
}

async function said(author: VirtualNode, situation: string): Promise<EntryCid> {
  return must(await author.node.addEntry(lesson(situation))).cid
}

describe('a retraction', () => {
  test('leaves no row with the entry’s words, here and at a peer', async () => {
    const { world, author, peer } = await pair()
    const cid = await said(author, 'The marmalade reader blinks.')
    await world.pass(minute)
    expect(await holds(author, 'marmalade')).toBe(true)
    expect(await holds(peer, 'marmalade')).toBe(true)
    must(await author.node.retract(cid))
    await world.pass(minute)
    expect(await holds(peer, 'marmalade')).toBe(false)
    expect(await author.isKept(cid)).toBe(false)
    const blocks = [...(await rowsOf(author.store)).keys()].filter(key => key.includes(cid))
    expect(blocks).toEqual([])
  })

  test('reaches who comes later, though a peer that slept through it still holds the entry', async () => {
    const { world, author, peer } = await pair({ invite: { by: 'members', depth: 2 } })
    const view = author.home
    const sleeper = await world.node()
    await letIn(peer, sleeper, view)
    const cid = await said(author, 'The lift is stuck.')
    await world.pass(2 * minute)
    expect(await sleeper.isKept(cid)).toBe(true)
    await sleeper.stop()
    must(await author.node.retract(cid))
    await world.pass(2 * minute)
    await author.stop()
    const late = await world.node()
    await letIn(peer, late, view)
    await world.pass(2 * minute)
    await sleeper.restart()
    await world.pass(5 * minute)
    for (const node of [peer, late, sleeper]) expect(await node.isKept(cid)).toBe(false)
    expect(late.viewOf(view).records).toBe(peer.viewOf(view).records)
  })

  test('by another than the author changes nothing, whatever it says', async () => {
    const { world, author, peer } = await pair()
    const rival = await VirtualPeer.connect(world, author, 210)
    await rival.redeem()
    const cid = await said(author, 'The lift is stuck.')
    await world.pass(minute)
    await rival.tell(rival.sign({ kind: 'retract', body: { cid } }))
    await rival.tell(rival.sign({ kind: 'retract', body: { before: world.nowS } }))
    await world.pass(2 * minute)
    expect(await author.isKept(cid)).toBe(true)
    expect(await peer.isKept(cid)).toBe(true)
  })

  test('holds against a backup from before it, and against new runs that would show the same', async () => {
    const { world, author, peer } = await pair({ ports: { distiller: tellsAll } })
    await run(author, 'Gate one.')
    await run(author, 'Gate two.')
    const [shared] = await entriesOf(author, 'shared')
    if (shared === undefined) throw new TypeError('two asks are shared')
    await world.pass(minute)
    expect(await peer.isKept(shared.cid)).toBe(true)
    const backup = await rowsOf(author.store)
    must(await author.node.retract(shared.cid))
    await world.pass(minute)
    expect([...backup.keys()].some(key => key.includes(shared.cid))).toBe(true)
    await restore(author, backup)
    await world.pass(5 * minute)
    expect(await author.isKept(shared.cid)).toBe(false)
    for (const ask of ['Gate three.', 'Gate four.', 'Gate five.', 'Gate six.']) await run(author, ask)
    await author.restart()
    await world.pass(5 * minute)
    expect(await entriesOf(author)).toEqual([])
    expect(await entriesOf(peer)).toEqual([])
  })

  test('of an entry that was replaced leaves a backup from before it with the one that replaced it', async () => {
    const { world, author, peer } = await pair({ ports: { distiller: tellsAll } })
    await run(author, 'Gate one.')
    await run(author, 'Gate two.')
    await world.pass(minute)
    const backup = await rowsOf(author.store)
    await run(author, 'Gate three.')
    const [successor] = await entriesOf(author, 'shared')
    if (successor === undefined) throw new TypeError('it was replaced')
    await world.pass(minute)
    await restore(author, backup)
    await world.pass(5 * minute)
    await author.restart()
    await world.pass(5 * minute)
    expect((await entriesOf(author)).map(one => one.cid)).toEqual([successor.cid])
    expect((await entriesOf(peer)).map(one => one.cid)).toEqual([successor.cid])
    // It is this node's own still, and can be taken back.
    must(await author.node.retract(successor.cid))
    await world.pass(minute)
    await author.restart()
    await world.pass(minute)
    expect(await entriesOf(author)).toEqual([])
    expect(await entriesOf(peer)).toEqual([])
  })

  test('by who is no member any more still counts', async () => {
    const { world, author, peer } = await pair()
    const view = author.home
    const cid = must(await peer.node.addEntry(lesson('The saw is dull.', { swarm: view.id }))).cid
    await world.pass(minute)
    expect(await author.isKept(cid)).toBe(true)
    const teller = await VirtualPeer.connect(world, author, 211)
    await teller.dial(peer)
    const body = { cid: cidOfRecord((await memberRecord(author, peer.viewOf(view).self)).id) }
    await teller.tell(teller.sign({ kind: 'retract', body }, world.nowS, await author.keyIn(view.id)))
    await world.pass(minute)
    expect(peer.viewOf(view).members).toBe(1)
    must(await peer.node.retract(cid))
    await world.pass(2 * minute)
    expect(await author.isKept(cid)).toBe(false)
  })
})

describe('a retraction of all before a time', () => {
  test('takes back what is shared and what is not, spares what is younger, and reaches late joiners', async () => {
    const { world, author, peer, joining } = await pair({ ports: { distiller: tellsAll } })
    const first = await said(author, 'The marmalade reader blinks.')
    await run(author, 'Gate one.')
    const [local] = await entriesOf(author, 'local')
    await world.pass(10_000)
    const before = world.nowS
    await world.pass(10_000)
    const younger = await said(author, 'The lift is stuck.')
    await world.pass(minute)
    expect(must(await author.node.retractBefore(before))).toEqual({ swarms: 1, entries: 2 })
    await world.pass(minute)
    for (const node of [author, peer, await joining(author)]) {
      expect(await node.isKept(first)).toBe(false)
      expect(await node.isKept(younger)).toBe(true)
    }
    expect(local !== undefined && (await author.isKept(local.cid))).toBe(false)
    await author.restart()
    await run(author, 'Gate two.')
    expect((await entriesOf(author)).map(one => one.cid)).toEqual([younger])
  })

  test('holds for lessons from older runs that a backup would have shared only later', async () => {
    const { world, author, peer } = await pair({ ports: { distiller: tellsAll } })
    await run(author, 'Gate one.')
    const backup = await rowsOf(author.store)
    await run(author, 'Gate two.')
    await world.pass(minute)
    expect(await entriesOf(peer)).toHaveLength(1)
    must(await author.node.retractBefore(world.nowS))
    await world.pass(minute)
    await restore(author, backup)
    // Nothing of it leaves before the node has heard of its own word.
    await world.pass(5 * minute)
    const [draft] = await entriesOf(author)
    if (draft === undefined) throw new TypeError('the backup has it, unshared')
    expect(await author.node.review(draft.cid, 'approve')).toMatchObject({ ok: false, code: 'not-kept' })
    await world.pass(minute)
    expect(await entriesOf(peer)).toEqual([])
    expect(await entriesOf(author)).toEqual([])
  })

  test('of a time to come takes back all there is, of this very second too, and nothing that follows', async () => {
    const { world, author, peer } = await pair()
    await said(author, 'The lift is stuck.')
    await world.pass(minute)
    await said(author, 'The lift hums.')
    expect(must(await author.node.retractBefore(world.nowS + 1_000))).toEqual({ swarms: 1, entries: 2 })
    await world.pass(minute)
    expect(await entriesOf(peer)).toEqual([])
    const cid = await said(author, 'The lift is new.')
    await world.pass(minute)
    expect((await entriesOf(peer)).map(one => one.cid)).toEqual([cid])
  })
})

describe('forgetting', () => {
  test('an episode distils anew what rests on others too: nothing of its words is left', async () => {
    const { world, author, peer } = await pair({ ports: { distiller: tellsAll } })
    await run(author, 'Gate one.')
    const secret = await run(author, 'Gate marmalade.')
    await run(author, 'Gate three.')
    await world.pass(minute)
    expect(await holds(peer, 'marmalade')).toBe(true)
    expect(must(await author.node.forget(secret))).toEqual({ dropped: 0, retracted: 0 })
    await world.pass(2 * minute)
    expect(await holds(author, 'marmalade')).toBe(false)
    expect(await holds(peer, 'marmalade')).toBe(false)
    const [left] = await entriesOf(peer)
    expect(left?.entry.support).toMatchObject({ episodes: 2, asks: 2 })
    expect(left?.entry.insight.detail).toContain('Gate three')
  })

  test('an episode without which too few asks are left takes the lesson back, and keeps it here', async () => {
    const { world, author, peer } = await pair({ ports: { distiller: tellsAll } })
    await run(author, 'Gate one.')
    const second = await run(author, 'Gate two.')
    await world.pass(minute)
    expect(await entriesOf(peer)).toHaveLength(1)
    must(await author.node.forget(second))
    await world.pass(2 * minute)
    expect(await entriesOf(peer)).toEqual([])
    expect(await entriesOf(author, 'local')).toHaveLength(1)
  })

  test('all episodes before a time drops what rested on them alone, also for a restart', async () => {
    const { world, author, peer } = await pair({ ports: { distiller: tellsAll } })
    await run(author, 'Gate marmalade.')
    await run(author, 'Gate two.')
    await world.pass(minute)
    expect(await entriesOf(peer)).toHaveLength(1)
    const told = must(await author.node.forgetBefore(world.clock.now()))
    expect(told).toEqual({ episodes: 2, dropped: 1, retracted: 1 })
    await world.pass(minute)
    expect(author.node.status().episodes).toEqual({ stored: 0, waiting: 0 })
    expect(await entriesOf(peer)).toEqual([])
    await author.restart()
    await world.pass(minute)
    expect(await entriesOf(author)).toEqual([])
    expect(await holds(author, 'marmalade')).toBe(false)
    expect(must(await author.node.forgetBefore(world.clock.now() + day)).episodes).toBe(0)
  })
})
