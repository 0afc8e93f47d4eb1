/** An OpenAI-compatible endpoint on loopback that answers as a test tells it, and keeps what it was asked. */

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Asked {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Answering = (response: ServerResponse, asked: Asked) => void

export interface ScriptedLlm {
  /** The base URL, as a setting would name it. */
  readonly url: string
  readonly asked: readonly Asked[]
  answering: Answering
  /** Connections that were ended by whoever asked, before the answer was whole. */
  readonly brokenOff: number
  close(): Promise<void>
}

export async function scriptedLlm(answering: Answering): Promise<ScriptedLlm> {
  const asked: Asked[] = []
  let brokenOff = 0
  const scripted = { answering }
  const server = createServer((request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) brokenOff++
    })
    text(request).then(
      body => {
        const one = { path: request.url ?? '', headers: request.headers, body }
        asked.push(one)
        scripted.answering(response, one)
      },
      () => undefined,
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    get answering() {
      return scripted.answering
    },
    set answering(next) {
      scripted.answering = next
    },
    get brokenOff() {
      return brokenOff
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** A whole chat completion with this text. */
export function says(content: string, more: object = {}): Answering {
  return response => {
    const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }
    json({ id: 'c', object: 'chat.completion', choices: [choice], ...more })(response)
  }
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
  }
}
