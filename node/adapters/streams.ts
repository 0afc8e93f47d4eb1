/**
 * Requests: one message each way over a stream of its own. Each message is its length as four bytes, big end first,
 * and then its bytes, so that a connection that ends half-way cannot pass for a short message. SPEC section
 * "Streams". Whatever goes wrong, the stream is reset: the other side sees a failure and waits for nothing.
 */

import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import type { PeerId } from '../../protocol/types.ts'
import type { Clock, Log, Network, RequestOptions, ServeOptions, Stop } from '../ports.ts'
import { NetworkFailure } from './network-failure.ts'
import { didOfLibp2pId, libp2pIdOfDid } from './peer-ids.ts'

type Handler = Parameters<Network['serve']>[2]

export interface Streams {
  request(peer: PeerId, protocol: string, bytes: Uint8Array, options: RequestOptions): Promise<Uint8Array>
  serve(protocol: string, options: ServeOptions, handler: Handler): Stop
}

/** A request is read, answered and sent within this time, or its stream is reset. */
const serveMsMax = 30_000
const headBytes = 4

export function createStreams(libp2p: Libp2p, clock: Clock, log: Log): Streams {
  return {
    request: (peer, protocol, bytes, options) => request(libp2p, peer, protocol, bytes, options),
    serve: (protocol, options, handler) => serve({ libp2p, clock, log, protocol, options, handler }),
  }
}

async function request(
  libp2p: Libp2p,
  peer: PeerId,
  protocol: string,
  bytes: Uint8Array,
  { maxBytes, signal }: RequestOptions,
): Promise<Uint8Array> {
  signal.throwIfAborted()
  const id = libp2pIdOfDid(peer)
  let stream: Stream
  try {
    stream = await libp2p.dialProtocol(id, protocol, { signal, runOnLimitedConnection: true })
  } catch (error) {
    signal.throwIfAborted()
    throw new NetworkFailure('peer-unreachable', `${peer} does not answer to ${protocol}.`, error)
  }
  const abort = () => stream.abort(asError(signal.reason))
  signal.addEventListener('abort', abort, { once: true })
  try {
    await write(stream, bytes, signal)
    return await read(stream, maxBytes)
  } catch (error) {
    stream.abort(asError(error))
    signal.throwIfAborted()
    if (error instanceof NetworkFailure) throw error
    throw new NetworkFailure('peer-refused', `${peer} did not answer a request on ${protocol}.`, error)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

interface Served {
  readonly libp2p: Libp2p
  readonly clock: Clock
  readonly log: Log
  readonly protocol: string
  readonly options: ServeOptions
  readonly handler: Handler
}

function serve(served: Served): Stop {
  const { libp2p, protocol, options, log } = served
  const running = new Map<PeerId, number>()
  const onStream = (stream: Stream, connection: Connection) => {
    const from = didOfLibp2pId(connection.remotePeer)
    const count = from ? (running.get(from) ?? 0) : 0
    if (!from || count >= options.perPeer) {
      stream.abort(new NetworkFailure('peer-refused', 'Too many requests at once.'))
      return
    }
    running.set(from, count + 1)
    const answered = served.clock.within(serveMsMax, undefined, signal =>
      answer(served, stream, from, signal),
    )
    void answered.finally(() => {
      const left = (running.get(from) ?? 1) - 1
      if (left > 0) running.set(from, left)
      else running.delete(from)
    })
  }
  // One more stream than may run, so that the refusal above is ours and is seen as one.
  const limits = { maxInboundStreams: options.perPeer + 1, runOnLimitedConnection: true }
  const handled = libp2p.handle(protocol, onStream, limits)
  handled.catch(error => log('error', 'a protocol could not be served', { protocol, error: String(error) }))
  return () => {
    libp2p
      .unhandle(protocol)
      .catch(error => log('debug', 'a protocol could not be given up', { protocol, error: String(error) }))
  }
}

async function answer(
  { log, protocol, options, handler }: Served,
  stream: Stream,
  from: PeerId,
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController()
  const abort = () => stream.abort(asError(signal.reason))
  signal.addEventListener('abort', abort, { once: true })
  stream.addEventListener('close', event => {
    if (event.error) gone.abort(event.error)
  })
  try {
    const bytes = await read(stream, options.maxBytes)
    const reply = await handler(bytes, from, AbortSignal.any([signal, gone.signal]))
    await write(stream, reply, signal)
  } catch (error) {
    const level = error instanceof NetworkFailure || gone.signal.aborted ? 'debug' : 'warn'
    log(level, 'a request was not answered', { protocol, from, error: String(error) })
    stream.abort(asError(error))
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function write(stream: Stream, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const framed = new Uint8Array(headBytes + bytes.length)
  new DataView(framed.buffer).setUint32(0, bytes.length)
  framed.set(bytes, headBytes)
  if (!stream.send(framed)) await stream.onDrain({ signal })
  // Ends our direction; the other one stays open for the answer.
  await stream.close({ signal })
}

async function read(stream: Stream, maxBytes: number): Promise<Uint8Array> {
  const head = new Uint8Array(headBytes)
  let body: Uint8Array | undefined
  let received = 0
  for await (const chunk of stream) {
    let rest = chunk.subarray()
    if (!body) {
      const taken = rest.subarray(0, headBytes - received)
      head.set(taken, received)
      received += taken.length
      if (received < headBytes) continue
      rest = rest.subarray(taken.length)
      const declared = new DataView(head.buffer).getUint32(0)
      if (declared > maxBytes) throw tooLarge(maxBytes)
      body = new Uint8Array(declared)
      received = 0
    }
    if (received + rest.length > body.length) throw tooLarge(body.length)
    body.set(rest, received)
    received += rest.length
    if (received === body.length) return body
  }
  throw new NetworkFailure('message-cut-short', 'The other side ended before its message did.')
}

function tooLarge(maxBytes: number): NetworkFailure {
  return new NetworkFailure('message-too-large', `The other side sent more than ${maxBytes} bytes.`)
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
