/** A network on which nothing comes by itself: what a swarm listens to is handed to the benchmark instead. */

import type { Network, OpenSwarm, Verdict } from '../../node/ports.ts'
import type { PeerId } from '../../protocol/types.ts'

type Handler = (bytes: Uint8Array, from: PeerId) => Promise<Verdict>

export interface SilentNetwork {
  readonly open: OpenSwarm
  /** What the swarm does with a message on this topic. */
  handler(topic: string): Handler
}

export function silentNetwork(): SilentNetwork {
  const handlers = new Map<string, Handler>()
  const network = (self: PeerId): Network => ({
    self,
    addresses: () => [],
    peers: () => [],
    addressesOf: async () => [],
    onPeer: () => () => {},
    dial: () => Promise.reject(new TypeError('nobody is there')),
    disconnect: async () => {},
    advertise: async () => {},
    async *discover() {},
    publish: async () => 0,
    subscribe(topic, handler) {
      handlers.set(topic, handler)
      return () => handlers.delete(topic)
    },
    request: () => Promise.reject(new TypeError('nobody is there')),
    serve: () => () => {},
    weigh() {},
  })
  return {
    open: async ({ descriptor }) => ({
      network: network(descriptor.founder),
      blocks: { fetch: (_cid, { signal }) => untilAborted(signal) },
      close: async () => {},
    }),
    handler(topic) {
      const found = handlers.get(topic)
      if (found === undefined) throw new RangeError(`nobody listens to ${topic}`)
      return found
    },
  }
}

/** What asking for a block is like where nobody has it. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
