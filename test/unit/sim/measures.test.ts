/** What counts as delivered, to whom, and what a load of nothing is. */

import { describe, expect, it } from 'vitest'
import type { EntryCid } from '../../../protocol/types.ts'
import type { Machine } from '../../../sim/machine.ts'
import { Measures } from '../../../sim/measures.ts'
import { Recorder } from '../../../sim/recorder.ts'
import { createTopics, lessonOn } from '../../../sim/topics.ts'
import { World } from '../../../sim/world.ts'
import { simulateRun, violated } from './runs.ts'

const windowMs = 60_000

/** Four nodes, of which the second writes. */
async function measuredWorld(capacityEntries = 500) {
  const world: World = new World({
    seed: 'measures',
    nodes: 4,
    config: { capacityEntries },
    onEvent: (machine, event) => measures.onEvent(machine, event),
    onDurable: (machine, ops) => measures.onDurable(machine, ops),
    onBug: (where, cause) => {
      throw new Error(where, { cause })
    },
  })
  const measures = new Measures(world)
  await world.found()
  await world.run(5_000)
  measures.begin()
  const [, author, other, third] = world.machines
  if (author === undefined || other === undefined || third === undefined)
    throw new TypeError('there are four')
  const [topic] = createTopics(world.random.fork('topic'), 1)
  if (topic === undefined) throw new TypeError('there is one')
  const learn = async (count = 1): Promise<EntryCid> => {
    for (let at = 1; ; at++) {
      const lesson = lessonOn(topic, `mark-n1-${at}`, world.random.fork(`${at}`))
      const added = await world.meanwhile(must(author).addEntry({ ...lesson, swarm: world.swarm }))
      if (!added?.ok) throw new TypeError('it is added')
      if (at === count) return added.value.cid
    }
  }
  return { world, measures, author, other, third, learn }
}

function must({ node }: Machine) {
  if (node === undefined) throw new TypeError('it runs')
  return node
}

describe('arrivals', () => {
  it('count once for each lesson and node, however often and late one comes', async () => {
    const faults = new Map([['backup', 0.5]] as const)
    const recorder = new Recorder()
    const load = { nodes: 8, minutes: 12, publishesPerHour: 30, recallsPerHour: 0 }
    const result = await simulateRun({ ...load, faults }, {}, { recorder })
    const last = recorder.recording().samples.at(-1)
    expect(violated(result)).toEqual([])
    expect(last?.known).toBeGreaterThan(100)
    expect(last?.known).toBeLessThanOrEqual((last?.published ?? 0) * 7)
    expect(last?.stored).toBeLessThanOrEqual((last?.published ?? 0) * 7)
  })
})

describe('deliveries', () => {
  it('are of announcements, and apart from them of entries, that a node with little room for strangers leaves', async () => {
    const { measures, world, learn } = await measuredWorld(20)
    await learn(8)
    await world.run(2 * windowMs)
    const figures = measures.figures()
    expect(figures.deliveries).toBe(8 * 3)
    expect([figures.delivered10s, figures.delivered60s]).toEqual([1, 1])
    expect(figures.entries60s).toBeGreaterThan(0)
    expect(figures.entries60s).toBeLessThan(1)
    expect(figures.propagationP50Ms).toBeLessThan(figures.entriesP50Ms ?? 0)
    expect(measures.known.came).toBe(8 * 3)
    expect(measures.stored.came).toBe(8 * 3 * (figures.entries60s ?? 0))
  })

  it('are promised to nodes that stay up, and to those that are cut off meanwhile', async () => {
    const { measures, other, third, world, learn } = await measuredWorld()
    world.network.cut('test', (from, to) => (from === third.host) !== (to === third.host))
    await learn()
    await world.meanwhile(other.stop())
    await world.meanwhile(other.start())
    await world.run(2 * windowMs)
    // The founder, and the one that was cut off; not the one that was started anew.
    expect(measures.figures()).toMatchObject({ deliveries: 2, delivered60s: 0.5 })
    world.network.conditions.cuts.clear()
    await world.run(2 * windowMs)
    // What comes late has come, and changes nothing.
    expect(measures.known.came).toBe(3)
    expect(measures.figures()).toMatchObject({ deliveries: 2, delivered60s: 0.5 })
  })

  it('of a lesson that is taken back before its minute is over are not judged', async () => {
    const { author, measures, world, learn } = await measuredWorld()
    const cid = await learn()
    await world.run(windowMs / 2)
    await world.meanwhile(must(author).retract(cid))
    await world.run(windowMs)
    expect(measures.published).toBe(1)
    expect(measures.figures()).toMatchObject({ deliveries: 0, delivered60s: undefined })
  })
})

describe('a load of nothing', () => {
  it('is a run in which nobody writes or asks, and nodes still talk', async () => {
    const result = await simulateRun({ publishesPerHour: 0, recallsPerHour: 0 })
    expect(result).toMatchObject({ violations: [], publishes: 0, deliveries: 0, recalls: 0 })
    expect(result.messagesPerNodeDay).toBeGreaterThan(0)
    expect(result.bytesPerNodeDay).toBeGreaterThan(result.messagesPerNodeDay ?? 0)
  })
})
