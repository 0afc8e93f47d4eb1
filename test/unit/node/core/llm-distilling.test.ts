/** How the two distillers stand beside each other, with a language model that does as a test says. */

import { describe, expect, it } from 'vitest'
import { systemClock, systemCpu } from '../../../../node/adapters/system.ts'
import { LlmDistilling } from '../../../../node/core/llm-distilling.ts'
import type { Distiller, EntryDraft, Llm, RedactedEpisode } from '../../../../node/ports.ts'
import { putEpisodeOps } from '../../../../store/episodes.ts'
import { openMemoryStore } from '../../../../store/memory.ts'
import type { Store } from '../../../../store/ports.ts'
import { noOwnRules } from '../lessons/episodes.ts'
import { answerText, deskRuns, goodLesson } from '../lessons/llm/answers.ts'

const never = new AbortController().signal
const reply = { ok: true, value: { text: answerText(goodLesson), tokens: 10 } } as const

function draft(key: string): EntryDraft {
  return {
    key,
    pattern: 'local',
    kind: 'fact',
    domains: ['desk'],
    situation: 'When?',
    insight: { summary: 'So.', detail: 'So.', action: 'So.' },
    context: {},
    support: [],
    asksToShare: 1,
    needsSolved: false,
  }
}

async function captured(store: Store, runs: readonly RedactedEpisode[], solved = true): Promise<void> {
  for (const { id, ask, source } of runs) {
    const outcome = { solved, by: 'reward' }
    await store.batch(
      putEpisodeOps(store, { id, ask, source, capturedAt: 1, interactions: 1, outcome }, new Uint8Array()),
    )
  }
}

async function made(ask: Llm['ask'], distil: Distiller['distil'] = async () => [draft('a'), draft('z')]) {
  const store = openMemoryStore()
  const runs = await deskRuns('a')
  await captured(store, runs)
  const log: string[] = []
  const distiller = new LlmDistilling({
    local: { id: 'local/1', distil },
    llm: { model: 'm', url: 'http://127.0.0.1/v1', ask },
    clock: systemClock,
    cpu: systemCpu(),
    store,
    log: (level, message) => log.push(`${level} ${message}`),
    rules: noOwnRules,
    budget: { deadlineMs: 5_000, requestsPerDay: 5, tokensPerDay: 100_000, answerTokensMax: 100 },
  })
  return { distiller, store, runs, log }
}

describe('a distiller with a language model beside it', () => {
  it('gives the lessons of both, in the order of their keys, the same again without asking again', async () => {
    let asked = 0
    const { distiller, runs } = await made(async () => {
      asked++
      return reply
    })
    const first = await distiller.distil(runs, never)
    expect(first.map(one => one.pattern)).toEqual(['local', 'llm', 'local'])
    expect(await distiller.distil(runs, never)).toEqual(first)
    expect(asked).toBe(1)
  })

  it('fails as the local one fails, and gives up the question', async () => {
    const aborted = Promise.withResolvers<void>()
    const { distiller, runs } = await made(
      (_request, signal) => {
        signal.addEventListener('abort', () => aborted.resolve())
        return aborted.promise.then(() => ({ ok: false, code: 'llm-too-slow', message: 'Too slow.' }))
      },
      () => Promise.reject(new RangeError('broken')),
    )
    await expect(distiller.distil(runs, never)).rejects.toThrow('broken')
    await aborted.promise
    // Nobody's fault: it is asked again with the next look.
    expect(distiller.llm()).not.toHaveProperty('last')
  })

  it('lets the local lessons stand where asking throws, and says so', async () => {
    const { distiller, runs, log } = await made(() => Promise.reject(new TypeError('a bug')))
    expect((await distiller.distil(runs, never)).map(one => one.key)).toEqual(['a', 'z'])
    expect(log).toEqual(['error Asking the LLM failed inside the node; the default distiller goes on alone.'])
  })

  it('takes nothing for runs whose outcome has changed while it was asked', async () => {
    const { distiller, store, runs } = await made(async () => {
      await captured(store, runs, false)
      return reply
    })
    expect((await distiller.distil(runs, never)).map(one => one.key)).toEqual(['a', 'z'])
  })

  it('reserves what a question may cost before it is sent', async () => {
    let during: number | undefined
    const { distiller, runs } = await made(async () => {
      during = distiller.llm().tokensToday
      return reply
    })
    await distiller.distil(runs, never)
    expect(during).toBeGreaterThan(500)
    expect(distiller.llm()).toMatchObject({ requestsToday: 1, tokensToday: 10, waiting: 0 })
  })
})
