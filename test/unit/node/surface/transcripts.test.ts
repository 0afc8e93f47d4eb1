import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Line, readLines } from '../../../../node/surface/cli/lines.ts'
import { type Format, readTranscripts } from '../../../../node/surface/cli/transcripts.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmlore-transcripts-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const gathered: T[] = []
  for await (const item of items) gathered.push(item)
  return gathered
}

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part
}

async function linesOf(max: number, ...parts: (string | Uint8Array)[]): Promise<Line[]> {
  return all(readLines(chunks(...parts), max))
}

async function read(content: string, format: Format = 'auto') {
  const path = join(folder, 'file')
  await writeFile(path, content)
  const found = await all(readTranscripts(path, format, () => {}))
  return found.map(one => ('transcript' in one ? one.transcript : [one.line, one.code]))
}

test('lines come out the same however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[a-zäé ]{0,12}$/)),
      fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
      async (texts, sizes) => {
        const bytes = Buffer.from(texts.map(text => `${text}\n`).join(''))
        const parts: Uint8Array[] = []
        let at = 0
        for (const size of sizes) {
          if (at >= bytes.length) break
          parts.push(bytes.subarray(at, at + size))
          at += size
        }
        const lines = await linesOf(1000, ...parts)
        expect(lines).toEqual(texts.map((text, index) => ({ number: index + 1, text })))
      },
    ),
  )
})

test('a line that is too long is left out with its number, and reading goes on', async () => {
  expect(await linesOf(5, 'abcde\nab', 'cdef\nok', '\n', 'x'.repeat(100))).toEqual([
    { number: 1, text: 'abcde' },
    { number: 2, problem: 'too-long' },
    { number: 3, text: 'ok' },
    { number: 4, problem: 'too-long' },
  ])
})

test('a last line needs no line break; a carriage return and a byte order mark are not part of a line', async () => {
  expect(await linesOf(50, '\ufeffone\r\n', 'two')).toEqual([
    { number: 1, text: 'one' },
    { number: 2, text: 'two' },
  ])
  expect(await linesOf(50, Uint8Array.of(0xff, 0xfe, 0x0a), 'ok')).toEqual([
    { number: 1, problem: 'not-utf8' },
    { number: 2, text: 'ok' },
  ])
  expect(await linesOf(50)).toEqual([])
})

test('one transcript a line, with what is none in its place', async () => {
  expect(await read('\n{"a":1}\n\n{"b\n"text"\n[{"c":1},{"d":1}]\n')).toEqual([
    { a: 1 },
    [4, 'not-json'],
    [5, 'not-an-object'],
    { c: 1 },
    { d: 1 },
  ])
})

test('a list of messages is one conversation', async () => {
  const messages = [{ role: 'user', content: 'a' }]
  expect(await read(JSON.stringify(messages))).toEqual([{ messages }])
})

test('a document over many lines is read as one, and its list as transcripts', async () => {
  expect(await read(JSON.stringify([{ a: 1 }, { b: 2 }], undefined, 2))).toEqual([{ a: 1 }, { b: 2 }])
  expect(await read(JSON.stringify({ a: 1 }, undefined, 2))).toEqual([{ a: 1 }])
  expect(await read('{"a":\n1}\n', 'document')).toEqual([{ a: 1 }])
  expect(await read('{"a":\n1}\n', 'lines')).toEqual([
    [1, 'not-json'],
    [2, 'not-json'],
  ])
  expect(await read('nonsense', 'document')).toEqual([[1, 'not-json']])
})

test('a broken first line does not cost the lines after it', async () => {
  expect(await read('{"a":\n{"b":1}\n{"c":1}')).toEqual([[1, 'not-json'], { b: 1 }, { c: 1 }])
})

test('an OpenTelemetry export is its spans', async () => {
  const span = { attributes: [{ key: 'gen_ai.request.model', value: { stringValue: 'm' } }] }
  const exported = { resourceSpans: [{ scopeSpans: [{ spans: [span, span] }] }, { scopeSpans: 'none' }] }
  expect(await read(JSON.stringify(exported))).toEqual([span, span])
})

test('a session log with chat messages becomes one conversation a session', async () => {
  const event = (sessionId: string, message: object, more = {}) =>
    JSON.stringify({ type: 'x', sessionId, message, ...more })
  const log = [
    JSON.stringify({ type: 'mode', sessionId: 's1' }),
    event('s1', { role: 'user', content: 'fix it' }),
    event('s2', { role: 'user', content: 'other' }),
    event('s1', {
      role: 'assistant',
      content: [{ type: 'tool_use', id: 't1', name: 'bash', input: { command: 'ls' } }],
    }),
    event('s1', { role: 'user', content: 'helper' }, { isSidechain: true }),
    '{"broken',
    event('s1', { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'ok' }] }),
  ]
  const found = await read(log.join('\n'))
  expect(found).toEqual([
    [6, 'not-json'],
    {
      messages: [
        { role: 'user', content: 'fix it' },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 't1', name: 'bash', input: { command: 'ls' } }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'ok' }] },
      ],
    },
    { messages: [{ role: 'user', content: 'other' }] },
  ])
})

test('a session log with payloads becomes one conversation, its calls with their outputs', async () => {
  const item = (payload: object) => JSON.stringify({ type: 'response_item', payload })
  const log = [
    JSON.stringify({ type: 'session_meta', payload: { id: 'x' } }),
    item({ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'fix it' }] }),
    item({ type: 'function_call', name: 'shell', arguments: '{"command":"ls"}', call_id: 'c1' }),
    item({ type: 'function_call_output', call_id: 'c1', output: 'exit 0' }),
    item({ type: 'reasoning', encrypted_content: 'x' }),
    JSON.stringify({ type: 'event_msg', payload: { type: 'token_count' } }),
  ]
  expect(await read(log.join('\n'))).toEqual([
    {
      messages: [
        { role: 'user', content: [{ type: 'input_text', text: 'fix it' }] },
        {
          role: 'assistant',
          tool_calls: [{ id: 'c1', function: { name: 'shell', arguments: '{"command":"ls"}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'exit 0' },
      ],
    },
  ])
})

test('what is JSON and holds no transcript is reported, and does not vanish', async () => {
  const none = '[]\n{"resourceSpans":[]}\n{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}\n[[]]\nnull'
  expect(await read(`${none}\n{"a":1}`)).toEqual([
    [1, 'holds-none'],
    [2, 'holds-none'],
    [3, 'holds-none'],
    [4, 'not-an-object'],
    [5, 'not-an-object'],
    { a: 1 },
  ])
  expect(await read('[\n]', 'document')).toEqual([[1, 'holds-none']])
  expect(await read('{"type":"mode","sessionId":"s1"}\n')).toEqual([[1, 'holds-none']])
})

test('a folder and a missing file are unreadable files, and no crash', async () => {
  for (const path of [folder, join(folder, 'missing')]) {
    const found = await all(readTranscripts(path, 'auto', () => {}))
    expect(found).toMatchObject([{ line: 0, code: 'unreadable-file' }])
  }
})

test('what nests too deeply is reported in its place, and the lines around it are read', async () => {
  const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  const deep = `{"messages":${lists(100_000)}}`
  const most = `{"messages":${lists(64)}}`
  expect(await read(`{"a":1}\n${deep}\n{"b":1}`)).toEqual([{ a: 1 }, [2, 'too-deep'], { b: 1 }])
  expect(await read(most)).toEqual([JSON.parse(most)])
  expect(await read(`{"messages":${lists(65)}}`)).toEqual([[1, 'too-deep']])
  for (const format of ['auto', 'document'] as const) {
    expect(await read(`[${most},\n${deep}]`, format)).toEqual([JSON.parse(most), [1, 'too-deep']])
  }
  expect(await read(`[{"role":"user","content":${lists(100_000)}}]`)).toEqual([[1, 'too-deep']])
  const event = (content: string) =>
    `{"type":"x","sessionId":"s","message":{"role":"user","content":${content}}}`
  expect(await read([event('"a"'), event(lists(100_000)), event('"b"')].join('\n'))).toEqual([
    [2, 'too-deep'],
    {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
      ],
    },
  ])
})
