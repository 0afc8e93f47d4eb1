import { expect, it } from 'vitest'
import { forgetEpisodeOps, putEpisodeOps } from '../../../store/episodes.ts'
import { llmDay, llmLessons, putLlmDayOps, putLlmLessonsOps } from '../../../store/llm.ts'
import { openMemoryStore } from '../../../store/memory.ts'

const head = { id: 'e1', ask: 'a', source: 's', capturedAt: 5, interactions: 0 }

it('lessons of a model stand beside their episode, tell none from not asked, and go with it', async () => {
  const store = openMemoryStore()
  await store.batch(putEpisodeOps(store, head, new Uint8Array()))
  expect(llmLessons(store, 'e1')).toBeUndefined()
  await store.batch(putLlmLessonsOps('e1', []))
  expect(llmLessons(store, 'e1')).toEqual([])
  await store.batch(putLlmLessonsOps('e1', ['{"one":1}', 'two']))
  expect(llmLessons(store, 'e1')).toEqual(['{"one":1}', 'two'])
  await store.batch(forgetEpisodeOps(store, 'e1'))
  expect(llmLessons(store, 'e1')).toBeUndefined()
})

it('an episode that is replaced, by one with another outcome, is not asked about yet', async () => {
  const store = openMemoryStore()
  await store.batch(putEpisodeOps(store, head, new Uint8Array()))
  await store.batch(putLlmLessonsOps('e1', ['one']))
  const outcome = { solved: true, by: 'user' }
  await store.batch(putEpisodeOps(store, { ...head, outcome }, new Uint8Array()))
  expect(llmLessons(store, 'e1')).toBeUndefined()
})

it.each([
  { day: 3, requests: 4, tokens: 5, waiting: 6 },
  { day: 3, requests: 4, tokens: 5, waiting: 6, last: { at: 7, message: 'Well.' } },
  { day: 3, requests: 4, tokens: 5, waiting: 6, last: { at: 7, code: 'llm-busy', message: 'Busy.' } },
])('what was spent comes back as it was put: %j', async row => {
  const store = openMemoryStore()
  expect(llmDay(store)).toBeUndefined()
  await store.batch(putLlmDayOps(row))
  expect(llmDay(store)).toEqual(row)
})
