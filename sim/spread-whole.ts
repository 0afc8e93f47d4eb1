/** What `spread.ts` and `spread-by-catch-up.ts` compute, watched in a swarm of whole nodes: what they leave out shows. */

import { lastPart, prefixes } from '../store/layout.ts'
import { altered } from './altered.ts'
import type { Machine } from './machine.ts'
import { openBytes } from './network/network.ts'
import { type Spread, spreadOf } from './spread.ts'
import { catchUpSpanMs } from './spread-by-catch-up.ts'
import { createTopics, lessonOn } from './topics.ts'
import { World, type WorldInit } from './world.ts'

export interface WholeSettings {
  readonly nodes: number
  readonly lessons: number
  readonly loss: number
  readonly seed: string
}

/** All are connected, and what that took is said. */
const settleMs = { gossip: 60_000, catchUp: 300_000 }
/** Nothing of a lesson is on its way any more after this; catch-up leaves young records alone until 30 s have gone by. */
const spanMs = 20_000
const gossipped = /^(message|ihave|iwant)\b/
const caughtUp = /\/(ranges|wants|given)\b/
const asked = /\/(ranges|wants|given)$/

/** @returns what the digests of the lessons did, and the length of a digest. */
export async function spreadWhole(
  settings: WholeSettings,
): Promise<Spread & { readonly messageBytes: number }> {
  const { nodes, lessons, loss, seed } = settings
  let messages = 0
  let bytes = 0
  let digests = 0
  let digestBytes = 0
  let isOn = false
  /** Message → machine → when it first heard of it. */
  let heard = new Map<string, Map<string, number>>()
  const world: World = wholeWorld(nodes, seed, {
    onArrival: ({ to }, what, size) => {
      if (!isOn || !gossipped.test(what)) return
      messages++
      bytes += size
      if (!what.startsWith('message')) return
      digests++
      digestBytes += size - world.network.fitted.frameBytes
      const arrivals = heard.get(what) ?? new Map<string, number>()
      heard.set(what, arrivals)
      if (!arrivals.has(to.host.name)) arrivals.set(to.host.name, world.nowMs)
    },
  })
  await world.found()
  await world.run(settleMs.gossip)
  world.network.conditions.loss = loss
  const random = world.random.fork('lessons')
  const topics = createTopics(random, lessons)
  const delays: number[] = []
  isOn = true
  for (const [at, topic] of topics.entries()) {
    const author = world.machines[random.below(nodes)]
    if (author?.node === undefined) throw new TypeError('all nodes run')
    heard = new Map()
    const lesson = lessonOn(topic, `spread${at}`, random)
    await world.meanwhile(author.node.addEntry({ ...lesson, swarm: world.swarm }))
    const sharedMs = world.nowMs
    await world.run(spanMs)
    // What else was gossiped meanwhile reached fewer.
    const [arrivals] = [...heard.values()].sort((a, b) => b.size - a.size)
    for (const { name } of world.machines)
      if (name !== author.name) delays.push((arrivals?.get(name) ?? Number.POSITIVE_INFINITY) - sharedMs)
  }
  const connections = connectionsOf(world)
  const watched = spreadOf(delays, { nodes, runs: lessons, messages, bytes, connections })
  return { ...watched, messageBytes: digestBytes / digests }
}

/** The same with gossip silent: one node has all lessons, and the others get them by catch-up alone. */
export async function wholeByCatchUp({
  nodes,
  lessons,
  seed,
}: Omit<WholeSettings, 'loss'>): Promise<Spread & { readonly messageBytes: number }> {
  let messages = 0
  let bytes = 0
  let digestBytes = 0
  let isOn = false
  const had = new Map<Machine, Map<string, number>>()
  const world: World = wholeWorld(nodes, seed, {
    // Nobody says by gossip what it has.
    tampering: {
      link: link => {
        const { network } = link
        const publish: typeof network.publish = (...said) =>
          isOn ? Promise.resolve(0) : network.publish(...said)
        return { ...link, network: altered(network, { publish }) }
      },
    },
    onArrival: (_, what, size) => {
      if (!isOn || !caughtUp.test(what)) return
      messages++
      bytes += size
      // What the other end says to open a stream does not arrive as a message.
      if (asked.test(what)) bytes += openBytes
    },
    onDurable: (machine, ops) => {
      const records = had.get(machine) ?? new Map<string, number>()
      had.set(machine, records)
      for (const op of ops) {
        if (!isOn || op.type === 'del' || !op.key.startsWith(prefixes.record)) continue
        const record = lastPart(op.key)
        if (!records.has(record)) records.set(record, world.nowMs)
        digestBytes = op.value.length
      }
    },
  })
  await world.found()
  await world.run(settleMs.catchUp)
  const random = world.random.fork('lessons')
  const author = world.machines[random.below(nodes)]
  if (author?.node === undefined) throw new TypeError('all nodes run')
  isOn = true
  const beganMs = world.nowMs
  for (const [at, topic] of createTopics(random, lessons).entries()) {
    const lesson = lessonOn(topic, `spread${at}`, random)
    await world.meanwhile(author.node.addEntry({ ...lesson, swarm: world.swarm }))
  }
  await world.run(beganMs + catchUpSpanMs - world.nowMs)
  const delays = world.machines
    .filter(machine => machine !== author)
    .map(machine => {
      const times = [...(had.get(machine)?.values() ?? [])]
      return times.length < lessons ? Number.POSITIVE_INFINITY : Math.max(...times) - beganMs
    })
  const connections = connectionsOf(world)
  const watched = spreadOf(delays, { nodes, runs: 1, messages, bytes, connections })
  return { ...watched, messageBytes: digestBytes }
}

function wholeWorld(nodes: number, seed: string, watching: Partial<WorldInit>): World {
  return new World({
    seed,
    nodes,
    config: { capacityEntries: 500 },
    onBug: (where, cause) => {
      throw new Error(`${where}: ${String(cause)}`, { cause })
    },
    ...watching,
  })
}

function connectionsOf({ network }: World): number {
  const links = [...network.links]
  return links.reduce((sum, link) => sum + link.peers().length, 0) / links.length
}
