/**
 * The HTTP API as a Hono application, its routes made from the table of operations. It knows nothing of sockets;
 * server.ts gives it one.
 */

import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { methodNotAllowed } from 'hono/method-not-allowed'
import type { Result } from '../../../protocol/types.ts'
import type { SwarmloreNode } from '../../api.ts'
import { expectedFailure } from '../failure.ts'
import { type Operation, pathInputs } from '../operation.ts'
import { allOperations } from '../operations.ts'
import { type EventLimits, type EventStreams, eventStreams } from './events.ts'
import { hostGuard, originGuard, tokenGuard } from './guards.ts'
import { openApi } from './openapi.ts'
import { problem } from './problem.ts'

export interface ApiLimits {
  /** A transcript: the longest recorded runs have some hundred KiB. */
  readonly largeBodyBytes: number
  readonly bodyBytes: number
  /** Requests under way at once; with the body limit it bounds the memory that requests can take. */
  readonly requests: number
  readonly events: EventLimits
}

export const apiLimits: ApiLimits = {
  largeBodyBytes: 8 * 1024 * 1024,
  bodyBytes: 256 * 1024,
  requests: 32,
  events: { heartbeatMs: 15_000, buffered: 256, clients: 16 },
}

export interface ApiOptions {
  readonly node: SwarmloreNode
  readonly token: string
  /** Names besides loopback by which the API may be called. */
  readonly hosts: readonly string[]
  readonly exposed: boolean
  readonly version: string
  /** Whether the swarms are open. */
  readonly ready: () => boolean
  /** Where an unexpected error goes; the caller of the API sees only that there was one. */
  readonly report: (error: unknown) => void
  readonly limits?: ApiLimits
}

export interface Api {
  readonly fetch: Hono['fetch']
  /** Ends the event streams, which would otherwise hold the server open. */
  close(): void
}

export function createApi(options: ApiOptions): Api {
  const limits = options.limits ?? apiLimits
  const events = eventStreams(options.node, limits.events)
  const app = new Hono()
  app.use(hostGuard(options.hosts, options.exposed), originGuard, tokenGuard(options.token))
  app.use(inFlight(limits.requests))
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (context, methods) =>
        problem(
          {
            code: 'method-not-allowed',
            message: `${context.req.method} is not possible here; ${listed.format(methods)} ${methods.length === 1 ? 'is' : 'are'}.`,
          },
          { allow: methods.join(', ') },
        ),
    }),
  )
  for (const operation of allOperations) addRoute(app, operation, options, limits)
  addPlainRoutes(app, options, events)
  app.notFound(context =>
    problem({
      code: 'unknown-path',
      message: `There is nothing at ${context.req.path}. /openapi.json lists what there is.`,
    }),
  )
  app.onError(error => {
    options.report(error)
    const expected = expectedFailure(error)
    if (expected !== undefined) return problem(expected)
    return problem({
      code: 'internal',
      message: 'Something went wrong inside the node. Its log says what; please report it.',
    })
  })
  return { fetch: app.fetch, close: () => events.closeAll() }
}

/** 'GET, HEAD and POST'. */
const listed = new Intl.ListFormat('en-GB')

function addRoute(app: Hono, operation: Operation, { node, ready }: ApiOptions, limits: ApiLimits): void {
  const maxSize = operation.largeBody === true ? limits.largeBodyBytes : limits.bodyBytes
  const limit = bodyLimit({
    maxSize,
    onError: () =>
      problem(
        { code: 'body-too-large', message: `The body may have at most ${maxSize} bytes here.` },
        { connection: 'close' },
      ),
  })
  app.on(operation.method, operation.path.replaceAll(/\{(\w+)\}/g, ':$1'), limit, async context => {
    if (operation.needsRunning && !ready()) {
      return problem({ code: 'not-ready', message: 'The node is still starting. Try again in a moment.' })
    }
    const input = await readInput(context, operation)
    if (!input.ok) return problem(input)
    const done = await operation.run(node, input.value)
    return done.ok
      ? context.json(done.value, operation.status, { 'cache-control': 'no-store' })
      : problem(done)
  })
}

async function readInput(
  context: Context,
  operation: Operation,
): Promise<Result<Record<string, unknown>, 'bad-content-type' | 'bad-json'>> {
  const given = await readGiven(context, operation)
  if (!given.ok) return given
  const input = { ...given.value }
  for (const [name, header] of Object.entries(operation.headers ?? {})) {
    const value = context.req.header(header)
    if (value !== undefined) input[name] = value
  }
  for (const name of pathInputs(operation.path)) input[name] = context.req.param(name)
  return { ok: true, value: input }
}

async function readGiven(
  context: Context,
  operation: Operation,
): Promise<Result<Record<string, unknown>, 'bad-content-type' | 'bad-json'>> {
  if (operation.method === 'GET' || operation.method === 'DELETE') {
    return { ok: true, value: context.req.query() }
  }
  const body = await readBody(context, operation)
  if (!body.ok) return body
  if (operation.bodyInput !== undefined) return { ok: true, value: { [operation.bodyInput]: body.value } }
  if (typeof body.value === 'object' && body.value !== null && !Array.isArray(body.value)) {
    // A spread defines properties, where an assignment of `__proto__` would do more.
    return { ok: true, value: { ...body.value } }
  }
  return { ok: false, code: 'bad-json', message: 'The body must be a JSON object.' }
}

async function readBody(
  context: Context,
  operation: Operation,
): Promise<Result<unknown, 'bad-content-type' | 'bad-json'>> {
  const text = await context.req.text()
  // Operations whose inputs are all optional, or all in the path, may be called with no body.
  if (text === '' && operation.bodyInput === undefined) return { ok: true, value: {} }
  if (!/^application\/json\b/i.test(context.req.header('content-type') ?? '')) {
    return {
      ok: false,
      code: 'bad-content-type',
      message: "Send JSON, with 'Content-Type: application/json'.",
    }
  }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { ok: false, code: 'bad-json', message: `The body is not JSON: ${reason}.` }
  }
}

function addPlainRoutes(app: Hono, options: ApiOptions, events: EventStreams): void {
  app.get('/healthz', context => context.text('ok\n'))
  app.get('/readyz', context => (options.ready() ? context.text('ready\n') : context.text('starting\n', 503)))
  const document = openApi(allOperations, options.version)
  app.get('/openapi.json', context => context.json(document))
  app.get(
    '/api/v1/events',
    () =>
      events.open() ??
      problem({ code: 'busy', message: 'Too many programs follow the events. Close one, then try again.' }),
  )
}

function inFlight(most: number) {
  let running = 0
  return async (_: Context, next: () => Promise<void>): Promise<Response | undefined> => {
    if (running >= most) {
      return problem(
        {
          code: 'busy',
          message: 'The node has as many requests as it takes at once. Try again in a moment.',
        },
        { 'retry-after': '1' },
      )
    }
    running++
    try {
      await next()
      return undefined
    } finally {
      running--
    }
  }
}
