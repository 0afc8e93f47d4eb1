import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDistiller } from '../../node/lessons/distiller.ts'
import { closeTag, openTag, stripRecallBlocks } from '../../node/lessons/recall-block.ts'
import { captureValue } from '../../node/pipeline/capture.ts'
import { redact } from '../../node/pipeline/redact.ts'
import type { RedactedEpisode } from '../../node/ports.ts'
import {
  distilled,
  noOwnRules,
  redacted,
  type Script,
  type Step,
  textOf,
  transcript,
} from '../unit/node/lessons/episodes.ts'

const context = { capturedAt: 0, source: 'test' }
const signal = new AbortController().signal

const json = fc.jsonValue({ maxDepth: 4 })
const message = fc.record(
  {
    role: fc.constantFrom('user', 'assistant', 'tool', 'system', 'function', 'other', 7),
    content: fc.oneof(fc.string(), json),
    tool_call_id: fc.oneof(fc.constantFrom('a', 'b'), json),
    name: fc.oneof(fc.constantFrom('find', 'book'), json),
    tool_calls: fc.oneof(
      json,
      fc.array(
        fc.record({
          id: fc.constantFrom('a', 'b', ''),
          function: fc.record({
            name: fc.constantFrom('find', 'book', ''),
            arguments: fc.oneof(fc.string(), fc.json(), json),
          }),
        }),
      ),
    ),
  },
  { requiredKeys: ['role'] },
)

describe('capture', () => {
  it('answers any value with an episode or a code, and never throws', () => {
    fc.assert(fc.property(fc.jsonValue(), value => typeof captureValue(value, context).ok === 'boolean'))
    const shapes = fc.record(
      {
        messages: fc.oneof(json, fc.array(message)),
        interactions: json,
        attributes: json,
        events: json,
        observations: json,
      },
      { requiredKeys: [] },
    )
    fc.assert(fc.property(shapes, value => typeof captureValue(value, context).ok === 'boolean'))
  })

  it('is followed by redaction and distilling that take whatever it lets through', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1 }), fc.boolean(), async (messages, solved) => {
        const episode = captureValue({ messages, outcome: { solved } }, context)
        if (!episode.ok) return
        const drafts = await createDistiller().distil([await redact(episode.value, noOwnRules)], signal)
        expect(Array.isArray(drafts)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('leaves nothing of a recalled block, wherever it stands', () => {
    const plain = fc.string().filter(text => !text.includes('<'))
    fc.assert(
      fc.property(plain, plain, fc.stringMatching(/^[a-z0-9]{1,32}$/), (before, after, mark) => {
        const text = stripRecallBlocks(`${before}${openTag(mark)}SECRET-LESSON${closeTag(mark)}${after}`)
        expect(text).toBe(`${before}${after}`.trim())
      }),
    )
  })
})

const VALUES = ['zq-alpha', 'zq-beta', 'zq-gamma', 'zq-delta']

/** Runs of two tools in a small world, so that failures, repairs and states come together often. */
const value = fc.constantFrom(...VALUES)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ user: value.map(text => `zqstory zqperson ${text}`) }),
  fc
    .record({
      item: value,
      state: fc.constantFrom('open', 'shut'),
      parts: fc.array(fc.record({ id: value })),
    })
    .map(record => ({ tool: 'get_item', arguments: { item: record.item }, result: record })),
  fc.record({
    tool: fc.constant('use_item'),
    arguments: fc.record({ item: value, parts: fc.array(value, { maxLength: 3 }) }),
    result: fc.oneof(
      fc.constantFrom('ok', 'Error: only open items work', 'Error: counts differ'),
      value.map(text => `Error: item ${text} not found for Zqperson`),
    ),
  }),
)
const script: fc.Arbitrary<Script> = fc.record(
  {
    task: fc.constantFrom('a', 'b', 'c'),
    trial: fc.nat(1000),
    reward: fc.constantFrom(0, 1),
    steps: fc.array(step, { minLength: 1, maxLength: 9 }),
  },
  { requiredKeys: ['task', 'trial', 'steps'] },
)
const scripts = fc.array(script, { minLength: 1, maxLength: 8 })

describe('the distiller', () => {
  it('gives the same drafts for the same episodes, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async list => {
        const episodes = await Promise.all(list.map(item => redacted(transcript(item))))
        const one = await createDistiller().distil(episodes, signal)
        const other = await createDistiller().distil(episodes.toReversed(), signal)
        expect(other).toEqual(one)
      }),
      { numRuns: 60 },
    )
  })

  it('gives what a fresh one gives, whatever it looked at before', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, fc.nat(7), fc.boolean(), async (list, first, solved) => {
        const episodes = await Promise.all(list.map(item => redacted(transcript(item))))
        const judged = episodes.map(
          (one, at): RedactedEpisode => (at === first ? { ...one, outcome: { solved, by: 'reward' } } : one),
        )
        const distiller = createDistiller()
        await distiller.distil(episodes.slice(0, first), signal)
        await distiller.distil(episodes, signal)
        const drafts = await distiller.distil(judged, signal)
        expect(drafts).toEqual(await createDistiller().distil(judged, signal))
      }),
      { numRuns: 60 },
    )
  })

  it('says no word that a user or a record said: only names, error words and its own', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async list => {
        // An id that no call and no result of a run holds could not be told from a word of the error.
        const known: Step = { tool: 'list_items', arguments: {}, result: { items: VALUES } }
        const runs = list.map(item => transcript({ ...item, steps: [known, ...item.steps] }))
        for (const draft of await distilled(runs)) expect(textOf(draft)).not.toMatch(/zq/i)
      }),
      { numRuns: 100 },
    )
  })

  it('says the same words for the same key, whatever runs it was found in', async () => {
    const texts = new Map<string, string>()
    await fc.assert(
      fc.asyncProperty(scripts, async list => {
        for (const draft of await distilled(list.map(transcript))) {
          const { tools } = draft.context
          const text = `${textOf({ ...draft, context: {} })} ${tools?.map(tool => tool.name).join()}`
          expect(texts.get(draft.key) ?? text).toBe(text)
          texts.set(draft.key, text)
        }
      }),
      { numRuns: 100 },
    )
    expect(texts.size).toBeGreaterThan(3)
  })

  it('stops when it is told to', async () => {
    const episodes = [await redacted(transcript({ task: 'a', steps: [{ user: 'hi' }] }))]
    await expect(createDistiller().distil(episodes, AbortSignal.abort())).rejects.toThrow()
  })
})
