import { describe, expect, it } from 'vitest'
import { closeTag, openTag } from '../../../../node/lessons/recall-block.ts'
import { captureValue } from '../../../../node/pipeline/capture.ts'
import type { Episode } from '../../../../node/ports.ts'

const context = { capturedAt: 1_700_000_000_000, source: 'runs.jsonl' }

function episodeOf(value: unknown): Episode {
  const result = captureValue(JSON.parse(JSON.stringify(value)), context)
  if (!result.ok) throw new TypeError(result.message)
  return result.value
}

function codeOf(value: unknown): string {
  const result = captureValue(value, context)
  return result.ok ? 'ok' : result.code
}

const call = (id: string, name: string, args: string) => ({
  id,
  type: 'function',
  function: { name, arguments: args },
})

describe('chat transcripts', () => {
  it('pairs calls with their results and reads task, model and reward', () => {
    const episode = episodeOf({
      task_id: 7,
      trial: 2,
      reward: 0.9999999,
      model: 'm-1',
      domain: 'library',
      traj: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Where is my book?' },
        { role: 'assistant', content: null, tool_calls: [call('x1', 'find_book', '{"title": "Dune"}')] },
        { role: 'tool', tool_call_id: 'x1', name: 'find_book', content: 'shelf 4' },
        { role: 'assistant', content: 'On shelf 4.' },
      ],
      info: { gold: 'the answer that nobody may see' },
    })
    expect(episode.ask).toBe('library/7')
    expect(episode.model).toBe('m-1')
    expect(episode.outcome).toEqual({ solved: true, by: 'reward' })
    expect(episode.interactions).toEqual([
      { type: 'message', role: 'system', text: 'Be kind.' },
      { type: 'message', role: 'user', text: 'Where is my book?' },
      {
        type: 'call',
        id: 'call-1',
        tool: 'find_book',
        arguments: { title: 'Dune' },
        text: '{"title": "Dune"}',
      },
      { type: 'result', callId: 'call-1', tool: 'find_book', text: 'shelf 4' },
      { type: 'message', role: 'assistant', text: 'On shelf 4.' },
    ])
    expect(JSON.stringify(episode)).not.toContain('nobody may see')
  })

  it('survives arguments that are not JSON, missing results and repeated ids', () => {
    const episode = episodeOf({
      messages: [
        { role: 'assistant', tool_calls: [call('same', 'a', '{broken'), call('same', 'b', '{"n":1}')] },
        { role: 'tool', tool_call_id: 'same', content: 'first' },
        { role: 'tool', tool_call_id: 'same', content: 'second' },
        { role: 'tool', tool_call_id: 'never-called', content: 'third' },
        { role: 'assistant', tool_calls: [call('lonely', 'c', '')] },
      ],
    })
    expect(episode.interactions).toEqual([
      { type: 'call', id: 'call-1', tool: 'a', arguments: undefined, text: '{broken' },
      { type: 'call', id: 'call-2', tool: 'b', arguments: { n: 1 }, text: '{"n":1}' },
      { type: 'result', callId: 'call-1', tool: 'a', text: 'first' },
      { type: 'result', callId: 'call-2', tool: 'b', text: 'second' },
      { type: 'result', callId: '', tool: 'unknown', text: 'third' },
      { type: 'call', id: 'call-3', tool: 'c', arguments: {}, text: '' },
    ])
  })

  it('reads content parts with tool use, tool results and thinking', () => {
    const episode = episodeOf({
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Go.' }] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'I should look.' },
            { type: 'tool_use', id: 't1', name: 'look', input: { at: 'door' } },
          ],
        },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'shut' }] }],
        },
      ],
    })
    expect(episode.interactions).toEqual([
      { type: 'message', role: 'user', text: 'Go.' },
      { type: 'reasoning', text: 'I should look.' },
      { type: 'call', id: 'call-1', tool: 'look', arguments: { at: 'door' }, text: '{"at":"door"}' },
      { type: 'result', callId: 'call-1', tool: 'look', text: 'shut' },
    ])
  })

  it('reads a conversation kept as one text', () => {
    const episode = episodeOf({
      messages_display: 'user: Hi\nthere\nassistant: None\ntool: {"a":1}\nassistant: Done.',
    })
    expect(episode.interactions).toEqual([
      { type: 'message', role: 'user', text: 'Hi\nthere' },
      { type: 'result', callId: '', tool: 'unknown', text: '{"a":1}' },
      { type: 'message', role: 'assistant', text: 'Done.' },
    ])
  })
})

describe('a result that its transcript marks as an error', () => {
  const resultOf = (value: unknown): unknown =>
    episodeOf(value).interactions.flatMap(item => (item.type === 'result' ? item.text : []))[0]
  const asked = { role: 'assistant', content: [{ type: 'tool_use', id: 'u1', name: 'find', input: {} }] }
  const answered = (content: string, mark: object): unknown => ({
    messages: [
      asked,
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'u1', content, ...mark }] },
    ],
  })

  it('says so in its words', () => {
    expect(resultOf(answered('The desk is closed', { is_error: true }))).toBe('Error: The desk is closed')
    expect(resultOf(answered('The desk is open', { is_error: false }))).toBe('The desk is open')
    const message = { role: 'tool', tool_call_id: 'u1', status: 'error', content: 'The desk is closed' }
    expect(resultOf({ messages: [asked, message] })).toBe('Error: The desk is closed')
  })

  it('is left as it is where it says so already', () => {
    for (const said of ['Error: closed', '{"error":"closed today"}', 'Book not found'])
      expect(resultOf(answered(said, { is_error: true }))).toBe(said)
  })
})

describe('other forms', () => {
  it.each([
    [{ correct: true }, true],
    [{ feedback: 'wrong' }, false],
    [{ outcome: 'solved' }, true],
    [{ outcome: { solved: false } }, false],
  ])('takes a question and its answer with %j', (verdict, solved) => {
    const episode = episodeOf({ question: 'Q?', answer: 'A.', ...verdict })
    expect(episode.outcome).toEqual({ solved, by: 'feedback' })
    expect(episode.interactions.map(item => item.type)).toEqual(['message', 'message'])
  })

  it.each([
    { reward: 0, outcome: 'solved' },
    { reward: 1, outcome: 'failed' },
    { reward: 1, feedback: 'wrong' },
    { outcome: { solved: true, by: 'user' }, exit_code: 1 },
    { outcome: 'solved', reward: 1, success: false },
    { correct: true, is_solved: false },
  ])('takes no outcome from a transcript that contradicts itself: %j', signs => {
    const episode = episodeOf({ question: 'Q?', answer: 'A.', ...signs })
    expect(episode.outcome).toBeUndefined()
    expect(episode.contradictory).toBe(true)
  })

  it.each([
    [{ reward: 1, outcome: 'solved', exit_code: 0, success: true }, true],
    [{ reward: 0, outcome: 'failed', is_solved: false }, false],
    // What cannot be read beside a sign that can is none.
    [{ outcome: 'solved', feedback: 'The desk was kind.' }, true],
    [{ outcome: 'solved', reward: 17 }, true],
    [{ reward: 1, success: 'mostly' }, true],
  ])('takes the outcome where all signs agree: %j', (signs, solved) => {
    const episode = episodeOf({ question: 'Q?', answer: 'A.', ...signs })
    expect(episode.outcome?.solved).toBe(solved)
    expect(episode.contradictory).toBeUndefined()
  })

  it('takes an attempt with its verdict as reflections, an observation and an outcome', () => {
    const episode = episodeOf({
      name: 'p1',
      prompt: 'Write f.',
      solution: 'f = 1',
      is_solved: false,
      reflections: ['Off by one.'],
    })
    expect(episode.outcome).toEqual({ solved: false, by: 'test' })
    expect(episode.interactions.at(-1)).toEqual({ type: 'observation', name: 'verdict', value: 'not solved' })
    expect(episode.interactions).toContainEqual({ type: 'reasoning', text: 'Off by one.' })
  })

  it('takes observations of sensors and environments', () => {
    const episode = episodeOf({
      observations: [{ name: 'door', value: { open: true }, at: 12 }],
      exit_code: 0,
    })
    expect(episode.interactions).toEqual([
      { type: 'observation', name: 'door', value: '{"open":true}', at: 12 },
    ])
    expect(episode.outcome).toEqual({ solved: true, by: 'exit-code' })
  })

  it('takes its own form', () => {
    const interactions = [
      { type: 'message', role: 'user', text: 'Hi' },
      { type: 'call', id: 'a', tool: 't', arguments: { x: 1 } },
      { type: 'result', callId: 'a', tool: 't', text: 'ok' },
    ]
    expect(episodeOf({ interactions, ask: 'greet' }).ask).toBe('runs.jsonl/greet')
    expect(codeOf({ interactions: [{ type: 'message', role: 'user' }] })).toBe('bad-field')
  })

  it('takes GenAI spans with message attributes', () => {
    const episode = episodeOf({
      name: 'chat m',
      attributes: {
        'gen_ai.request.model': 'm-2',
        'gen_ai.input.messages': JSON.stringify([
          { role: 'user', parts: [{ type: 'text', content: 'Weather?' }] },
          {
            role: 'assistant',
            parts: [{ type: 'tool_call', id: 'w', name: 'weather', arguments: { city: 'Oslo' } }],
          },
          { role: 'tool', parts: [{ type: 'tool_call_response', id: 'w', result: 'rain' }] },
        ]),
        'gen_ai.output.messages': JSON.stringify([
          { role: 'assistant', parts: [{ type: 'text', content: 'Rain.' }] },
        ]),
      },
    })
    expect(episode.model).toBe('m-2')
    expect(episode.interactions).toEqual([
      { type: 'message', role: 'user', text: 'Weather?' },
      { type: 'call', id: 'call-1', tool: 'weather', arguments: { city: 'Oslo' }, text: '{"city":"Oslo"}' },
      { type: 'result', callId: 'call-1', tool: 'weather', text: 'rain' },
      { type: 'message', role: 'assistant', text: 'Rain.' },
    ])
  })

  it('takes GenAI spans with events, and tool spans in OTLP form', () => {
    const events = episodeOf({
      events: [
        { name: 'gen_ai.user.message', attributes: { content: 'Hi' } },
        { name: 'gen_ai.choice', body: { message: { content: 'Hello' } } },
      ],
    })
    expect(events.interactions).toEqual([
      { type: 'message', role: 'user', text: 'Hi' },
      { type: 'message', role: 'assistant', text: 'Hello' },
    ])
    const tool = episodeOf({
      attributes: [
        { key: 'gen_ai.operation.name', value: { stringValue: 'execute_tool' } },
        { key: 'gen_ai.tool.name', value: { stringValue: 'weather' } },
        { key: 'gen_ai.tool.call.arguments', value: { stringValue: '{"city":"Oslo"}' } },
        { key: 'gen_ai.tool.call.result', value: { stringValue: 'rain' } },
      ],
    })
    expect(tool.interactions.map(item => item.type)).toEqual(['call', 'result'])
  })
})

describe('what is refused, with a code', () => {
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))

  it.each([
    ['not-an-object', [1, 2]],
    ['unknown-format', { hello: 'world' }],
    ['bad-field', { messages: 'hi' }],
    ['bad-field', { messages: [{ content: 'no role' }] }],
    ['bad-outcome', { messages: [], reward: 17 }],
    ['bad-outcome', { question: 'q', answer: 'a', feedback: 'perhaps' }],
    ['empty-episode', { messages: [] }],
    ['too-deep', { messages: [{ role: 'user', content: nested(200) }] }],
    [
      'too-many-interactions',
      { messages: Array.from({ length: 20_001 }, () => ({ role: 'user', content: 'x' })) },
    ],
  ])('%s', (code, value) => {
    expect(codeOf(value)).toBe(code)
  })

  it('refuses an episode that is too large', () => {
    const messages = Array.from({ length: 21 }, () => ({ role: 'user', content: 'x'.repeat(250 * 1024) }))
    expect(codeOf({ messages })).toBe('too-large')
  })

  it('does not hang on a value nested a million times', () => {
    const deep: unknown = JSON.parse(`{"messages":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`)
    expect(codeOf(deep)).toBe('too-deep')
  })

  it('cuts a huge text and says so', () => {
    const episode = episodeOf({ messages: [{ role: 'user', content: 'y'.repeat(300 * 1024) }] })
    const [message] = episode.interactions
    expect(message?.type === 'message' ? message.text : '').toMatch(/y\n\[45056 characters cut\]$/)
  })

  it('keeps a key __proto__ a key', () => {
    const line =
      '{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"t","arguments":"{\\"__proto__\\":{\\"a\\":1}}"}}]}]}'
    const result = captureValue(JSON.parse(line), context)
    const [item] = result.ok ? result.value.interactions : []
    expect(item?.type === 'call' ? Object.keys(item.arguments ?? {}) : []).toEqual(['__proto__'])
  })
})

describe('identity', () => {
  const chat = (text: string, extra = {}) => ({ messages: [{ role: 'user', content: text }], ...extra })

  it('gives the same run the same id, wherever it is read from and in whatever order its fields stand', () => {
    const first = captureValue({ messages: [{ role: 'user', content: 'hi' }], reward: 1 }, context)
    const again = captureValue(
      { reward: 1, messages: [{ content: 'hi', role: 'user' }] },
      { capturedAt: 5, source: 'copy' },
    )
    expect(first.ok && again.ok && first.value.id === again.value.id).toBe(true)
  })

  it('tells trials and outcomes of the same words apart', () => {
    const ids = [
      chat('hi'),
      chat('hi', { trial: 1 }),
      chat('hi', { trial: 2 }),
      chat('hi', { reward: 1 }),
    ].map(value => episodeOf(value).id)
    expect(new Set(ids).size).toBe(4)
  })

  it('takes runs with the same first words for the same ask where no task is named', () => {
    expect(episodeOf(chat('hi')).ask).toBe(episodeOf(chat('hi', { trial: 3 })).ask)
    expect(episodeOf(chat('hi')).ask).not.toBe(episodeOf(chat('ho')).ask)
  })
})

describe('the recall-loop guard', () => {
  it('takes recalled blocks out of messages, results and observations', () => {
    const block = `${openTag('k3')}\nRecalled: use the other tool.\n${closeTag('k3')}`
    const episode = episodeOf({
      messages: [
        { role: 'user', content: `Before.\n${block}\nAfter.` },
        { role: 'user', content: block },
        { role: 'assistant', tool_calls: [call('a', 'read', '{}')] },
        { role: 'tool', tool_call_id: 'a', content: `${block} and the file` },
      ],
    })
    expect(JSON.stringify(episode.interactions)).not.toContain('other tool')
    expect(episode.interactions).toHaveLength(3)
    expect(episode.interactions.at(-1)).toMatchObject({ text: 'and the file' })
    expect(episode.recalled).toBe(true)
    expect(episodeOf({ messages: [{ role: 'user', content: ' Nothing of it. ' }] }).recalled).toBeUndefined()
  })

  it('leaves out the results of our own recall tools, and only of those', () => {
    const episode = episodeOf({
      messages: [
        {
          role: 'assistant',
          tool_calls: [call('a', 'mcp__swarmlore__recall', '{}'), call('b', 'check', '{}')],
        },
        { role: 'tool', tool_call_id: 'a', content: 'a recalled lesson' },
        { role: 'tool', tool_call_id: 'b', content: 'somebody else’s tool' },
      ],
    })
    const results = episode.interactions.filter(item => item.type === 'result')
    expect(results.map(item => item.text)).toEqual(['somebody else’s tool'])
    expect(episode.recalled).toBe(true)
  })
})
