import { beforeEach, expect, it } from 'vitest'
import {
  countEpisodes,
  distilledOps,
  type EpisodeHead,
  episodeBody,
  episodeCursor,
  episodeHead,
  episodeOfKey,
  episodesBefore,
  forgetEpisodeOps,
  listEpisodes,
  pendingEpisodes,
  putEpisodeOps,
  putRedactedOps,
  redactedBody,
} from '../../../store/episodes.ts'
import { openMemoryStore } from '../../../store/memory.ts'
import type { Store } from '../../../store/ports.ts'
import { collect } from './collect.ts'

let store: Store
beforeEach(() => {
  store = openMemoryStore()
})

const body = Uint8Array.of(1, 2, 3)

function head(id: string, capturedAt: number, more: Partial<EpisodeHead> = {}): EpisodeHead {
  return { id, ask: 'airline/7', source: 'http', capturedAt, interactions: 2, ...more }
}

async function keep(episode: EpisodeHead, idempotencyKey?: string): Promise<void> {
  await store.batch(putEpisodeOps(store, episode, body, idempotencyKey))
}

it('keeps an episode with all it shows', async () => {
  const episode = head('e1', 5, { model: 'm', outcome: { solved: false, by: 'test' } })
  await keep(episode)
  expect(episodeHead(store, 'e1')).toEqual(episode)
  expect(episodeBody(store, 'e1')).toEqual(body)
  expect(episodeHead(store, 'e2')).toBeUndefined()
  expect(episodeBody(store, 'e2')).toBeUndefined()
})

it('lists newest first, page by page', async () => {
  for (const [id, at] of [
    ['a', 3],
    ['b', 1],
    ['c', 20],
    ['d', 3],
  ] as const)
    await keep(head(id, at))
  const first = await listEpisodes(store, 2)
  expect(first.map(episode => episode.id)).toEqual(['c', 'd'])
  const last = first.at(-1)
  const rest = last === undefined ? [] : await listEpisodes(store, 9, episodeCursor(last))
  expect(rest.map(episode => episode.id)).toEqual(['a', 'b'])
})

it('finds an episode by its idempotency key, also after an outcome came later', async () => {
  await keep(head('a', 1), 'any key / ä')
  expect(episodeOfKey(store, 'any key / ä')).toBe('a')
  await keep(head('a', 1, { outcome: { solved: true, by: 'user' } }))
  expect(episodeOfKey(store, 'any key / ä')).toBe('a')
  expect(episodeOfKey(store, 'another')).toBeUndefined()
})

it('queues an episode until it is distilled, and again when it is replaced', async () => {
  await keep(head('late', 9))
  await keep(head('early', 1))
  expect(await pendingEpisodes(store, 9)).toEqual(['early', 'late'])
  await store.batch(distilledOps(head('early', 1)))
  expect(await pendingEpisodes(store, 9)).toEqual(['late'])
  expect(await countEpisodes(store)).toEqual({ stored: 2, waiting: 1, strays: [] })
  await keep(head('early', 1, { outcome: { solved: true, by: 'user' } }))
  expect(await pendingEpisodes(store, 1)).toEqual(['early'])
})

it('keeps the redacted form for the rules that made it, until the episode is replaced', async () => {
  await keep(head('a', 1))
  await store.batch(putRedactedOps('a', 'rules 1', new Uint8Array([7])))
  expect(redactedBody(store, 'a', 'rules 1')).toEqual(new Uint8Array([7]))
  expect(redactedBody(store, 'a', 'rules 2')).toBeUndefined()
  await keep(head('a', 1, { outcome: { solved: true, by: 'user' } }))
  expect(redactedBody(store, 'a', 'rules 1')).toBeUndefined()
})

it('forgets an episode without a trace', async () => {
  await keep(head('a', 1), 'key')
  await store.batch(putRedactedOps('a', 'rules', new Uint8Array([7])))
  await store.batch(forgetEpisodeOps(store, 'a'))
  expect(await collect(store.entries({ prefix: '' }))).toEqual([])
  expect(forgetEpisodeOps(store, 'a')).toEqual([])
})

it('leaves no row of the former time behind when an episode is replaced', async () => {
  await keep(head('a', 1))
  await keep(head('a', 2, { ask: 'other' }))
  expect(await countEpisodes(store)).toEqual({ stored: 1, waiting: 1, strays: [] })
})

it('tells which episodes are older than their retention', async () => {
  for (const [id, at] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ] as const)
    await keep(head(id, at))
  expect(await episodesBefore(store, 3, 9)).toEqual(['a', 'b'])
  expect(await episodesBefore(store, 3, 1)).toEqual(['a'])
  expect(await episodesBefore(store, 0, 9)).toEqual([])
})
