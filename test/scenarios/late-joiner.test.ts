/**
 * Nothing that was published while a node was away is lost to it, though its author has gone meanwhile: it comes from
 * whoever has it, is found by words and by sketches at once, and is embedded afterwards. The benchmark does the same
 * with a thousand lessons and looks at the clock (`late_joiner_1000_listed_s`).
 */

import { afterEach, expect, it } from 'vitest'
import type { Embedder } from '../../node/ports.ts'
import { knownAddresses } from '../../store/swarms.ts'
import { vectorsOf } from '../../store/vectors.ts'
import {
  allKept,
  embedder,
  endAll,
  lastingStore,
  lesson,
  letIn,
  must,
  recalled,
  startedNode,
  swarmOf,
  until,
} from './real-nodes.ts'

afterEach(endAll)

const lessonCount = 200
const boundMs = 60_000
const situation = 'The parcel scanner freezes when its battery is low.'
const byWords = 'parcel scanner freezes'
const byMeaning = 'the handheld barcode reader hangs with little power left'

it('a late joiner gets from another what was published by who has gone, and recalls it before it is embedded', async () => {
  const [a, c] = await swarmOf(1, { dht: true })
  if (a === undefined || c === undefined) return
  const openStore = lastingStore()
  const model = await waitingModel([byWords, byMeaning])
  const b = await startedNode({ dht: true, openStore, ports: { embedder: model.port } })
  await letIn(a, b)
  // To be connected is not enough: where a peer is reached is kept once both have shown who they are.
  const known = async () => (await knownAddresses(await openStore(), a.home.id)).length
  await until('B knows where both are', async () => (await known()) === 2)
  await b.stop()
  const texts = Array.from({ length: lessonCount - 1 }, (_, at) => `Shelf ${at} needs ${at % 7} screws.`)
  const marker = must(await a.node.addEntry(lesson(situation, 'Charge it first.')))
  const added = await Promise.all(texts.map(text => a.node.addEntry(lesson(text, 'Count them.')).then(must)))
  const published = [marker, ...added].map(({ cid }) => cid).toSorted()
  await until('C has all of them', async () => (await allKept(c)).length === lessonCount, boundMs)
  await a.stop()

  await b.load()
  await b.node.start()
  await until('B has all of them', async () => (await allKept(b)).length === lessonCount, boundMs)
  expect((await allKept(b)).toSorted()).toEqual(published)
  const embedded = async (): Promise<number> => {
    let count = 0
    const store = await openStore()
    for await (const _ of vectorsOf(store, model.port.space, model.port.dimensions)) count++
    return count
  }
  expect(await embedded()).toBe(0)
  for (const query of [byWords, byMeaning]) {
    const [found] = await recalled(b, query)
    expect(found).toMatchObject({ situation, author: marker.entry.author })
    expect(found?.why.join(' ')).toContain('close in meaning')
  }
  model.letGo()
  await until('all of them are embedded', async () => (await embedded()) === lessonCount, boundMs)
})

/** Embeds these queries, and nothing else until it is let go. */
async function waitingModel(queries: readonly string[]) {
  const real = await embedder()
  const held = Promise.withResolvers<void>()
  const port: Embedder = {
    space: real.space,
    dimensions: real.dimensions,
    embed: async (texts, signal) => {
      const isQuery = texts.every(text => queries.includes(text))
      if (!isQuery) await Promise.race([held.promise, ...(signal === undefined ? [] : [aborted(signal)])])
      return real.embed(texts, signal)
    },
  }
  return { port, letGo: () => held.resolve() }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason)))
}
