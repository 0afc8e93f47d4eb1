/** Recall within its time, and evidence that is forgotten. */

import { describe, expect, test } from 'vitest'
import type { Embedder } from '../../../../node/ports.ts'
import { prefixes } from '../../../../store/layout.ts'
import type { Store } from '../../../../store/ports.ts'
import { lesson, letterEmbedder, must, VirtualPeer, VirtualWorld } from '../virtual-nodes.ts'

describe('recall', () => {
  const situation = 'The badge reader at the north gate blinks red.'

  /** A node whose embedder takes its time, once its lesson is learned. */
  async function slowNode(embedMs: number, recallTimeBudgetMs?: number) {
    const world = new VirtualWorld()
    let isSlow = false
    const embedder: Embedder = {
      ...letterEmbedder,
      async embed(texts, signal) {
        if (isSlow) await world.clock.sleep(embedMs, signal)
        return letterEmbedder.embed(texts)
      },
    }
    const config = recallTimeBudgetMs === undefined ? {} : { recallTimeBudgetMs }
    const node = await world.node({ config, ports: { embedder } })
    const { cid } = must(await node.node.addEntry(lesson(situation)))
    isSlow = true
    const recall = async (query: string, timeBudgetMs?: number) => {
      const answering = node.node.recall(timeBudgetMs === undefined ? { query } : { query, timeBudgetMs })
      let isAnswered = false
      void answering.then(() => {
        isAnswered = true
      })
      for (let ms = 0; ms < 1_000 && !isAnswered; ms++) await world.pass(1)
      expect(isAnswered).toBe(true)
      return answering
    }
    return { node, cid, recall }
  }
  const meaning = 'Its situation is close in meaning'
  const saysSo = { level: 'debug', message: 'The query was not embedded in time.' }

  test('uses the meaning when the model answers within 50 ms', async () => {
    const { node, cid, recall } = await slowNode(45)
    const { items } = await recall(situation)
    expect(items.map(item => item.cid)).toEqual([cid])
    expect(items[0]?.why[0]).toContain(meaning)
    expect(node.log).not.toContainEqual(saysSo)
  })

  test('answers after 50 ms by words alone, and says so, when the model is slower', async () => {
    const { node, cid, recall } = await slowNode(10_000)
    const { items, tookMs } = await recall(situation)
    expect(tookMs).toBe(50)
    expect(items.map(item => item.cid)).toEqual([cid])
    expect(items[0]?.why.join(' ')).not.toContain(meaning)
    expect(items[0]?.why[0]).toContain("of the query's words")
    expect(node.log).toContainEqual(saysSo)
  })

  test('has the time that the owner, or the request, gives it', async () => {
    const { recall } = await slowNode(10_000, 200)
    expect((await recall(situation)).tookMs).toBe(200)
    expect((await recall(situation, 5)).tookMs).toBe(5)
    const patient = await slowNode(60)
    expect((await patient.recall(situation, 100)).items[0]?.why[0]).toContain(meaning)
  })

  test('answers by words when the model fails, and that is an error in the log', async () => {
    const world = new VirtualWorld()
    let isBroken = false
    const embed: Embedder['embed'] = async texts => {
      if (isBroken) throw new Error('out of memory')
      return letterEmbedder.embed(texts)
    }
    const node = await world.node({ ports: { embedder: { ...letterEmbedder, embed } } })
    const { cid } = must(await node.node.addEntry(lesson(situation)))
    isBroken = true
    expect((await node.node.recall({ query: situation })).items.map(item => item.cid)).toEqual([cid])
    const message = 'The query could not be embedded; it is answered by words.'
    expect(node.log).toContainEqual({ level: 'error', message })
  })
})

describe('evidence of a mismatch', () => {
  async function rows(store: Store, prefix: string): Promise<readonly string[]> {
    const keys: string[] = []
    for await (const [key] of store.entries({ prefix })) keys.push(key)
    return keys
  }

  test('counts once, over a restart as well; its rows go when it weighs nothing any more', async () => {
    const world = new VirtualWorld()
    const node = await world.node()
    const liar = await VirtualPeer.connect(world, node, 200)
    await liar.redeem()
    const { digest } = await liar.written('The kiln cools.')
    const body = { ...digest.envelope.body, size: digest.envelope.body.size + 1 }
    await liar.tell(liar.sign({ kind: 'digest', body }))
    await world.pass(1_000)
    const hurt = async () => must(await node.node.peer(liar.self)).evidence.hurt
    expect(await hurt()).toBe(1)
    await node.restart()
    await liar.dial(node)
    await world.pass(10_000)
    expect(await hurt()).toBe(1)
    expect(await rows(node.store, prefixes.feedback)).toHaveLength(1)
    expect(await rows(node.store, prefixes.evidence)).toHaveLength(1)

    const tickMs = 600_000
    await world.daysOff(29, node)
    await world.pass(tickMs)
    expect(await rows(node.store, prefixes.feedback)).toHaveLength(1)
    await world.daysOff(2, node)
    await world.pass(tickMs)
    expect(await rows(node.store, prefixes.feedback)).toEqual([])
    expect(await rows(node.store, prefixes.evidence)).toHaveLength(1)
    await world.daysOff(270, node)
    await world.pass(tickMs)
    expect(await rows(node.store, prefixes.evidence)).toEqual([])
  })
})
