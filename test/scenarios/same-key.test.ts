/** A data folder that was copied, so that two nodes run under one key: they are told apart by nobody, and both say so. */

import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { openMemoryStore } from '../../store/memory.ts'
import type { Store, StoreOp } from '../../store/ports.ts'
import {
  endAll,
  lastingStore,
  lesson,
  letIn,
  loadedNode,
  must,
  startedNode,
  type TestNode,
  until,
  untilKept,
} from './real-nodes.ts'

afterEach(endAll)

async function copyOf(openStore: () => Promise<Store>): Promise<() => Promise<Store>> {
  const ops: StoreOp[] = []
  for await (const [key, value] of (await openStore()).entries({ prefix: '' }))
    ops.push({ type: 'put', key, value })
  const copy = openMemoryStore()
  await copy.batch(ops)
  return async () => copy
}

const finding = async (node: TestNode) => (await node.node.doctor()).find(({ check }) => check === 'key')

it('two nodes with one key are both heard, banned by nobody, and say in status and doctor that there are two', async () => {
  const host = await startedNode()
  const openStore = lastingStore()
  const ports = { seed: new Uint8Array(randomBytes(32)) }
  const first = await startedNode({ openStore, ports })
  await letIn(host, first)
  const { home } = host
  const { members, records } = home
  await first.stop()
  const second = await loadedNode({ openStore: await copyOf(openStore), ports })
  await first.restart()
  const add = async (node: TestNode, situation: string) => {
    const { cid } = must(await node.node.addEntry(lesson(situation, 'Ask again.', { swarm: home.id })))
    await untilKept(host, cid)
    return cid
  }
  await until('the first is connected', () => first.viewOf(home).peers === 1)
  await add(first, 'The order of the first is late.')
  await second.node.start()
  await until('the second says so', () => second.viewOf(home).signedElsewhere === 1)
  await until('the second is connected', () => second.viewOf(home).peers === 1)
  // Off before its twin signs: what it took over in one life is its own in the next, and not counted again.
  await first.stop()
  const late = await add(second, 'The order of the second is lost.')
  // Whoever comes back asks what there is.
  await first.restart()
  await until('the first says so', () => first.viewOf(home).signedElsewhere === 1)
  // What is announced under its own key and is not here is fetched like any other.
  await untilKept(first, late)
  for (const twin of [first, second]) {
    expect(await finding(twin)).toMatchObject({ level: 'warn' })
    expect(twin.node.status().swarms.find(({ id }) => id === home.id)?.signedElsewhere).toBe(1)
    expect(twin.log.filter(({ message }) => message.includes('under the key of this node'))).toHaveLength(1)
  }
  await until('both are connected', () => [first, second].every(twin => twin.viewOf(home).peers === 1))
  expect(first.viewOf(home).self).toBe(second.viewOf(home).self)
  expect(host.viewOf(home).members).toBe(members)
  // Two lessons, and nothing that the twins answered each other with.
  expect(host.viewOf(home).records).toBe(records + 2)
  expect(host.said('info', 'sent a peer away')).toBe(false)
  expect(host.node.status().rejected).toEqual({})
}, 60_000)
