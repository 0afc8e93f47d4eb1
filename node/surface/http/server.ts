/**
 * The socket of the HTTP API. It listens on loopback unless the owner said otherwise in so many words, and no
 * slow, idle or endless request holds it: Node's own timeouts cut it off.
 */

import type { AddressInfo } from 'node:net'
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import type { Failure, Result } from '../../../protocol/types.ts'
import type { Api } from './api.ts'
import { isLoopback } from './guards.ts'

interface ServerTimes {
  readonly headersMs: number
  readonly requestMs: number
  readonly keepAliveMs: number
  /** How often Node looks for connections that are over their time. */
  readonly checkMs: number
}

const serverTimes: ServerTimes = { headersMs: 10_000, requestMs: 30_000, keepAliveMs: 5_000, checkMs: 2_000 }
const connectionsMax = 128
const headerBytesMax = 16 * 1024
/** What may still be under way at `close` has this long. */
const closeGraceMs = 2_000

export interface ServerOptions {
  readonly host: string
  readonly port: number
  /** The owner said that others may reach it. */
  readonly expose: boolean
  readonly times?: ServerTimes
}

export interface Listening {
  /** Where programs on this machine call it. */
  readonly url: string
  readonly host: string
  readonly port: number
  close(): Promise<void>
}

export type ListenCode = 'not-exposed' | 'port-in-use' | 'cannot-listen'

export function listen(
  api: Api,
  { host, port, expose, times = serverTimes }: ServerOptions,
): Promise<Result<Listening, ListenCode>> {
  if (!isLoopback(host) && !expose) {
    return Promise.resolve(
      fail(
        'not-exposed',
        `The setting httpHost is ${host}, which other machines can reach. Set exposeHttp to true if that is meant; else set httpHost to 127.0.0.1.`,
      ),
    )
  }
  const server = createAdaptorServer({
    fetch: request => api.fetch(request),
    serverOptions: {
      headersTimeout: times.headersMs,
      requestTimeout: times.requestMs,
      keepAliveTimeout: times.keepAliveMs,
      connectionsCheckingInterval: times.checkMs,
      maxHeaderSize: headerBytesMax,
    },
  })
  server.maxConnections = connectionsMax
  return new Promise(resolve => {
    server.once('error', error => resolve(cannotListen(error, host, port)))
    server.listen(port, host, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address')
      resolve({ ok: true, value: listening(server, api, address) })
    })
  })
}

function listening(server: ServerType, api: Api, address: AddressInfo): Listening {
  // A wildcard address is reached by loopback from here.
  const host =
    address.address === '0.0.0.0' ? '127.0.0.1' : address.address === '::' ? '[::1]' : bracket(address)
  return {
    url: `http://${host}:${address.port}`,
    host: address.address,
    port: address.port,
    close: () =>
      new Promise(resolve => {
        const late = setTimeout(() => closeAll(server), closeGraceMs)
        server.close(() => {
          clearTimeout(late)
          resolve()
        })
        api.close()
      }),
  }
}

function closeAll(server: ServerType): void {
  if ('closeAllConnections' in server) server.closeAllConnections()
}

function bracket(address: AddressInfo): string {
  return address.family === 'IPv6' ? `[${address.address}]` : address.address
}

function cannotListen(error: Error, host: string, port: number): Failure<ListenCode> {
  const code = 'code' in error ? String(error.code) : error.message
  if (code === 'EADDRINUSE') {
    return fail(
      'port-in-use',
      `Port ${port} on ${host} is in use by another program. Choose another one with the setting httpPort: 'swarmlore up --http-port 0' takes any free port.`,
    )
  }
  return fail(
    'cannot-listen',
    `The API cannot listen on ${host} port ${port} (${code}). Change the settings httpHost and httpPort.`,
  )
}

function fail(code: ListenCode, message: string): Failure<ListenCode> {
  return { ok: false, code, message }
}
