/** A network of one request at a time for the stages of the pipeline, and the topics of the fixtures' swarm. */

import { vi } from 'vitest'
import type { Network } from '../../../../node/ports.ts'
import { topicsOf } from '../../../../protocol/swarm.ts'
import type { PeerId } from '../../../../protocol/types.ts'
import { ben, peer, swarm } from '../../protocol/fixtures.ts'

const [common = '', zero = ''] = topicsOf(swarm, 1)
export const commonTopic = common
export const shardZero = zero

type Handler = Parameters<Network['serve']>[2]

/** `answer` is the peer's; what the stage serves is called with `ask`, by the protocol's name where it serves several. */
export function fakeNetwork(
  answer: (bytes: Uint8Array, protocol: string, signal: AbortSignal) => Promise<Uint8Array>,
) {
  const served = new Map<string, Handler>()
  const asked: Uint8Array[] = []
  const network: Network = {
    self: peer(ben),
    addresses: () => [],
    peers: () => [],
    addressesOf: async () => [],
    onPeer: () => () => undefined,
    dial: () => Promise.reject(new Error('not here')),
    disconnect: async () => undefined,
    advertise: async () => undefined,
    async *discover() {},
    publish: async () => 0,
    subscribe: () => () => undefined,
    request: (_to, protocol, bytes, { signal }) => {
      asked.push(bytes)
      return answer(bytes, protocol, signal)
    },
    serve: (protocol, _options, handler) => {
      served.set(protocol, handler)
      return vi.fn()
    },
    weigh: () => undefined,
  }
  return {
    network,
    asked,
    ask: (bytes: Uint8Array, from: PeerId, protocol?: string): Promise<Uint8Array> => {
      const handler = protocol === undefined ? [...served.values()][0] : served.get(protocol)
      if (handler === undefined) return Promise.reject(new Error('nothing is served'))
      return handler(bytes, from, new AbortController().signal)
    },
  }
}
