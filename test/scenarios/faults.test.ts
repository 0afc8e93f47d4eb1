/** Parts of the node that fail: it stays up, says so, believes nothing that is not on the disk, and goes on after. */

import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../node/adapters/system.ts'
import { createDistiller } from '../../node/lessons/distiller.ts'
import type { Clock, Embedder } from '../../node/ports.ts'
import { StoreError } from '../../store/errors.ts'
import { question } from './quiet-node.ts'
import { rawPeer } from './raw-peer.ts'
import {
  allKept,
  embedder,
  endAll,
  isKept,
  lastingStore,
  lesson,
  letIn,
  loadedNode,
  must,
  recalled,
  refusal,
  startedNode,
  swarmOf,
  until,
  untilKept,
} from './real-nodes.ts'

afterEach(endAll)

it('listeners that throw, at once or later, bring down neither the node nor other listeners', async () => {
  const [a, b] = await swarmOf(1)
  if (a === undefined || b === undefined) return
  const seen: string[] = []
  b.node.onEvent(() => {
    throw new Error('a listener’s bug')
  })
  b.node.onEvent(async () => {
    throw new Error('a later bug')
  })
  b.node.onEvent(event => seen.push(event.type))
  const { cid } = must(await a.node.addEntry(lesson('The kiln is cold.', 'Wait an hour.')))
  await untilKept(b, cid)
  expect(seen).toContain('entry')
  expect(b.log.filter(line => line.message.includes('A listener to events failed')).length).toBeGreaterThan(1)
})

describe('a distiller', () => {
  it('that throws costs the episodes that it cannot take, and no others', async () => {
    const real = createDistiller()
    const node = await loadedNode({
      ports: {
        distiller: {
          id: 'brittle/1',
          distil: (episodes, signal) =>
            episodes.some(episode =>
              episode.interactions.some(one => 'text' in one && one.text.includes('7')),
            )
              ? Promise.reject(new Error('sevens are too much'))
              : real.distil(episodes, signal),
        },
      },
    })
    for (const number of [1, 2, 7, 8]) must(await node.node.capture(question(number)))
    expect(await node.node.distil()).toMatchObject({ episodes: 4, newDrafts: 3 })
    expect(await allKept(node)).toHaveLength(3)
    expect(node.node.status().episodes).toEqual({ stored: 4, waiting: 0 })
    expect(node.said('error', 'cannot be distilled')).toBe(true)
  })

  it('that never ends is given up, and does not keep the node from stopping', async () => {
    // Two minutes pass in a tenth of a second.
    const hasty: Clock = {
      ...systemClock,
      within: (ms, parent, work) => systemClock.within(ms / 1_000, parent, work),
    }
    let calls = 0
    const distiller = {
      id: 'endless/1',
      distil: () => {
        calls++
        return new Promise<never>(() => undefined)
      },
    }
    const node = await loadedNode({ ports: { clock: hasty, distiller } })
    must(await node.node.capture(question(1)))
    expect(await node.node.distil()).toMatchObject({ episodes: 1, drafts: 0 })
    expect(node.said('error', 'The distiller failed')).toBe(true)

    const waiting = await loadedNode({ ports: { distiller } })
    must(await waiting.node.capture(question(1)))
    const before = calls
    const endless = waiting.node.distil()
    endless.catch(() => undefined)
    await until('it is at work', () => calls > before)
    await waiting.stop()
    await expect(endless).rejects.toThrow()
  })

  it('that never ends does not keep a node from stopping that has not begun to wait for it', async () => {
    const distiller = { id: 'endless/1', distil: () => new Promise<never>(() => undefined) }
    const node = await loadedNode({ ports: { distiller } })
    must(await node.node.capture(question(1)))
    const endless = node.node.distil()
    endless.catch(() => undefined)
    await node.stop()
    await expect(endless).rejects.toThrow()
  })
})

describe('an embedder that fails', () => {
  async function brittle() {
    const real = await embedder()
    let works = true
    const port: Embedder = {
      space: real.space,
      dimensions: real.dimensions,
      embed: (texts, signal) =>
        works ? real.embed(texts, signal) : Promise.reject(new Error('the model is gone')),
    }
    return {
      port,
      break: () => {
        works = false
      },
      mend: () => {
        works = true
      },
    }
  }

  it('leaves recall by words, and what comes meanwhile is embedded later', async () => {
    const model = await brittle()
    const a = await startedNode()
    const b = await startedNode({ ports: { embedder: model.port } })
    await letIn(a, b)
    model.break()
    const { cid } = must(await a.node.addEntry(lesson('The kiln stays cold overnight.', 'Wait an hour.')))
    await untilKept(b, cid)
    const items = await recalled(b, 'kiln stays cold overnight')
    expect(items.map(item => item.cid)).toEqual([cid])
    expect(b.said('error', 'could not be embedded')).toBe(true)
    model.mend()
    await b.restart()
    await until('it is found by meaning', async () => {
      const [item] = await recalled(b, 'kiln stays cold overnight')
      return item?.why[0]?.includes('close in meaning') === true
    })
  })

  it('delays what was distilled, and loses none of it', async () => {
    const model = await brittle()
    const node = await loadedNode({ ports: { embedder: model.port } })
    for (const number of [1, 2, 3]) must(await node.node.capture(question(number)))
    model.break()
    await expect(node.node.distil()).rejects.toThrow('the model is gone')
    expect(await allKept(node)).toEqual([])
    model.mend()
    await node.node.distil()
    expect(await allKept(node)).toHaveLength(3)
  })
})

describe('a data folder that is full', () => {
  /** A store that outlives its node, and refuses to write while it is full. */
  function fillable() {
    let full = false
    const open = lastingStore((ops, batch) =>
      full && ops.length > 0 ? Promise.reject(new StoreError('store-full', 'The disk is full.')) : batch(),
    )
    return {
      open,
      fill: () => {
        full = true
      },
      free: () => {
        full = false
      },
    }
  }

  it('makes every writing operation fail clearly, and memory does not run ahead of the disk', async () => {
    const disk = fillable()
    const a = await startedNode()
    const b = await startedNode({ openStore: disk.open })
    await letIn(a, b)
    const theirs = must(await a.node.addEntry(lesson('The kiln is cold.', 'Wait an hour.')))
    await untilKept(b, theirs.cid)
    const own = must(await b.node.addEntry(lesson('The saw is dull.', 'Change the blade.')))
    must(await b.node.capture(question(1)))
    const { recallId } = await b.node.recall({ query: 'The kiln is cold.', timeBudgetMs: 5_000 })
    const picture = async () => ({
      swarms: b.node.swarms().map(({ id, records, entries, members }) => ({ id, records, entries, members })),
      kept: await allKept(b),
      trust: must(await b.node.peer(a.home.self)),
      episodes: b.node.status().episodes,
      invites: await b.node.invites(),
    })
    await until('the recall is noted', () => b.node.status().recalls === 1)
    const before = await picture()
    disk.fill()
    const full = { code: 'store-full' }
    await expect(b.node.addEntry(lesson('A new one.', 'Act.'))).rejects.toMatchObject(full)
    await expect(b.node.retract(own.cid)).rejects.toMatchObject(full)
    await expect(b.node.capture(question(2))).rejects.toMatchObject(full)
    await expect(b.node.distil()).rejects.toMatchObject(full)
    await expect(b.node.feedback(recallId, 'helped', theirs.cid)).rejects.toMatchObject(full)
    await expect(b.node.setTrust(a.home.self, { blocked: true })).rejects.toMatchObject(full)
    await expect(b.node.invite({})).rejects.toMatchObject(full)
    expect(await picture()).toEqual(before)
    // Reading goes on.
    expect((await recalled(b, 'The saw is dull.')).map(item => item.situation)).toContain('The saw is dull.')

    disk.free()
    await b.restart()
    await until('they are connected again', () => b.viewOf(a.home).peers === 1)
    const { trust, ...rest } = await picture()
    const { trust: trustBefore, ...restBefore } = before
    expect(rest).toEqual(restBefore)
    expect(trust).toMatchObject({ tier: trustBefore.tier, trust: trustBefore.trust })
    expect(must(await b.node.retract(own.cid)).swarms).toBe(2)
    expect(await isKept(b, own.cid)).toBe(false)
    expect(await b.node.distil()).toMatchObject({ episodes: 1 })
  })

  it('does not end a node to which peers go on talking, and what it missed comes when there is room', async () => {
    const disk = fillable()
    const node = await startedNode({ openStore: disk.open })
    const author = await rawPeer(node)
    disk.fill()
    const { cid } = await author.publish('Written on a full disk.')
    await until('the node says so', () => node.said('error', 'could not be stored'))
    expect(await isKept(node, cid)).toBe(false)
    const invited = await rawPeer(node, { member: false }).catch((error: unknown) => error)
    expect(invited).toMatchObject({ code: 'store-full' })
    disk.free()
    const second = await author.publish('There is room again.')
    await untilKept(node, second.cid)
  })
})

it('an entry that is taken back while it is being written is not kept', async () => {
  let isWriting = false
  const written = Promise.withResolvers<void>()
  const openStore = lastingStore(async (ops, batch) => {
    if (ops.some(op => op.type === 'put' && op.key.startsWith('entry/kept/'))) {
      isWriting = true
      await written.promise
    }
    await batch()
  })
  const node = await startedNode({ openStore })
  const author = await rawPeer(node)
  const { cid } = await author.publish('Said too soon.')
  await until('it is being written', () => isWriting)
  await author.tell(author.sign({ kind: 'retract', body: { cid } }))
  const marker = author.signOpaque(1)
  await author.tell(marker)
  // The author's membership, the retraction and the marker: the digest has left.
  await until('the retraction is here', () => node.home.records === 3)
  written.resolve()
  await until('the fetch has ended', () => node.node.status().fetch.waiting === 0)
  expect(await isKept(node, cid)).toBe(false)
  await node.restart()
  expect(await allKept(node)).toEqual([])
})

it('a transcript that is garbage is refused with the reason, and the next one is taken', async () => {
  const node = await loadedNode()
  const garbage: readonly [unknown, string][] = [
    ['just text', 'not-an-object'],
    [null, 'not-an-object'],
    [{}, 'unknown-format'],
    [{ messages: 'hello' }, 'bad-field'],
    [{ interactions: [] }, 'empty-episode'],
    [{ question: 1, answer: 2 }, 'bad-field'],
    [{ ...question(1), feedback: 'perhaps' }, 'bad-outcome'],
  ]
  for (const [transcript, code] of garbage) {
    const { code: given, message } = refusal(await node.node.capture(transcript))
    expect(given).toBe(code)
    expect(message).toMatch(/\.$/)
    must(await node.node.capture(question(garbage.findIndex(([one]) => one === transcript) + 10)))
  }
  expect(node.node.status().episodes.stored).toBe(garbage.length)
})

it('what was recalled is not distilled again', async () => {
  const node = await loadedNode()
  must(await node.node.capture(question(3)))
  expect(await node.node.distil()).toMatchObject({ newDrafts: 1 })
  const recall = await node.node.recall({ query: question(3).question as string, timeBudgetMs: 5_000 })
  expect(recall.prompt).not.toBe('')
  const { episode } = must(
    await node.node.capture({
      messages: [
        { role: 'user', content: `${recall.prompt}\nWhat of it?` },
        { role: 'assistant', content: recall.prompt },
        { role: 'assistant', content: 'Twelve.' },
      ],
      feedback: 'correct',
    }),
  )
  const kept = must(await node.node.episode(episode))
  expect(JSON.stringify(kept)).not.toContain('screws')
  expect(kept.interactions).toHaveLength(2)
  const report = await node.node.distil()
  expect(report.episodes).toBe(1)
  const { items } = await node.node.entries({})
  for (const { entry } of items) expect(entry.insight.summary).not.toContain('swarmlore')
})
