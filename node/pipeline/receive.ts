/**
 * Receive (protocol.md, "Gossip"): bytes from a neighbour to a verdict, in the order size → decode → topic → fair
 * share of this neighbour → signature → rules of the replicated set. Short and without waiting, since gossip holds the
 * message until the verdict; what is accepted is stored behind it, within a bound.
 */

import {
  decodeRecord,
  type Refusal,
  signedOf,
  type UnverifiedRecord,
  verifyRecord,
} from '../../protocol/envelope.ts'
import { topicOf } from '../../protocol/swarm.ts'
import type { PeerId, SwarmId, SwarmRecord } from '../../protocol/types.ts'
import type { Clock, Cpu, Verdict } from '../ports.ts'

/** What became of a record that was offered to the replicated set. */
export type Offered =
  | { readonly status: 'live' }
  /** Known already: nothing to do, and nothing to pass on. */
  | { readonly status: 'known' }
  | { readonly status: 'pending' | 'excluded'; readonly reason: string }

export interface ReceiveDeps {
  readonly swarm: SwarmId
  readonly clock: Clock
  readonly cpu: Cpu
  /** Adds the record to the replicated set, and starts what follows from it. Never throws. */
  readonly offer: (record: SwarmRecord, from: PeerId) => Offered
  /** More is being written than the disk can take. */
  readonly isBusy: () => boolean
  /** Counts what was not taken, by reason. */
  readonly onRefused: (reason: string, from: PeerId) => void
}

/** Signatures of one neighbour that are checked in a second, and at once after a pause (protocol.md). */
const verificationsPerSecond = 200
const verificationsBurst = 2_000
/** Neighbours whose share is remembered; the one unused longest is forgotten first. */
const neighboursMax = 1_024
/** Messages in work at once; more are refused as busy. */
const inWorkMax = 4_096

export interface Receiver {
  /** A message gossiped on this topic. */
  receive(bytes: Uint8Array, from: PeerId, topic: string): Promise<Verdict>
  /**
   * Records that this node asked for, one after the other: judged the same, but its own pace is the limit, not the
   * neighbour's share. Their signatures are looked at together beforehand, for there are many.
   */
  take(records: readonly Uint8Array[], from: PeerId): AsyncIterable<Verdict>
  /** A record that the neighbour gives in catch-up, out of its share as if it gossiped it. */
  given(bytes: Uint8Array, from: PeerId): Promise<Verdict>
}

interface Circumstances {
  readonly topic?: string
  readonly isAsked: boolean
  /** Of the signature, where that was found out already. */
  readonly holds?: boolean | undefined
}

export function createReceiver(deps: ReceiveDeps): Receiver {
  const shares = new Map<PeerId, { tokens: number; at: number }>()
  let inWork = 0

  const takeShare = (from: PeerId): boolean => {
    const now = deps.clock.now()
    const share = shares.get(from) ?? { tokens: verificationsBurst, at: now }
    shares.delete(from)
    const earned = (Math.max(0, now - share.at) / 1000) * verificationsPerSecond
    const tokens = Math.min(verificationsBurst, share.tokens + earned)
    if (tokens < 1) {
      shares.set(from, { tokens, at: now })
      return false
    }
    shares.set(from, { tokens: tokens - 1, at: now })
    if (shares.size > neighboursMax) {
      for (const oldest of shares.keys()) {
        shares.delete(oldest)
        break
      }
    }
    return true
  }

  const refuse = (verdict: 'ignore' | 'reject', reason: string, from: PeerId): Verdict => {
    deps.onRefused(reason, from)
    return { verdict, reason }
  }

  const judge = async (
    decoded: UnverifiedRecord | Refusal,
    from: PeerId,
    { topic, isAsked, holds }: Circumstances,
  ): Promise<Verdict> => {
    if (!decoded.ok) return refuse(decoded.verdict, decoded.reason, from)
    if (topic !== undefined && topicOf(decoded.claimed) !== topic)
      return refuse('reject', 'wrong-topic', from)
    if (!isAsked && !takeShare(from)) return refuse('ignore', 'busy', from)
    await deps.cpu.spend('verify', 1)
    const verified = verifyRecord(decoded, Math.floor(deps.clock.now() / 1000), holds)
    if (!verified.ok) return refuse(verified.verdict, verified.reason, from)
    const offered = deps.offer(verified.record, from)
    if (offered.status === 'live') return { verdict: 'accept' }
    if (offered.status === 'known') return { verdict: 'ignore', reason: 'known' }
    return refuse('ignore', offered.reason, from)
  }

  /** What comes unasked, within what may be in work. */
  const judgeUnasked = async (bytes: Uint8Array, from: PeerId, topic?: string): Promise<Verdict> => {
    if (inWork >= inWorkMax || deps.isBusy()) return refuse('ignore', 'busy', from)
    inWork++
    try {
      return await judge(decodeRecord(bytes, deps.swarm), from, {
        isAsked: false,
        ...(topic === undefined ? {} : { topic }),
      })
    } finally {
      inWork--
    }
  }

  async function* take(records: readonly Uint8Array[], from: PeerId): AsyncGenerator<Verdict> {
    const decoded = records.map(bytes => decodeRecord(bytes, deps.swarm))
    const answers = await deps.cpu.verifyAll?.(decoded.filter(one => one.ok).map(signedOf))
    let answered = 0
    for (const one of decoded)
      yield judge(one, from, { isAsked: true, holds: one.ok ? answers?.[answered++] : undefined })
  }

  return {
    receive: judgeUnasked,
    take,
    given: (bytes, from) => judgeUnasked(bytes, from),
  }
}
