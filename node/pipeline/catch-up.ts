/**
 * The side that asks in catch-up (SPEC, "Ranges"): finds out how the peer's set differs from this node's, takes over
 * what the peer has, and gives what it lacks. Nothing that is found about a peer outlives the session.
 */

import {
  chainMax,
  pageBytesMax,
  rangeMessageBytesMax,
  rangeSaltBytes,
  rangeTakenBytesMax,
} from '../../protocol/limits.ts'
import { decodeTaken } from '../../protocol/range/page-messages.ts'
import { pagesOf } from '../../protocol/range/pages.ts'
import type { RangeIndex } from '../../protocol/range/range-index.ts'
import { openRanges, type RangeOutcome, type Want } from '../../protocol/range/session.ts'
import { fetchRecords } from '../../protocol/range/wants.ts'
import { streamsOf } from '../../protocol/swarm.ts'
import type { PeerId, RecordId, Seconds, SwarmId } from '../../protocol/types.ts'
import type { Clock, Cpu, Log, Network, Random, Verdict } from '../ports.ts'
import { follow } from '../waiting.ts'

export interface CatchUpDeps {
  readonly swarm: SwarmId
  readonly network: Network
  readonly clock: Clock
  readonly cpu: Cpu
  readonly random: Random
  readonly log: Log
  readonly ranges: RangeIndex
  /** Undefined when the record has gone meanwhile. */
  readonly bytesOf: (id: RecordId) => Uint8Array | undefined
  readonly take: (records: readonly Uint8Array[], from: PeerId) => AsyncIterable<Verdict>
  /** Ends what is under way. */
  readonly signal: AbortSignal
}

export interface SessionOptions {
  /** What was signed later is left alone. */
  readonly until: Seconds
  /** Whether the peer is given what it lacks; else it is left to ask itself. */
  readonly gives: boolean
}

export interface Gains {
  /** Records that were new here. */
  readonly came: number
  /** There was more than one session takes. */
  readonly isPartial: boolean
}

/** Rejects when the peer fails on the way; what came counts. */
export type CatchUp = (peer: PeerId, options: SessionOptions) => Promise<Gains>

const answerMs = 10_000
/** Enough for some 250,000 records; a peer that is slower than that is left, and another one may go on. */
const sessionMs = 120_000

/** Of one session's records: how many were new, and how many wait for their author's member record. */
interface Counts {
  came: number
  waited: number
}

export function createCatchUp(deps: CatchUpDeps): CatchUp {
  const { clock, cpu, log, network, random, ranges } = deps
  const streams = streamsOf(deps.swarm)

  const ask = (
    peer: PeerId,
    protocol: string,
    request: Uint8Array,
    { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array> =>
    clock.within(answerMs, signal, inTime =>
      network.request(peer, protocol, request, { maxBytes, signal: inTime }),
    )

  const compare = async (
    peer: PeerId,
    ends: { readonly salt: Uint8Array; readonly until: Seconds },
    signal: AbortSignal,
  ): Promise<RangeOutcome> => {
    const session = openRanges(ranges, ends)
    let charged = 0
    for (let request = session.request(); request !== undefined; request = session.request()) {
      const answer = await ask(peer, streams.ranges, request, { maxBytes: rangeMessageBytesMax, signal })
      const taken = session.take(answer)
      if (!taken.ok) throw new TypeError(taken.message)
      await cpu.spend('hash', session.hashes - charged)
      charged = session.hashes
    }
    return session.outcome()
  }

  const take = async (
    peer: PeerId,
    wanted: { readonly salt: Uint8Array; readonly need: readonly Want[] },
    signal: AbortSignal,
  ): Promise<Counts & { isPartial: boolean }> => {
    const counts: Counts = { came: 0, waited: 0 }
    // As most sessions end: the sets are equal.
    if (wanted.need.length === 0) return { ...counts, isPartial: false }
    const fetch = fetchRecords(wanted.salt, wanted.need)
    const over = new AbortController()
    const leave = follow(signal, over)
    const options = { maxBytes: pageBytesMax, signal: over.signal }
    const next = (): Promise<Uint8Array> | undefined => {
      const request = fetch.request()
      return request && ask(peer, streams.wants, request, options)
    }
    try {
      for (let answer = next(); answer !== undefined; ) {
        const page = fetch.take(await answer)
        if (!page.ok) throw new TypeError(page.message)
        // The next page is on its way while this one is judged.
        answer = next()
        // What it fails of is met where it is waited for; where this page ends the session, nobody waits for it.
        answer?.catch(() => undefined)
        for await (const verdict of deps.take(page.value, peer)) {
          signal.throwIfAborted()
          count(verdict, counts)
        }
      }
    } finally {
      leave()
      over.abort()
    }
    const { end, missing } = fetch.outcome()
    if (missing > 0) log('debug', 'A peer did not send all that it said it has.', { peer, missing })
    return { ...counts, isPartial: end === 'partial' }
  }

  /** A courtesy: that it fails, or that the peer has enough, takes nothing from what came. */
  const give = async (peer: PeerId, have: readonly RecordId[], signal: AbortSignal): Promise<void> => {
    for (const page of pagesOf(have, deps.bytesOf)) {
      try {
        const answer = await ask(peer, streams.given, page.bytes, { maxBytes: rangeTakenBytesMax, signal })
        const taken = decodeTaken(answer)
        if (!taken.ok || taken.value < page.records) return
      } catch (cause) {
        log('debug', 'A peer did not take what it lacks.', { peer, cause: String(cause) })
        return
      }
    }
  }

  const session = async (peer: PeerId, { until, gives }: SessionOptions, signal: AbortSignal) => {
    const salt = random.bytes(rangeSaltBytes)
    const found = await compare(peer, { salt, until }, signal)
    if (found.collision === 'found')
      log('warn', 'Different records with equal sums were found; somebody may have made them.', { peer })
    const { came, waited, isPartial } = await take(peer, { salt, need: found.need }, signal)
    if (gives) await give(peer, found.have, signal)
    return { came, waited, isPartial: isPartial || found.end === 'partial' }
  }

  return (peer, options) =>
    clock.within(sessionMs, deps.signal, async signal => {
      let came = 0
      // Members come first and by time, so nothing waits for a member record that comes later; unless it is dated back.
      for (let round = 0; round < chainMax; round++) {
        const gains = await session(peer, options, signal)
        came += gains.came
        if (gains.waited === 0 || gains.came === 0) return { came, isPartial: gains.isPartial }
      }
      return { came, isPartial: false }
    })
}

function count(verdict: Verdict, counts: Counts): void {
  if (verdict.verdict === 'accept') counts.came++
  // The peer has verified what it holds, so this is no slip: nothing more is taken from it.
  else if (verdict.verdict === 'reject') throw new TypeError(`It offers a bad record: ${verdict.reason}.`)
  else if (verdict.reason === 'not-member') counts.waited++
}
