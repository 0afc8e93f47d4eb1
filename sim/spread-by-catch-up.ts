/**
 * How lessons spread by catch-up alone, and what that costs, in swarms too large for whole nodes: who asks whom and when, by
 * the decisions of `catching-up.ts`, and what a session costs, by the protocol. Nobody has heard of the lessons by gossip.
 */

import {
  catchUpWaitMs,
  FollowUps,
  followUpPartners,
  partnersOf,
  randomPartners,
} from '../node/pipeline/catch-up-plan.ts'
import type { Random } from '../node/ports.ts'
import { rangeSettleSeconds } from '../protocol/limits.ts'
import { EventQueue } from './events.ts'
import { fitted } from './network/fitted.ts'
import { openBytes } from './network/network.ts'
import { type SessionCost, sessionCosts } from './session-cost.ts'
import { connect, quickly, type Spread, type SpreadSettings, spreadOf } from './spread.ts'

/** All have what there is well before. */
export const catchUpSpanMs = 180_000
/** There and back, with the stream that is opened for it: what a request takes between large clouds. */
const requestMs = 200

/** @returns what it took of a node until the end of `catchUpSpanMs` to get all lessons, of one node, to all others. */
export async function spreadByCatchUp(
  { nodes, lessons, dials, messageBytes }: Omit<SpreadSettings, 'loss'>,
  random: Random,
): Promise<Spread> {
  const draw = quickly(random)
  const { neighbours } = connect({ nodes, dials }, draw)
  const costs = sessionCosts({ members: nodes, digests: lessons, digestBytes: messageBytes }, random)
  const events = new EventQueue(0)
  const hasMs = new Float64Array(nodes).fill(Number.POSITIVE_INFINITY)
  const followUps = Array.from({ length: nodes }, () => new FollowUps())
  let messages = 0
  let bytes = 0

  const partners = (node: number, count: number, but?: number): readonly number[] => {
    const all = neighbours[node] ?? []
    // Who let it in, or was let in by it, is a friend: most often the first that either called.
    const score = (peer: number): number => (peer === all[0] ? 1 : 0)
    const others = all.filter(peer => peer !== but)
    return partnersOf(others, count, score, draw)
  }
  const charge = ({ requests, bytes: own }: SessionCost): void => {
    messages += 2 * requests
    bytes += own + requests * (openBytes + 2 * fitted.frameBytes)
  }
  const gets = (node: number): boolean => {
    if ((hasMs[node] ?? 0) <= events.nowMs) return false
    hasMs[node] = events.nowMs
    return true
  }
  const meet = (asking: number, asked: number, isYoungTold: boolean): void => {
    const isTold = isYoungTold || events.nowMs >= rangeSettleSeconds * 1000
    const lacks = hasMs[asking] === Number.POSITIVE_INFINITY
    const other = hasMs[asked] === Number.POSITIVE_INFINITY
    const cost = !isTold || lacks === other ? costs.same : lacks ? costs.takes : costs.gives
    charge(cost)
    if (cost === costs.same) return
    events.in(requestMs * cost.requests, () => {
      if (gets(lacks ? asking : asked) && lacks) tell(asking, asked)
      return 'quiet'
    })
  }
  /** Who has taken something over asks others at once, and gives it to them. */
  const tell = (node: number, but: number): void => {
    for (const next of partners(node, followUpPartners, but))
      if (followUps[node]?.take(events.nowMs)) meet(node, next, true)
  }
  const keepUp = (node: number, waitMs: number): void => {
    events.in(waitMs, () => {
      for (const peer of partners(node, randomPartners)) meet(node, peer, false)
      keepUp(node, catchUpWaitMs(draw))
      return 'quiet'
    })
  }

  const author = draw(nodes)
  hasMs[author] = 0
  for (let node = 0; node < nodes; node++) keepUp(node, draw.share() * catchUpWaitMs(draw))
  await events.runTo(catchUpSpanMs)
  const delays = [...hasMs].filter((_, node) => node !== author)
  const connections = neighbours.reduce((sum, peers) => sum + peers.length, 0) / nodes
  return spreadOf(delays, { nodes, lessons: 1, messages, bytes, connections })
}
