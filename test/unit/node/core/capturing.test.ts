import { expect, it } from 'vitest'
import type { RedactedEpisode } from '../../../../node/ports.ts'
import { countEpisodes, listEpisodes, pendingEpisodes, putEpisodeOps } from '../../../../store/episodes.ts'
import { openMemoryStore } from '../../../../store/memory.ts'
import { must, VirtualWorld } from '../virtual-nodes.ts'

const said = (text: string) => ({ messages: [{ role: 'user', content: text }] })

it('the same transcript captured several times at once is one episode', async () => {
  const world = new VirtualWorld()
  const { node } = await world.node({})
  const captured = await Promise.all(
    [said('a'), said('a'), said('b'), said('a')].map(one => node.capture(one)),
  )
  expect(captured.map(one => must(one).known)).toEqual([false, true, false, true])
  expect(node.status().episodes).toMatchObject({ stored: 2, waiting: 2 })
  expect(await node.distil()).toMatchObject({ episodes: 2 })
  expect(node.status().episodes).toMatchObject({ stored: 2, waiting: 0 })
  expect((await node.episodes()).items).toHaveLength(2)
})

it('requests at once under one idempotency key give one episode, whatever their bodies', async () => {
  const { node } = await new VirtualWorld().node({})
  const captured = await Promise.all(
    [said('a'), said('b'), said('a')].map(one => node.capture(one, { idempotencyKey: 'k' })),
  )
  const [first, ...others] = captured.map(must)
  expect(first?.known).toBe(false)
  expect(others).toEqual([
    { episode: first?.episode, known: true },
    { episode: first?.episode, known: true },
  ])
  expect(node.status().episodes).toMatchObject({ stored: 1, waiting: 1 })
})

it('an outcome that comes while its episode is distilled is not lost', async () => {
  const seen: (boolean | undefined)[][] = []
  let release: () => void = () => undefined
  const slow = new Promise<void>(resolve => {
    release = resolve
  })
  const distiller = {
    id: 'slow/1',
    async distil(episodes: readonly RedactedEpisode[]) {
      seen.push(episodes.map(episode => episode.outcome?.solved))
      if (seen.length === 1) await slow
      return []
    },
  }
  const world = new VirtualWorld()
  const { node } = await world.node({ ports: { distiller } })
  const { episode } = must(await node.capture(said('a')))
  const distilling = node.distil()
  await world.settle()
  must(await node.outcome(episode, { solved: true, by: 'feedback' }))
  release()
  await distilling
  expect(seen).toEqual([[undefined], [true]])
  expect(node.status().episodes).toMatchObject({ stored: 1, waiting: 0 })
})

it('rows under which no episode stands are taken away at the start, and nothing waits for ever', async () => {
  const world = new VirtualWorld()
  const damaged = await world.node({})
  const { episode } = must(await damaged.node.capture(said('a')))
  await damaged.stop()
  const [head] = await listEpisodes(damaged.store, 1)
  if (head === undefined) throw new TypeError('nothing was captured')
  // As a writer left them that did not know of another one: under a time that is not the episode's.
  const late = putEpisodeOps(
    openMemoryStore(),
    { ...head, capturedAt: head.capturedAt + 1 },
    new Uint8Array(),
  )
  await damaged.store.batch(late.filter(({ key }) => /time|queue/.test(key)))
  expect(await pendingEpisodes(damaged.store, 9)).toEqual([episode, episode])
  await damaged.restart()
  const { node } = damaged
  expect(node.status().episodes).toMatchObject({ stored: 1, waiting: 1 })
  await node.distil()
  expect(node.status().episodes).toMatchObject({ stored: 1, waiting: 0 })
  expect((await node.episodes()).items).toHaveLength(1)
  expect(await countEpisodes(damaged.store)).toEqual({ stored: 1, waiting: 0, strays: [] })
})
