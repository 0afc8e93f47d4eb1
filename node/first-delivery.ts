/**
 * Who delivers a block first, of named providers: the first is asked; the next joins in as soon as that one says no or
 * has been silent for a while. The same on a real network and on a simulated one; how one of them is asked is theirs.
 */

import type { PeerId } from '../protocol/types.ts'
import type { Clock, Fetched, FetchOptions } from './ports.ts'
import { follow } from './waiting.ts'

export type Provider = FetchOptions['providers'][number]

export interface Delivery {
  readonly clock: Clock
  /** Rejects when the provider does not have the block, or sends something else. */
  readonly ask: (provider: Provider, signal: AbortSignal) => Promise<Uint8Array>
}

/** Silence after which the next provider is asked too. */
const patienceMs = 1_500

/** One for all: each new one would come with the stack at which it was made. */
const quicker = new DOMException('Another provider was quicker.', 'AbortError')

/** Rejects with the stop, or with an `AggregateError` of what each provider failed with. */
export async function firstDelivery(
  { clock, ask }: Delivery,
  options: Pick<FetchOptions, 'providers' | 'signal'>,
): Promise<Fetched> {
  options.signal.throwIfAborted()
  const race = new AbortController()
  const leave = follow(options.signal, race)
  const failed = new Set<PeerId>()
  const asked: Promise<Fetched>[] = []
  try {
    for (const provider of options.providers) {
      const attempt = delivered(provider, ask(provider, race.signal), failed)
      asked.push(attempt)
      const fetched = await firstWithin(clock, asked, attempt)
      if (fetched !== undefined) return withFailed(fetched, failed, options)
      failed.add(provider.peer)
    }
    return withFailed(await Promise.any(asked), failed, options)
  } catch (error) {
    options.signal.throwIfAborted()
    throw error
  } finally {
    leave()
    race.abort(quicker)
    await Promise.allSettled(asked)
  }
}

async function delivered(
  { peer }: Provider,
  bytes: Promise<Uint8Array>,
  failed: Set<PeerId>,
): Promise<Fetched> {
  try {
    return { bytes: await bytes, from: peer, failed: [] }
  } catch (error) {
    failed.add(peer)
    throw error
  }
}

/** The first delivery by anyone asked so far; undefined once the newest has failed, or was silent for too long. */
async function firstWithin(
  clock: Clock,
  asked: readonly Promise<Fetched>[],
  newest: Promise<Fetched>,
): Promise<Fetched | undefined> {
  const waited = new AbortController()
  const patience = clock.sleep(patienceMs, waited.signal).then(
    () => undefined,
    () => undefined,
  )
  const newestFailed = newest.then(
    () => new Promise<undefined>(() => undefined),
    () => undefined,
  )
  try {
    // That all have failed so far is no answer yet: others may be asked.
    return await Promise.race([Promise.any(asked).catch(() => undefined), newestFailed, patience])
  } finally {
    waited.abort(quicker)
  }
}

function withFailed(
  fetched: Fetched,
  failed: ReadonlySet<PeerId>,
  { providers }: Pick<FetchOptions, 'providers'>,
): Fetched {
  const order = providers.map(({ peer }) => peer)
  return { ...fetched, failed: order.filter(peer => failed.has(peer) && peer !== fetched.from) }
}
