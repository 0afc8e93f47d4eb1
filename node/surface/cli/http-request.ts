/**
 * One HTTP request to the running node. `fetch` gives up on an answer after five minutes, and distilling a large
 * file may take longer, so this uses `node:http`, with a time limit only where one is asked for.
 */

import { Agent, request as httpRequest } from 'node:http'
import type { Result } from '../../../protocol/types.ts'

export interface HttpRequest {
  readonly url: string
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly timeoutMs?: number
}

export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

/** Fewer than the node answers at once. */
const agent = new Agent({ keepAlive: true, maxSockets: 16 })
/** Pages of entries and prompts are far smaller. */
const answerBytesMax = 64 * 1024 * 1024

export function request(given: HttpRequest): Promise<Result<HttpAnswer, 'no-answer'>> {
  return new Promise(resolve => {
    const failed = (error: Error): void =>
      resolve({
        ok: false,
        code: 'no-answer',
        message: `The node at ${given.url} did not answer (${error.message}). Is 'swarmlore up' still running?`,
      })
    const body = given.body === undefined ? undefined : Buffer.from(given.body)
    const sent = httpRequest(
      given.url,
      {
        agent,
        method: given.method,
        headers: { ...given.headers, ...(body && { 'content-length': body.length }) },
        ...(given.timeoutMs !== undefined && { timeout: given.timeoutMs }),
      },
      response => {
        const parts: Buffer[] = []
        let size = 0
        response.on('data', (part: Buffer) => {
          size += part.length
          parts.push(part)
          if (size > answerBytesMax) response.destroy(new Error('the answer is too long'))
        })
        response.on('error', failed)
        response.on('end', () =>
          resolve({
            ok: true,
            value: { status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') },
          }),
        )
      },
    )
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
    sent.on('error', failed)
    sent.end(body)
  })
}
