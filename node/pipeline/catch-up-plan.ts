/**
 * Whom to catch up with, how far, and what follows from it (SPEC, "Ranges"): decisions without a clock or a network of
 * their own.
 */

import { futureSlackSeconds, rangeSettleSeconds, secondsMax } from '../../protocol/limits.ts'
import type { Seconds } from '../../protocol/types.ts'

/**
 * Between two peers that have just met nothing has been gossiped: all that a set may hold is compared, dated ahead or
 * not. Later, what is young is still on its way, and would be found missing on one side or the other.
 */
export function untilOf(nowMs: number, occasion: 'met' | 'later'): Seconds {
  const nowS = Math.floor(nowMs / 1000)
  const untilS = occasion === 'met' ? nowS + futureSlackSeconds : nowS - rangeSettleSeconds
  return Math.min(Math.max(0, untilS), secondsMax)
}

/** Gossip loses now and then; asking a neighbour whose set is the same costs a few hundred bytes. */
const catchUpMs = 60_000

/** Milliseconds until a node asks some of its neighbours again. */
export function catchUpWaitMs(below: (n: number) => number): number {
  return catchUpMs / 2 + below(catchUpMs)
}

/** Neighbours that are asked now and then. */
export const randomPartners = 2
/** Told of what is new: of those who are told by nobody at first, some would hear of it only when they ask next. */
export const followUpPartners = 5

/** Some at random and one that is trusted: who is surrounded by peers that hide something still asks a friend. */
export function partnersOf<Peer>(
  peers: readonly Peer[],
  count: number,
  score: (peer: Peer) => number,
  below: (n: number) => number,
): readonly Peer[] {
  const left = peers.filter(peer => score(peer) >= 0)
  const drawn: Peer[] = []
  const draw = (from: readonly Peer[]): void => {
    const peer = from.length === 0 ? undefined : from[below(from.length)]
    if (peer === undefined) return
    drawn.push(peer)
    left.splice(left.indexOf(peer), 1)
  }
  for (let i = 0; i < count; i++) draw(left)
  draw(left.filter(peer => score(peer) > 0))
  return drawn
}

/** What is new here is likely new to others around: so a healed partition spreads, and within this bound. */
const followUpsPerMinute = 12
const minuteMs = 60_000

/** Counts the follow-ups of the last minute. */
export class FollowUps {
  #begun: readonly number[] = []

  /** Whether one more may begin now. */
  take(nowMs: number): boolean {
    this.#begun = this.#begun.filter(at => nowMs - at < minuteMs)
    if (this.#begun.length >= followUpsPerMinute) return false
    this.#begun = [...this.#begun, nowMs]
    return true
  }
}
