/** What `spread.ts` computes, watched in a swarm of whole nodes: what it leaves out shows as a difference between the two. */

import { type Spread, spreadOf } from './spread.ts'
import { createTopics, lessonOn } from './topics.ts'
import { World } from './world.ts'

export interface WholeSettings {
  readonly nodes: number
  readonly lessons: number
  readonly loss: number
  readonly seed: string
}

/** Until all are connected. */
const settleMs = 60_000
/** Nothing of a lesson is on its way any more after this; catch-up leaves young records alone until 30 s have gone by. */
const spanMs = 20_000
const gossipped = /^(message|ihave|iwant)\b/

/** @returns what the digests of the lessons did, and the length of a digest. */
export async function spreadWhole(
  settings: WholeSettings,
): Promise<Spread & { readonly messageBytes: number }> {
  const { nodes, lessons, loss, seed } = settings
  let messages = 0
  let bytes = 0
  let digests = 0
  let digestBytes = 0
  /** Message → machine → when it first heard of it. */
  let heard = new Map<string, Map<string, number>>()
  const world: World = new World({
    seed,
    nodes,
    config: { capacityEntries: 500 },
    onBug: (where, cause) => {
      throw new Error(`${where}: ${String(cause)}`, { cause })
    },
    onArrival: ({ to }, what, size) => {
      if (!gossipped.test(what)) return
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
  await world.run(settleMs)
  world.network.conditions.loss = loss
  const random = world.random.fork('lessons')
  const topics = createTopics(random, lessons)
  const delays: number[] = []
  messages = 0
  bytes = 0
  digests = 0
  digestBytes = 0
  for (const [at, topic] of topics.entries()) {
    const author = world.machines[random.below(nodes)]
    if (author?.node === undefined) continue
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
  const links = [...world.network.links]
  const connections = links.reduce((sum, link) => sum + link.peers().length, 0) / links.length
  const watched = spreadOf(delays, { nodes, lessons, messages, bytes, connections })
  return { ...watched, messageBytes: digestBytes / digests }
}
