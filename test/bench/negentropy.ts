/**
 * The same comparison by `negentropy` as it is published in JavaScript (nostr-tools, NIP-77), to measure ours beside.
 * It gets what favours it: messages as large as ours, counted as bytes though it hands out hex, and a difference counts
 * as found whichever side finds it, since the published code answers no list of ids as the protocol's server would.
 */

import { nip77 } from 'nostr-tools'
import { rangeMessageBytesMax } from '../../protocol/limits.ts'
import type { RecordId, Seconds } from '../../protocol/types.ts'
import { BenchFailure } from './figure.ts'

/** Ids with their seconds, which have to be below 2^31: from there on it fails silently. */
export type NegentropyItems = Iterable<{ readonly t: Seconds; readonly id: RecordId }>

export function negentropyOf(items: NegentropyItems): nip77.Negentropy {
  const storage = new nip77.NegentropyStorageVector()
  for (const { t, id } of items) storage.insert(t, id)
  storage.seal()
  return new nip77.Negentropy(storage, rangeMessageBytesMax)
}

/** One session, of which nothing is left behind on either side. */
export function compareByNegentropy(asker: nip77.Negentropy, answerer: nip77.Negentropy, count: number) {
  const startedAt = performance.now()
  const found = new Set<string>()
  const note = (id: string): void => {
    found.add(id)
  }
  let bytes = 0
  let rounds = 0
  for (let asked: string | null = asker.initiate(); asked !== null; rounds++) {
    const answer = answerer.reconcile(asked, note, note)
    bytes += (asked.length + (answer?.length ?? 0)) / 2
    asked = answer === null ? null : asker.reconcile(answer, note, note)
  }
  const tookMs = performance.now() - startedAt
  if (found.size !== count) throw new BenchFailure(`Of ${count} differences negentropy found ${found.size}.`)
  return { bytes, rounds, tookMs }
}
