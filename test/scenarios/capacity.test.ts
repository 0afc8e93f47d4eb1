/** A node with little room: what is least useful goes, its digest stays, and it is not fetched again for nothing. */

import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { nowS, rawPeer } from './raw-peer.ts'
import { allKept, endAll, isKept, lesson, must, startedNode, until, untilKept } from './real-nodes.ts'

afterEach(endAll)

const capacityEntries = 20

it('evicts the least useful, keeps its own and what helped, and does not fetch in circles', async () => {
  const node = await startedNode({ config: { capacityEntries } })
  const arrived: string[] = []
  const evicted: string[] = []
  const listen = () =>
    node.node.onEvent(event => {
      if (event.type === 'entry' && !event.own) arrived.push(event.cid)
      if (event.type === 'evicted') evicted.push(event.cid)
    })
  listen()
  const own = []
  for (let i = 0; i < 4; i++) own.push(must(await node.node.addEntry(lesson(`Own ${i}.`, `Do ${i}.`))).cid)
  const author = await rawPeer(node)
  const old = nowS() - 800
  const helpful = await author.publish('The crane swings to the left.', { t: old })
  await untilKept(node, helpful.cid)
  const { recallId } = await node.node.recall({ query: 'The crane swings to the left.', timeBudgetMs: 5_000 })
  must(await node.node.feedback(recallId, 'helped', helpful.cid))

  const published = []
  for (let i = 1; i <= 40; i++) published.push(await author.publish(`Case ${i}.`, { t: old + i }))
  const newest = published.slice(-10).map(one => one.cid)
  for (const cid of newest) await untilKept(node, cid)
  await until('nothing is under way', () => node.node.status().fetch.waiting === 0)
  const kept = await allKept(node)
  expect(kept.length).toBeLessThanOrEqual(capacityEntries)
  expect(kept).toEqual(expect.arrayContaining([...own, helpful.cid]))
  // The founder's four, the member record, and every digest, kept or not.
  expect(node.home.records).toBe(4 + 1 + 41)
  expect(evicted.length).toBeGreaterThan(0)
  expect(new Set(evicted).size).toBe(evicted.length)
  expect(new Set(arrived).size).toBe(arrived.length)

  // A peer that comes up makes the node look at what is missing; none of it is worth more than before.
  const count = arrived.length
  const other = await rawPeer(node)
  for (const { cid, bytes } of published) other.blocks.set(cid, bytes)
  await sleep(300)
  expect(arrived.slice(count)).toEqual([])

  await node.restart()
  listen()
  await author.dial(node)
  await sleep(300)
  expect(arrived.slice(count)).toEqual([])
  expect((await allKept(node)).toSorted()).toEqual(kept.toSorted())
  expect(node.home.records).toBe(4 + 1 + 41 + 1)

  // What is new finds room again.
  const fresh = await author.publish('Something new.')
  await untilKept(node, fresh.cid)
  // Room is made once the new one is stored.
  await until('there is room', async () => (await allKept(node)).length <= capacityEntries)
  expect(await isKept(node, helpful.cid)).toBe(true)
})

it('own lessons beyond the capacity stay, and are not published again and again', async () => {
  const node = await startedNode({ config: { capacityEntries: 10 } })
  const own: string[] = []
  for (let i = 0; i < 14; i++) own.push(must(await node.node.addEntry(lesson(`Own ${i}.`, `Do ${i}.`))).cid)
  expect((await allKept(node)).toSorted()).toEqual(own.toSorted())
  const { records } = node.home
  await node.restart()
  await node.node.distil()
  expect(node.home.records).toBe(records)
  expect((await allKept(node)).toSorted()).toEqual(own.toSorted())
  expect((await node.node.doctor()).find(finding => finding.check === 'capacity')?.level).toBe('warn')
})

it('fetches again what was evicted once it is asked for, and not before', async () => {
  const node = await startedNode({ config: { capacityEntries } })
  const author = await rawPeer(node)
  const old = nowS() - 800
  const crane = await author.publish('How is the tower crane turned to the left?', { t: old })
  await untilKept(node, crane.cid)
  for (let i = 1; i <= 30; i++) await author.publish(`Invoice ${i} is paid twice.`, { t: old + i })
  await until('it had to go', async () => !(await isKept(node, crane.cid)))
  await until('nothing is under way', () => node.node.status().fetch.waiting === 0)
  expect(node.node.status().entries.evicted).toBeGreaterThan(0)

  // What the owner says of its author makes the node go through what is missing.
  const look = async () => must(await node.node.setTrust(author.self, { trust: 0.8 }))
  await look()
  await sleep(300)
  expect(await isKept(node, crane.cid)).toBe(false)
  await node.node.recall({ query: 'How do I turn the tower crane to the left?', timeBudgetMs: 5_000 })
  await look()
  await untilKept(node, crane.cid)
  // It serves what is asked: the next that come push out others.
  for (let i = 31; i <= 50; i++) await author.publish(`Invoice ${i} is paid twice.`)
  await until('nothing is under way', () => node.node.status().fetch.waiting === 0)
  await until('there is room', async () => (await allKept(node)).length <= capacityEntries)
  expect(await isKept(node, crane.cid)).toBe(true)
})

it('leaves out what has lost against an alternative, and says so to who looks', async () => {
  const node = await startedNode()
  const situation = 'The tower crane does not turn to the left.'
  const own = must(await node.node.addEntry(lesson(situation, 'Release the brake of the slewing ring.'))).cid
  const author = await rawPeer(node)
  const insight = {
    summary: 'It turns to one side.',
    detail: '',
    action: 'Turn it to the right all the way round.',
  }
  const other = await author.publish(situation, { entry: { insight } })
  await untilKept(node, other.cid)
  const ask = async () => node.node.recall({ query: situation, timeBudgetMs: 5_000 })
  const handed = async () => (await ask()).items.map(item => item.cid)
  expect((await handed()).toSorted()).toEqual([own, other.cid].toSorted())
  for (let i = 0; i < 2; i++) {
    const { recallId } = await ask()
    must(await node.node.feedback(recallId, 'helped', own))
    must(await node.node.feedback(recallId, 'hurt', other.cid))
  }
  const { items } = await ask()
  expect(items.map(item => item.cid)).toEqual([own])
  expect(items[0]?.alternatives).toEqual([other.cid])
  expect(must(await node.node.entry(other.cid)).standing).toBe('contested')
  expect(must(await node.node.entry(own)).standing).toBeUndefined()
})
