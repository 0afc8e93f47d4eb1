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
import { meanWayMs } from './network/conditions.ts'
import { fitted } from './network/fitted.ts'
import { openBytes } from './network/network.ts'
import { type SessionCost, type SessionCosts, sessionCosts } from './session-cost.ts'
import {
  connect,
  connectionsOf,
  type Draw,
  quickly,
  type Spread,
  type SpreadSettings,
  spreadOf,
} from './spread.ts'

/** What it costs is counted for so long: most have what there is by then, and go on asking whether there is more. */
export const catchUpSpanMs = 180_000
/** Whoever has nothing by then is connected to nobody. */
const endMs = 3_600_000
const stepMs = 10_000
/** A stream is opened, there and back, and then asked and answered on. */
const requestMs = 4 * meanWayMs + 2 * fitted.handlingMs
/** When it begins hangs on whom the author's neighbours ask next: of one swarm little can be said. */
const swarms = 10

type Settings = Omit<SpreadSettings, 'loss'>

/** @returns what it took of a node in `catchUpSpanMs`, and how long until all others had all lessons of one node: of ten swarms together. */
export async function spreadByCatchUp(settings: Settings, random: Random): Promise<Spread> {
  const { nodes, lessons, messageBytes } = settings
  const draw = quickly(random)
  const costs = sessionCosts({ members: nodes, digests: lessons, digestBytes: messageBytes }, random)
  const delays: number[] = []
  const sum = { messages: 0, bytes: 0, connections: 0 }
  for (let swarm = 0; swarm < swarms; swarm++) {
    const one = await spreadOnce(settings, costs, draw)
    for (const delay of one.delays) delays.push(delay)
    sum.messages += one.messages
    sum.bytes += one.bytes
    sum.connections += one.connections
  }
  return spreadOf(delays, { ...sum, nodes, runs: swarms, connections: sum.connections / swarms })
}

interface Once {
  /** Until each of the others had all. */
  readonly delays: readonly number[]
  /** Of all nodes together. */
  readonly messages: number
  readonly bytes: number
  readonly connections: number
}

async function spreadOnce({ nodes, dials }: Settings, costs: SessionCosts, draw: Draw): Promise<Once> {
  const neighbours = connect({ nodes, dials }, draw)
  const events = new EventQueue(0)
  const hasMs = new Float64Array(nodes).fill(Number.POSITIVE_INFINITY)
  let lacking = nodes
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
    if (events.nowMs > catchUpSpanMs) return
    messages += 2 * requests
    // Both ends open a stream.
    bytes += own + requests * (2 * openBytes + 2 * fitted.frameBytes)
  }
  const gets = (node: number): boolean => {
    if ((hasMs[node] ?? 0) <= events.nowMs) return false
    hasMs[node] = events.nowMs
    lacking--
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
  gets(author)
  for (let node = 0; node < nodes; node++) keepUp(node, draw.share() * catchUpWaitMs(draw))
  await events.runTo(catchUpSpanMs)
  while (lacking > 0 && events.nowMs < endMs) await events.runTo(events.nowMs + stepMs)
  const delays = [...hasMs].filter((_, node) => node !== author)
  return { delays, messages, bytes, connections: connectionsOf(neighbours) }
}
