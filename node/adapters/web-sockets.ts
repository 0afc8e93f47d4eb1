/**
 * WebSockets beside TCP: what passes through proxies and firewalls that let only HTTP through. The library's listener
 * takes messages of up to 100 MiB into memory before anything of the swarm is asked, from whoever connects; here it
 * takes what the node itself may ever send in one.
 */

import type { CreateListenerOptions, Listener, Transport } from '@libp2p/interface'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'

/** Noise seals at most 64 KiB at once, and each is a message of its own; four times that leaves room for other builds. */
export const webSocketMessageBytesMax = 256 * 1024

export function boundedWebSockets(): (components: WebSocketsComponents) => Transport {
  return components => {
    const transport = webSockets()(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = (options: CreateListenerOptions): Listener => bounded(createListener(options))
    return transport
  }
}

/** The library passes no option through to the server of `ws`, which reads this one at each connection. */
function bounded(listener: Listener): Listener {
  const server: unknown = Reflect.get(listener, 'wsServer')
  const options: unknown =
    typeof server === 'object' && server !== null ? Reflect.get(server, 'options') : undefined
  if (typeof options !== 'object' || options === null || !('maxPayload' in options)) {
    throw new TypeError(
      'this release of @libp2p/websockets has no server to bound: pin the one in package-lock.json',
    )
  }
  options.maxPayload = webSocketMessageBytesMax
  return listener
}
