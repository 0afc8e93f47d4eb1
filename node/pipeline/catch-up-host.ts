/**
 * The side that answers in catch-up (SPEC, "Ranges"): says how its set differs from the asker's, hands out what is
 * wanted, and takes what it is given as if it had been gossiped. It keeps nothing between two requests.
 */

import { pageBytesMax, rangeMessageBytesMax, rangeSaltBytes } from '../../protocol/limits.ts'
import { answerRanges } from '../../protocol/range/answer.ts'
import { encodeRangeBusy } from '../../protocol/range/messages.ts'
import { decodeGiven, encodeTaken } from '../../protocol/range/page-messages.ts'
import { answerWants } from '../../protocol/range/pages.ts'
import type { RangeIndex } from '../../protocol/range/range-index.ts'
import { streamsOf } from '../../protocol/swarm.ts'
import type { PeerId, RecordId, SwarmId } from '../../protocol/types.ts'
import type { Cpu, Network, Random, Stop, Verdict } from '../ports.ts'

export interface CatchUpHostDeps {
  readonly swarm: SwarmId
  readonly network: Network
  readonly cpu: Cpu
  readonly random: Random
  readonly ranges: RangeIndex
  /** Undefined when the record has gone meanwhile. */
  readonly bytesOf: (id: RecordId) => Uint8Array | undefined
  /** Judges one record that a peer gives, out of that peer's share. */
  readonly given: (bytes: Uint8Array, from: PeerId) => Promise<Verdict>
}

/** Peers that are answered at once: each may hold the event loop for some 40 ms. */
const inHandMax = 4
/** What reading a page's records from the store costs, in records decoded. */
const pageDecodes = 10

export function serveCatchUp(deps: CatchUpHostDeps): Stop {
  const { cpu, network, ranges } = deps
  const streams = streamsOf(deps.swarm)
  let inHand = 0

  const answer = async (bytes: Uint8Array): Promise<Uint8Array> => {
    // Others have their turn first, for the answer is made in one go.
    await cpu.spend('hash', 1)
    const answered = answerRanges(ranges, bytes, deps.random.bytes(rangeSaltBytes))
    if (!answered.ok) throw new TypeError(answered.message)
    await cpu.spend('hash', answered.value.hashes)
    return answered.value.bytes
  }

  const answerWhenFree = async (bytes: Uint8Array): Promise<Uint8Array> => {
    if (inHand >= inHandMax) return encodeRangeBusy()
    inHand++
    try {
      return await answer(bytes)
    } finally {
      inHand--
    }
  }

  const handOut = async (bytes: Uint8Array): Promise<Uint8Array> => {
    await cpu.spend('decode', pageDecodes)
    const answered = answerWants(ranges, bytes, deps.bytesOf)
    if (!answered.ok) throw new TypeError(answered.message)
    await cpu.spend('hash', answered.value.hashes)
    return answered.value.bytes
  }

  /** Says after how many it had enough, so that a peer does not go on giving for nothing. */
  const accept = async (bytes: Uint8Array, from: PeerId, signal: AbortSignal): Promise<Uint8Array> => {
    const given = decodeGiven(bytes)
    if (!given.ok) throw new TypeError(given.message)
    let taken = 0
    for (const record of given.value) {
      signal.throwIfAborted()
      await cpu.spend('decode', 1)
      const verdict = await deps.given(record, from)
      // The peer has verified what it holds, so this is no slip: nothing more is taken from it.
      if (verdict.verdict === 'reject') throw new TypeError(`A bad record was given: ${verdict.reason}.`)
      if (verdict.verdict === 'ignore' && verdict.reason === 'busy') break
      taken++
    }
    return encodeTaken(taken)
  }

  const stops = [
    network.serve(streams.ranges, { maxBytes: rangeMessageBytesMax, perPeer: 1 }, answerWhenFree),
    network.serve(streams.wants, { maxBytes: rangeMessageBytesMax, perPeer: 1 }, handOut),
    network.serve(streams.given, { maxBytes: pageBytesMax, perPeer: 1 }, accept),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
