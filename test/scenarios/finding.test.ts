/** Whole nodes find each other, and say why where they do not. */

import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { swarmOpener } from '../../node/adapters/libp2p.ts'
import { systemClock } from '../../node/adapters/system.ts'
import {
  allSwarms,
  knownAddresses,
  putAddressesOps,
  putSwarmOps,
  type StoredSwarm,
} from '../../store/swarms.ts'
import type { NodeOptions } from './real-nodes.ts'
import {
  afterwards,
  endAll,
  lastingStore,
  lesson,
  letIn,
  must,
  startedNode,
  swarmOf,
  type TestNode,
  until,
  untilKept,
} from './real-nodes.ts'

afterEach(endAll)

const overWebSockets: NodeOptions = {
  ports: {
    openSwarm: swarmOpener({ listen: ['/ip4/127.0.0.1/tcp/0/ws'], mdns: false, dht: false }, () => undefined),
  },
}

async function pair(options: NodeOptions = {}): Promise<[TestNode, TestNode]> {
  const [founder, guest] = await swarmOf(1, options)
  if (founder === undefined || guest === undefined) throw new TypeError('two nodes')
  return [founder, guest]
}

/** A founder, and a guest that was let in and started again on a row of the swarm that was changed meanwhile. */
async function pairWith(change: (stored: StoredSwarm) => StoredSwarm): Promise<[TestNode, TestNode]> {
  const openStore = lastingStore()
  const founder = await startedNode()
  const guest = await startedNode({ openStore })
  await letIn(founder, guest)
  await guest.stop()
  const store = await openStore()
  const row = (await allSwarms(store)).find(({ id }) => id === founder.home.id)
  if (row === undefined) throw new TypeError('the guest is in that swarm')
  // Where it met the founder is remembered in rows of their own.
  const met = await knownAddresses(store, row.id)
  await store.batch([
    ...putSwarmOps(change(row)),
    ...met.flatMap(({ peer }) => putAddressesOps(row.id, peer, [])),
  ])
  await guest.load()
  await guest.node.start()
  return [founder, guest]
}

async function networkFinding(node: TestNode, { name }: { name: string } = node.home) {
  return (await node.node.doctor()).find(({ check }) => check === `network ${name}`)
}

it('two nodes that speak WebSockets only join in a private swarm, and share an entry', async () => {
  const [founder, guest] = await pair(overWebSockets)
  expect(founder.home.addresses.every(address => address.includes('/ws/'))).toBe(true)
  const { cid } = must(
    await guest.node.addEntry(
      lesson('An order is paid twice.', 'Ask for the receipt.', { swarm: founder.home.id }),
    ),
  )
  await untilKept(founder, cid)
  await guest.restart()
  await until('they are connected again', () => founder.home.peers === 1)
})

it('a node that knows one peer learns of another from it, and stays connected when the first one leaves', async () => {
  const [middle, left, right] = await swarmOf(2)
  if (middle === undefined || left === undefined || right === undefined) throw new TypeError('three nodes')
  const { home } = middle
  await until(
    'the two ends are connected',
    () => right.viewOf(home).peers === 2 && left.viewOf(home).peers === 2,
  )
  await middle.stop()
  const { cid } = must(
    await left.node.addEntry(
      lesson('The parcel is late.', 'Read the tracking number first.', { swarm: home.id }),
    ),
  )
  await untilKept(right, cid)
})

describe('a node that finds nobody says so in status and doctor, with the reason', () => {
  it('where nobody was ever invited', async () => {
    const alone = await startedNode()
    expect(alone.home.alone?.reason).toBe('nobody-else')
    expect(await networkFinding(alone)).toMatchObject({
      level: 'ok',
      message: expect.stringContaining('invite'),
    })
  })

  it('where the address that it was given refuses, and not any more once the other is back', async () => {
    const [founder, guest] = await pair()
    const { home } = founder
    const [address = ''] = home.addresses
    await founder.stop()
    await until('the guest says why', () => guest.viewOf(home).alone?.reason === 'refused')
    expect(await networkFinding(guest, home)).toMatchObject({
      level: 'warn',
      message: expect.stringContaining(address),
    })
    await founder.restart()
    await until('they are connected again', () => guest.viewOf(home).peers === 1, 25_000)
    expect(guest.viewOf(home).alone).toBeUndefined()
    expect(await networkFinding(guest, home)).toMatchObject({ level: 'ok' })
  })

  it('where its network key is not that of the swarm', async () => {
    const [founder, guest] = await pairWith(stored => ({ ...stored, psk: new Uint8Array(32).fill(7) }))
    const { home } = founder
    await until('the guest says why', () => guest.viewOf(home).alone?.reason === 'other-network', 20_000)
    expect(await networkFinding(guest, home)).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('another network key'),
    })
  })

  it('where the address takes the call and says nothing: it starts, answers and stops all the same', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await new Promise(resolve => silent.once('listening', resolve))
    afterwards(async () => void silent.close())
    const bound = silent.address()
    const port = typeof bound === 'object' ? bound?.port : undefined
    const [founder, guest] = await pairWith(stored => ({
      ...stored,
      bootstrap: stored.bootstrap.map(address => address.replace(/\/tcp\/\d+/, `/tcp/${port}`)),
    }))
    const { home } = founder
    await founder.stop()
    await until('the guest says why', () => guest.viewOf(home).alone?.reason === 'silent', 20_000)
  })

  it('where it is no member any more, though it is connected', async () => {
    let aheadMs = 0
    const clock = { ...systemClock, now: () => systemClock.now() + aheadMs }
    const founder = await startedNode()
    const guest = await startedNode({ ports: { clock } })
    await letIn(founder, guest)
    const { home } = founder
    await until('they are connected', () => guest.viewOf(home).peers === 1)
    expect(guest.viewOf(home).alone).toBeUndefined()
    aheadMs = 200 * 86_400_000
    expect(guest.viewOf(home)).toMatchObject({ peers: 1, alone: { reason: 'membership-over' } })
    expect(await networkFinding(guest, home)).toMatchObject({ level: 'error' })
  })
})
