/**
 * One block from named providers, as the real network fetches it: the first is asked, the next joins in when that one
 * says no or is silent for a while, and whoever delivers the right bytes first wins.
 */

import { equalBytes } from '../../crypto/bytes.ts'
import type { Blocks, Clock, Fetched, FetchOptions } from '../../node/ports.ts'
import { cidOf } from '../../protocol/identity.ts'
import type { EntryCid, PeerId } from '../../protocol/types.ts'
import { NetworkFailure } from './failure.ts'

export interface BlocksInit {
  readonly clock: Clock
  /** Connects where there is no connection yet, and asks. Rejects when the provider lacks it. */
  readonly ask: (
    provider: FetchOptions['providers'][number],
    cid: EntryCid,
    signal: AbortSignal,
  ) => Promise<Uint8Array>
}

/** Silence after which the next provider is asked too. */
const patienceMs = 1_500

export function createBlocks(init: BlocksInit): Blocks {
  return { fetch: (cid, options) => fetchBlock(init, cid, options) }
}

async function fetchBlock(init: BlocksInit, cid: EntryCid, options: FetchOptions): Promise<Fetched> {
  options.signal.throwIfAborted()
  const race = new AbortController()
  const signal = AbortSignal.any([options.signal, race.signal])
  const failed = new Set<PeerId>()
  const asked: Promise<Fetched>[] = []
  try {
    for (const provider of options.providers) {
      const attempt = askOne(init, provider, cid, options.maxBytes, signal)
      attempt.catch(() => failed.add(provider.peer))
      asked.push(attempt)
      const fetched = await firstWithin(init.clock, asked, attempt, signal)
      if (fetched !== undefined) return withFailed(fetched, failed, options)
      failed.add(provider.peer)
    }
    return withFailed(await Promise.any(asked), failed, options)
  } catch {
    options.signal.throwIfAborted()
    throw new NetworkFailure('block-not-found', `No provider delivered ${cid}.`)
  } finally {
    race.abort(new DOMException('Another provider was quicker.', 'AbortError'))
    await Promise.allSettled(asked)
  }
}

async function askOne(
  init: BlocksInit,
  provider: FetchOptions['providers'][number],
  cid: EntryCid,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Fetched> {
  const bytes = await init.ask(provider, cid, signal)
  const isIt = bytes.length <= maxBytes && cidOf(bytes) === cid
  if (!isIt) throw new NetworkFailure('block-not-found', `${provider.peer} sent other bytes than ${cid}.`)
  return { bytes, from: provider.peer, failed: [] }
}

/** The first delivery by anyone asked so far; undefined once the newest has failed, or was silent for too long. */
async function firstWithin(
  clock: Clock,
  asked: readonly Promise<Fetched>[],
  newest: Promise<Fetched>,
  signal: AbortSignal,
): Promise<Fetched | undefined> {
  const waited = new AbortController()
  const patience = clock.sleep(patienceMs, AbortSignal.any([signal, waited.signal])).then(
    () => undefined,
    () => undefined,
  )
  const newestFailed = newest.then(
    () => new Promise<undefined>(() => undefined),
    () => undefined,
  )
  try {
    return await Promise.race([Promise.any(asked).catch(() => undefined), newestFailed, patience])
  } finally {
    waited.abort()
  }
}

function withFailed(fetched: Fetched, failed: Set<PeerId>, { providers }: FetchOptions): Fetched {
  const order = providers.map(({ peer }) => peer)
  return { ...fetched, failed: order.filter(peer => failed.has(peer) && peer !== fetched.from) }
}

/** The answer to a wish: a mark and the block, or the mark alone. */
export function blockAnswer(bytes: Uint8Array | undefined): Uint8Array {
  return bytes === undefined ? Uint8Array.of(0) : Uint8Array.of(1, ...bytes)
}

/** Throws when the provider does not have it. */
export function readBlockAnswer(answer: Uint8Array): Uint8Array {
  if (!equalBytes(answer.subarray(0, 1), Uint8Array.of(1)))
    throw new NetworkFailure('block-not-found', 'The provider does not have it.')
  return answer.slice(1)
}
