/**
 * Errors over HTTP: RFC 9457 `application/problem+json`, with the stable code of the failure beside the
 * standard members. The table below says which HTTP status a code has.
 */

import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import type { Failure } from '../../../protocol/types.ts'

export const problemSchema = z.strictObject({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string().meta({ description: 'One sentence, with what to do next' }),
  code: z.string().meta({ description: 'Stable, for programs' }),
})

/** What is not listed is understood and cannot be done: 422. */
const statusByCode: Readonly<Record<string, number>> = {
  'bad-input': 400,
  'bad-json': 400,
  'bad-content-type': 415,
  'not-an-object': 400,
  'no-token': 401,
  'bad-token': 401,
  'bad-host': 403,
  'bad-origin': 403,
  'not-own': 403,
  'unknown-path': 404,
  'unknown-entry': 404,
  'unknown-episode': 404,
  'unknown-invite': 404,
  'unknown-peer': 404,
  'unknown-recall': 404,
  'unknown-swarm': 404,
  'method-not-allowed': 405,
  'ambiguous-peer': 409,
  'body-too-large': 413,
  internal: 500,
  busy: 503,
  'not-ready': 503,
  'store-closed': 503,
  'store-full': 507,
}

export function problem({ code, message }: Omit<Failure, 'ok'>, headers?: Record<string, string>): Response {
  const status = statusByCode[code] ?? 422
  const body = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail: message, code }
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  })
}
