/**
 * WebSockets beside TCP: what passes through proxies and firewalls that let only HTTP through. The library's listener
 * trusts whoever connects, before anything of the swarm is asked: it takes messages of up to 100 MiB into memory, a
 * malformed frame ends the process (nobody listens to the error), and a caller that says nothing is waited for without
 * an end. Here all three are bounded.
 */

import { Server } from 'node:net'
import type { CreateListenerOptions, Listener, Transport } from '@libp2p/interface'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'

/** Noise seals at most 64 KiB at once, and each is a message of its own; four times that leaves room for other builds. */
export const webSocketMessageBytesMax = 256 * 1024
/** So long a caller may be silent before it is a WebSocket; from then on libp2p's own deadlines hold. */
const silentMsMax = 10_000

export function boundedWebSockets(): (components: WebSocketsComponents) => Transport {
  return components => {
    const transport = webSockets()(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = (options: CreateListenerOptions): Listener => bounded(createListener(options))
    return transport
  }
}

/** The library passes no option through to the server of `ws`, and offers no other door. */
function bounded(listener: Listener): Listener {
  const server: unknown = Reflect.get(listener, 'server')
  const upgrader: Upgrader | undefined = Reflect.get(listener, 'wsServer')
  if (
    !(server instanceof Server) ||
    typeof upgrader?.handleUpgrade !== 'function' ||
    typeof upgrader.options?.maxPayload !== 'number'
  ) {
    throw new TypeError(
      'this release of @libp2p/websockets has no server to bound: pin the one in package-lock.json',
    )
  }
  upgrader.options.maxPayload = webSocketMessageBytesMax
  const upgrade = upgrader.handleUpgrade.bind(upgrader)
  upgrader.handleUpgrade = (request, socket, head, done) =>
    upgrade(request, socket, head, (webSocket, asked) => {
      // Closing follows by itself, and libp2p sees that.
      webSocket.on('error', () => webSocket.close())
      done(webSocket, asked)
    })
  // `ws` lifts it when the caller has become a WebSocket.
  server.on('connection', socket => socket.setTimeout(silentMsMax, () => socket.destroy()))
  return listener
}

interface ErrorSource {
  on(event: 'error', listener: () => void): unknown
  close(): void
}

/** What is used here of the server of `ws`. */
interface Upgrader {
  readonly options?: { maxPayload?: number }
  handleUpgrade(
    request: unknown,
    socket: unknown,
    head: unknown,
    done: (webSocket: ErrorSource, request: unknown) => void,
  ): void
}
