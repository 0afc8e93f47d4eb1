/**
 * How much each peer's word weighs here (behaviour.md, "Influence"): this node starts with 1, and in three rounds each
 * peer passes a third of what it received on to those it vouches for, in proportion to its opinion of them.
 *
 * A third is the most that keeps the bound when those behind a voucher vouch for each other, too. All that a set of
 * identities receives, R, comes from its one voucher (which has received X) or from itself: R ≤ X/3 + R/3, so R ≤ X/2.
 * However many they are and however they vouch, together they weigh at most half of their voucher.
 */

import type { VouchingGraph } from './vouching.ts'

const roundsMax = 3
const passedOnShare = 1 / 3

/** By the numbers of the graph; this node itself has 1. */
export function spreadInfluence({ peers, edges, first }: VouchingGraph): Float64Array {
  const { to, opinion } = edges
  const influence = new Float64Array(peers.length)
  influence[0] = 1
  let received = influence.slice()
  for (let round = 0; round < roundsMax; round++) {
    const next = new Float64Array(peers.length)
    for (let source = 0; source < peers.length; source++) {
      const own = received[source] ?? 0
      if (own === 0) continue
      const end = first[source + 1] ?? 0
      const share = own * shareOf(opinion, first[source] ?? 0, end)
      for (let at = first[source] ?? 0; at < end; at++) {
        const target = to[at] ?? 0
        next[target] = (next[target] ?? 0) + share * (opinion[at] ?? 0)
      }
    }
    for (const [peer, more] of next.entries()) influence[peer] = (influence[peer] ?? 0) + more
    received = next
  }
  return influence
}

/** What one edge passes on of its source's influence, for each unit of opinion. A bad opinion alone passes on little. */
export function shareOf(opinion: Float64Array, start: number, end: number): number {
  let sum = 0
  for (let at = start; at < end; at++) sum += opinion[at] ?? 0
  return passedOnShare / Math.max(1, sum)
}
