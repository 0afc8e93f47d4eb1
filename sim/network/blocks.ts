/** One block from named providers, raced as on the real network; what is asked and answered goes over the simulated one. */

import { concat } from '../../crypto/bytes.ts'
import { firstDelivery, type Provider } from '../../node/first-delivery.ts'
import type { Blocks, Clock, Fetched, FetchOptions } from '../../node/ports.ts'
import { cidOf } from '../../protocol/identity.ts'
import type { EntryCid } from '../../protocol/types.ts'
import { NetworkFailure } from './failure.ts'

export interface BlocksInit {
  readonly clock: Clock
  /** Connects where there is no connection yet, and asks. Rejects when the provider lacks it. */
  readonly ask: (provider: Provider, cid: EntryCid, signal: AbortSignal) => Promise<Uint8Array>
}

export function createBlocks(init: BlocksInit): Blocks {
  return { fetch: (cid, options) => fetchBlock(init, cid, options) }
}

async function fetchBlock(
  { clock, ask }: BlocksInit,
  cid: EntryCid,
  options: FetchOptions,
): Promise<Fetched> {
  const askOne = async (provider: Provider, signal: AbortSignal): Promise<Uint8Array> => {
    const bytes = await ask(provider, cid, signal)
    if (bytes.length <= options.maxBytes && cidOf(bytes) === cid) return bytes
    throw new NetworkFailure('block-not-found', `${provider.peer} sent other bytes than ${cid}.`)
  }
  try {
    return await firstDelivery({ clock, ask: askOne }, options)
  } catch {
    options.signal.throwIfAborted()
    throw new NetworkFailure('block-not-found', `No provider delivered ${cid}.`)
  }
}

/** The answer to a wish: a mark and the block, or the mark alone. */
export function blockAnswer(bytes: Uint8Array | undefined): Uint8Array {
  return bytes === undefined ? Uint8Array.of(0) : concat(Uint8Array.of(1), bytes)
}

/** Throws when the provider does not have it. */
export function readBlockAnswer(answer: Uint8Array): Uint8Array {
  if (answer[0] !== 1) throw new NetworkFailure('block-not-found', 'The provider does not have it.')
  return answer.slice(1)
}
