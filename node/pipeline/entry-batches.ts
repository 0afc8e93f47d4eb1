/**
 * Entries in batches (SPEC, "Entries"): asking one peer for many blocks at once, and answering who asks. For who catches
 * up; it takes a twentieth of what asking for each over bitswap takes. Whoever does not answer is left alone for a while.
 */

import {
  decodeEntryPage,
  decodeEntryWant,
  encodeEntryPage,
  encodeEntryWant,
} from '../../protocol/entry-page.ts'
import { cidOf } from '../../protocol/identity.ts'
import { entryPageRequestBytesMax, pageBytesMax } from '../../protocol/limits.ts'
import { streamsOf } from '../../protocol/swarm.ts'
import type { EntryCid, PeerId, SwarmId } from '../../protocol/types.ts'
import type { BlockSource, Clock, Cpu, Log, Network, Stop } from '../ports.ts'

export interface EntryBatchDeps {
  readonly swarm: SwarmId
  readonly network: Network
  readonly clock: Clock
  readonly cpu: Cpu
  readonly log: Log
  readonly blocks: Pick<BlockSource, 'get'>
  /** Ends what is under way. */
  readonly signal: AbortSignal
}

/** The blocks that came, by CID, as they were asked for: perhaps none. Never rejects. */
export type FetchBatch = (
  peer: PeerId,
  cids: readonly EntryCid[],
) => Promise<ReadonlyMap<EntryCid, Uint8Array>>

const answerMs = 5_000
/** Who failed is asked for single entries only, for as long as this. */
const aloneMs = 60_000
/** Peers of which that is remembered, the oldest forgotten first. */
const aloneMax = 256
const answersAtOnce = 2

export function createEntryBatches(deps: EntryBatchDeps): FetchBatch {
  const { clock, cpu, log, network } = deps
  const protocol = streamsOf(deps.swarm).entries
  const aloneUntil = new Map<PeerId, number>()

  const leaveAlone = (peer: PeerId): void => {
    const [oldest] = aloneUntil.keys()
    if (aloneUntil.size >= aloneMax && oldest !== undefined) aloneUntil.delete(oldest)
    aloneUntil.set(peer, clock.now() + aloneMs)
  }

  return async (peer, cids) => {
    const came = new Map<EntryCid, Uint8Array>()
    if ((aloneUntil.get(peer) ?? 0) > clock.now()) return came
    aloneUntil.delete(peer)
    try {
      const answer = await clock.within(answerMs, deps.signal, signal =>
        network.request(peer, protocol, encodeEntryWant(cids), { maxBytes: pageBytesMax, signal }),
      )
      const page = decodeEntryPage(answer)
      if (!page.ok) throw new TypeError(page.message)
      await cpu.spend('hash', page.value.length)
      const wanted = new Set(cids)
      for (const bytes of page.value) {
        const cid = cidOf(bytes)
        if (!wanted.has(cid)) throw new TypeError('The peer sent an entry that it was not asked for.')
        came.set(cid, bytes)
      }
    } catch (cause) {
      leaveAlone(peer)
      log('debug', 'A peer gave no entries in a batch.', { peer, cause: String(cause) })
    }
    return came
  }
}

export function serveEntryBatches({ swarm, network, cpu, blocks }: EntryBatchDeps): Stop {
  const options = { maxBytes: entryPageRequestBytesMax, perPeer: answersAtOnce }
  return network.serve(streamsOf(swarm).entries, options, async bytes => {
    const want = decodeEntryWant(bytes)
    if (!want.ok) throw new TypeError(want.message)
    await cpu.spend('decode', want.value.length)
    return encodeEntryPage(want.value, cid => blocks.get(cid))
  })
}
