import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { request } from '../../../node/surface/cli/http-request.ts'
import { type ApiLimits, apiLimits, createApi } from '../../../node/surface/http/api.ts'
import { type Listening, listen, type ServerOptions } from '../../../node/surface/http/server.ts'
import { cidOf, FakeNode, friend } from '../../unit/node/surface/fake-node.ts'

const token = 'test-token-test-token-test-token-test'
const open: Listening[] = []
afterEach(async () => {
  for (const listening of open.splice(0)) await listening.close()
})

interface Given {
  readonly node?: FakeNode
  readonly limits?: Partial<ApiLimits>
  readonly server?: Partial<ServerOptions>
  readonly hosts?: readonly string[]
  readonly exposed?: boolean
  readonly ready?: boolean
}

/** An API on a free loopback port, and a caller that sends the token unless told otherwise. */
async function start(given: Given = {}) {
  const reported: unknown[] = []
  const api = createApi({
    node: given.node ?? new FakeNode(),
    token,
    hosts: given.hosts ?? [],
    exposed: given.exposed ?? false,
    version: '0',
    ready: () => given.ready ?? true,
    report: error => reported.push(error),
    limits: { ...apiLimits, ...given.limits },
  })
  const listening = await listen(api, { host: '127.0.0.1', port: 0, expose: false, ...given.server })
  if (!listening.ok) throw new Error(listening.message)
  open.push(listening.value)
  const call = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const answer = await request({
      url: listening.value.url + path,
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body }),
    })
    if (!answer.ok) throw new Error(answer.message)
    const { status, text } = answer.value
    return { status, body: text.startsWith('{') ? JSON.parse(text) : text }
  }
  return { ...listening.value, call, reported }
}

const transcript = JSON.stringify({ messages: [{ role: 'user', content: 'hello' }] })

test('health needs no token; everything else does, and says where the token is', async () => {
  const { call } = await start()
  const none = { authorization: '' }
  expect(await call('GET', '/healthz', undefined, none)).toMatchObject({ status: 200, body: 'ok\n' })
  expect(await call('GET', '/readyz', undefined, none)).toMatchObject({ status: 200 })
  for (const path of ['/api/v1/status', '/openapi.json', '/api/v1/events', '/nothing']) {
    const refused = await call('GET', path, undefined, none)
    expect(refused).toMatchObject({ status: 401, body: { code: 'no-token', status: 401 } })
  }
  for (const wrong of ['Bearer wrong', `Bearer ${token}x`, `Bearer ${token.slice(1)}`]) {
    const refused = await call('GET', '/api/v1/status', undefined, { authorization: wrong })
    expect(refused).toMatchObject({ status: 401, body: { code: 'bad-token' } })
  }
  const basic = { authorization: `Basic ${token}` }
  expect(await call('GET', '/api/v1/status', undefined, basic)).toMatchObject({ status: 401 })
})

test('a node that is still starting is healthy and not ready, and does nothing that needs the network', async () => {
  const { call } = await start({ ready: false })
  expect(await call('GET', '/healthz')).toMatchObject({ status: 200 })
  expect(await call('GET', '/readyz')).toMatchObject({ status: 503 })
  expect(await call('GET', '/api/v1/status')).toMatchObject({ status: 200 })
  expect(await call('POST', '/api/v1/invites', '{}')).toMatchObject({
    status: 503,
    body: { code: 'not-ready' },
  })
})

test('a foreign host name is refused, with and without the token, so that DNS rebinding leads nowhere', async () => {
  const { call, port } = await start()
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    '10.0.0.7',
    '[::2]',
  ]) {
    const refused = await call('GET', '/api/v1/status', undefined, { host })
    expect(refused, host).toMatchObject({ status: 403, body: { code: 'bad-host' } })
    expect(await call('GET', '/healthz', undefined, { host }), host).toMatchObject({ status: 403 })
  }
  for (const host of [`localhost:${port}`, 'LOCALHOST', `127.0.0.1:${port}`, `[::1]:${port}`]) {
    expect(await call('GET', '/api/v1/status', undefined, { host }), host).toMatchObject({ status: 200 })
  }
})

test('names that the owner listed and, once exposed, addresses are hosts; other names still are not', async () => {
  const { call } = await start({ hosts: ['Box.lan'], exposed: true })
  for (const [host, status] of [
    ['box.lan:7717', 200],
    ['10.0.0.7', 200],
    ['evil.example', 403],
  ] as const) {
    expect(await call('GET', '/api/v1/status', undefined, { host })).toMatchObject({ status })
  }
})

test('pages of other origins are refused even with the token; nothing is said about CORS', async () => {
  const { call, url, port } = await start()
  const foreign = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `http://localhost:${port + 1}` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const headers of foreign) {
    const refused = await call('POST', '/api/v1/distil', '{}', { ...headers })
    expect(refused, JSON.stringify(headers)).toMatchObject({ status: 403, body: { code: 'bad-origin' } })
  }
  expect(await call('POST', '/api/v1/distil', '{}', { origin: url })).toMatchObject({ status: 200 })
  const plain = await fetch(`${url}/healthz`)
  expect([...plain.headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
})

test('a transcript is answered with 201, and its idempotency key makes a retry harmless', async () => {
  const node = new FakeNode()
  const { call } = await start({ node })
  const key = { 'idempotency-key': 'k1' }
  const first = await call('POST', '/api/v1/episodes', transcript, key)
  expect(first).toMatchObject({ status: 201, body: { known: false } })
  const second = await call('POST', '/api/v1/episodes', transcript, key)
  expect(second).toMatchObject({ status: 201, body: { known: true, episode: first.body.episode } })
  expect(node.captured.size).toBe(1)
})

test('a transcript that is refused is no 201, and has the code of the reason', async () => {
  const { call } = await start()
  const refused = await call('POST', '/api/v1/episodes', '{"what":"is this"}')
  expect(refused).toMatchObject({ status: 422, body: { code: 'unknown-format', type: 'about:blank' } })
})

test('what is not JSON, not an object, not declared as JSON or not an input is refused as such', async () => {
  const { call } = await start()
  const bad = async (body: string, headers = {}) =>
    (await call('POST', '/api/v1/recall', body, headers)).body.code
  expect(await bad('{"query": ')).toBe('bad-json')
  expect(await bad('[1]')).toBe('bad-json')
  expect(await bad('null')).toBe('bad-json')
  expect(await bad('{"query":"x"}', { 'content-type': 'text/plain' })).toBe('bad-content-type')
  expect(await bad('{"query":"x","colour":1}')).toBe('bad-input')
  expect(await bad('{"__proto__":{"query":"x"}}')).toBe('bad-input')
  expect(await bad('{"query":5}')).toBe('bad-input')
  expect(await bad('')).toBe('bad-input')
  expect((await call('GET', '/api/v1/entries?colour=red')).body.code).toBe('bad-input')
  expect((await call('GET', '/api/v1/entries?limit=many')).body.code).toBe('bad-input')
  expect((await call('GET', '/api/v1/entries?limit=7')).status).toBe(200)
})

test('a body beyond its limit is refused, declared or not; transcripts may be larger than the rest', async () => {
  const { call, port } = await start({ limits: { bodyBytes: 1000, largeBodyBytes: 5000 } })
  const large = JSON.stringify({ messages: ['x'.repeat(2000)] })
  expect(await call('POST', '/api/v1/episodes', large)).toMatchObject({ status: 201 })
  expect(await call('POST', '/api/v1/recall', large)).toMatchObject({
    status: 413,
    body: { code: 'body-too-large' },
  })
  const huge = JSON.stringify({ messages: ['x'.repeat(6000)] })
  expect(await call('POST', '/api/v1/episodes', huge)).toMatchObject({ status: 413 })
  const chunk = `7d0\r\n${'x'.repeat(2000)}\r\n`
  const answer = await raw(port, [head('/api/v1/recall', 'transfer-encoding: chunked'), chunk, chunk])
  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
})

test('an unknown path is 404, and a wrong method is 405 and names the right ones', async () => {
  const { call, url } = await start()
  expect(await call('GET', '/api/v1/nothing')).toMatchObject({ status: 404, body: { code: 'unknown-path' } })
  expect(await call('GET', `/api/v1/entries/${cidOf(9)}`)).toMatchObject({
    body: { code: 'unknown-entry', status: 404 },
  })
  const answer = await fetch(`${url}/api/v1/entries`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
  })
  expect(answer.status).toBe(405)
  expect(answer.headers.get('allow')).toBe('GET, HEAD, POST')
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(await answer.json()).toMatchObject({
    code: 'method-not-allowed',
    detail: 'DELETE is not possible here; GET, HEAD and POST are.',
  })
  expect((await call('DELETE', '/api/v1/status')).body.detail).toMatch(/; GET and HEAD are\.$/)
  expect((await call('DELETE', '/api/v1/recall')).body.detail).toMatch(/; POST is\.$/)
})

test('ids in paths may be encoded or not', async () => {
  const { call } = await start()
  for (const id of [friend, encodeURIComponent(friend), 'bbbbX']) {
    expect(await call('GET', `/api/v1/peers/${id}/why`)).toMatchObject({
      status: 200,
      body: { peer: friend },
    })
  }
})

test('an error inside is reported to the owner and told to the caller without its text', async () => {
  const node = new FakeNode()
  node.broken = new TypeError('secret detail')
  const { call, reported } = await start({ node })
  const answer = await call('GET', '/api/v1/status')
  expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } })
  expect(JSON.stringify(answer.body)).not.toContain('secret')
  expect(reported).toEqual([node.broken])
  node.broken = Object.assign(new Error('The disk is full.'), { name: 'StoreError', code: 'store-full' })
  expect(await call('GET', '/api/v1/status')).toMatchObject({ status: 507, body: { code: 'store-full' } })
})

test('a client that sends slowly or stops is cut off, and others are served meanwhile', async () => {
  const times = { headersMs: 200, requestMs: 400, keepAliveMs: 200, checkMs: 50 }
  const { call, port } = await start({ server: { times } })
  const slowHead = raw(port, ['POST /api/v1/recall HTTP/1.1\r\nHost: 127.0.0.1\r\n'])
  const slowBody = raw(port, [head('/api/v1/recall', 'content-length: 100'), '{"query"'])
  expect(await call('GET', '/api/v1/status')).toMatchObject({ status: 200 })
  expect(await slowHead).toMatch(/^(HTTP\/1\.1 408 |$)/)
  expect(await slowBody).toMatch(/^(HTTP\/1\.1 408 |$)/)
  expect(await call('GET', '/api/v1/status')).toMatchObject({ status: 200 })
})

test('requests beyond those that may be under way are told to come again', async () => {
  const { call, port } = await start({ limits: { requests: 1 } })
  const waiting = connect(port, '127.0.0.1')
  waiting.write(head('/api/v1/recall', 'content-length: 100'))
  await expect.poll(async () => (await call('GET', '/api/v1/status')).body.code).toBe('busy')
  waiting.destroy()
  await expect.poll(async () => (await call('GET', '/api/v1/status')).status).toBe(200)
})

test('events arrive as they happen, with a heartbeat, and listening ends with the client', async () => {
  const node = new FakeNode()
  const { port } = await start({ node, limits: { events: { heartbeatMs: 20, buffered: 100, clients: 1 } } })
  const socket = connect(port, '127.0.0.1')
  let seen = ''
  socket.on('data', part => {
    seen += part
  })
  socket.write(head('/api/v1/events', '').replace('POST', 'GET'))
  await expect.poll(() => node.listeners.size).toBe(1)
  node.emit({ type: 'episode', episode: 'e1' })
  await expect.poll(() => seen).toContain('event: episode\ndata: {"type":"episode","episode":"e1"}\n\n')
  await expect.poll(() => seen).toContain(': still here')
  const second = await raw(port, [head('/api/v1/events', 'connection: close').replace('POST', 'GET')])
  expect(second).toMatch(/^HTTP\/1\.1 503 /)
  socket.destroy()
  await expect.poll(() => node.listeners.size).toBe(0)
})

test('a reader of events that does not read is cut off instead of filling the memory', async () => {
  const node = new FakeNode()
  const { port } = await start({
    node,
    limits: { events: { heartbeatMs: 10_000, buffered: 10, clients: 4 } },
  })
  const socket = connect(port, '127.0.0.1')
  socket.write(head('/api/v1/events', '').replace('POST', 'GET'))
  socket.pause()
  await expect.poll(() => node.listeners.size).toBe(1)
  for (let event = 0; event < 1000 && node.listeners.size > 0; event++) {
    node.emit({ type: 'episode', episode: 'x'.repeat(10_000) })
  }
  expect(node.listeners.size).toBe(0)
  socket.destroy()
})

test('closing ends event streams, so that the server stops', async () => {
  const node = new FakeNode()
  const { port, close } = await start({ node })
  const socket = connect(port, '127.0.0.1')
  socket.write(head('/api/v1/events', '').replace('POST', 'GET'))
  await expect.poll(() => node.listeners.size).toBe(1)
  await close()
  open.length = 0
  expect(node.listeners.size).toBe(0)
  socket.destroy()
})

test('a port in use is a failure that names the setting', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const api = { fetch: () => new Response(''), close() {} }
  const refused = await listen(api, { host: '127.0.0.1', port, expose: false })
  expect(refused).toMatchObject({
    ok: false,
    code: 'port-in-use',
    message: expect.stringContaining('httpPort'),
  })
  other.close()
})

test('nothing listens beyond loopback unless the owner said so', async () => {
  const api = { fetch: () => new Response(''), close() {} }
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org']) {
    const refused = await listen(api, { host, port: 0, expose: false })
    expect(refused, host).toMatchObject({ ok: false, code: 'not-exposed' })
  }
})

function head(path: string, header: string): string {
  const lines = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    ...(header === '' ? [] : [header]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Sends the parts as they are, and answers with all that comes back until the server closes. */
async function raw(port: number, parts: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', part => {
    answer += part
    // A server that refuses a body may leave the connection to the client.
    if (/\r\n\r\n[\s\S]*\}\n$/.test(answer)) socket.end()
  })
  // A connection that is cut off while it is written to ends in an error; what came back before tells.
  socket.on('error', () => socket.destroy())
  for (const part of parts) socket.write(part)
  await once(socket, 'close')
  return answer
}
