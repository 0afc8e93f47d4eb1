/**
 * How far and how fast a digest spreads, and what that costs, in swarms too large for whole nodes: the gossip of
 * `network/gossip.ts` as arithmetic on arrays, one message after the other, with nothing of a node around it. A test holds it to
 * whole nodes where both run.
 */

import type { Random } from '../node/ports.ts'
import { jitter, regionalMs, regions } from './network/conditions.ts'
import { fitted } from './network/fitted.ts'
import { connectionsMax } from './network/gate.ts'
import {
  floodPeersMax,
  heartbeatMs,
  historyGossip,
  idBytes,
  lazyDegree,
  lazyShare,
  meshDegree,
} from './network/gossip-parameters.ts'
import { quantile } from './quantile.ts'

export interface SpreadSettings {
  readonly nodes: number
  readonly lessons: number
  /** Share of gossiped messages that vanish. */
  readonly loss: number
  /** Connections that each node dials. A node has some twice as many: its own, and those that dial it. */
  readonly dials: number
  /** Length of a digest's record. */
  readonly messageBytes: number
}

/** For one lesson, by gossip alone: what is lost for good comes with the next catch-up. */
export interface Spread {
  readonly nodes: number
  /** Share that came at all. */
  readonly delivered: number
  /** Infinite where too few came. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** That each node sends on average. */
  readonly messagesPerNode: number
  readonly bytesPerNode: number
  readonly connections: number
}

export const usualSpread = { lessons: 10, loss: 0, dials: 10, messageBytes: 309 }

/** Nothing is on its way any more after this. */
const spanMs = 20_000

/** What happens, to whom, and by whom. */
const kinds = { message: 0, offer: 1, beat: 2 } as const

export function spread(settings: SpreadSettings, random: Random): Spread {
  const { nodes, lessons, loss, messageBytes } = settings
  const draw = quickly(random)
  const neighbours = connect(settings, draw)
  const mesh = graft(neighbours, draw)
  const region = Uint8Array.from({ length: nodes }, () => draw(regions))
  const beatAtMs = Float64Array.from({ length: nodes }, () => draw(heartbeatMs))
  const seenMs = new Float64Array(nodes)
  const delays: number[] = []
  let messages = 0
  let bytes = 0
  const wayMs = (from: number, to: number): number =>
    regionalMs(region[from] ?? 0, region[to] ?? 0) *
      (jitter.least + (jitter.most - jitter.least) * draw.share()) +
    fitted.handlingMs
  for (let lesson = 0; lesson < lessons; lesson++) {
    const due: number[][] = Array.from({ length: spanMs }, () => [])
    const plan = (atMs: number, kind: number, from: number, to: number): void => {
      due[Math.ceil(atMs)]?.push((kind * nodes + from) * nodes + to)
    }
    const pass = (nowMs: number, from: number, to: number): void => {
      messages++
      bytes += messageBytes + fitted.frameBytes
      if (draw.share() >= loss) plan(nowMs + wayMs(from, to), kinds.message, from, to)
    }
    const hear = (nowMs: number, at: number, from: number): void => {
      seenMs[at] = nowMs
      const told = neighbours[at] ?? []
      const receivers = from === at && told.length <= floodPeersMax ? told : mesh[at]
      for (const peer of receivers ?? []) if (peer !== from) pass(nowMs, at, peer)
      const wait = ((beatAtMs[at] ?? 0) - nowMs) % heartbeatMs
      plan(nowMs + (wait > 0 ? wait : wait + heartbeatMs), kinds.beat, 0, at)
    }
    seenMs.fill(Number.POSITIVE_INFINITY)
    const author = draw(nodes)
    hear(0, author, author)
    for (let nowMs = 0; nowMs < spanMs; nowMs++) {
      // What is planned for this very moment meanwhile happens in it, too.
      for (const event of due[nowMs] ?? []) {
        const to = event % nodes
        const rest = (event - to) / nodes
        const from = rest % nodes
        const kind = (rest - from) / nodes
        const isNew = seenMs[to] === Number.POSITIVE_INFINITY
        if (kind === kinds.message) {
          if (isNew) hear(nowMs, to, from)
        } else if (kind === kinds.offer) {
          if (!isNew) continue
          messages++
          bytes += idBytes + fitted.frameBytes
          pass(nowMs + wayMs(to, from), from, to)
        } else {
          const outside = (neighbours[to] ?? []).filter(peer => !mesh[to]?.has(peer))
          const count = Math.max(lazyDegree, Math.floor(lazyShare * outside.length))
          for (const peer of chosen(outside, count, draw)) {
            messages++
            bytes += idBytes + fitted.frameBytes
            if (seenMs[peer] === Number.POSITIVE_INFINITY)
              plan(nowMs + wayMs(to, peer), kinds.offer, to, peer)
          }
          if (nowMs + heartbeatMs - (seenMs[to] ?? 0) <= historyGossip * heartbeatMs)
            plan(nowMs + heartbeatMs, kinds.beat, 0, to)
        }
      }
      due[nowMs] = []
    }
    for (let node = 0; node < nodes; node++) if (node !== author) delays.push(seenMs[node] ?? 0)
  }
  return spreadOf(delays, { nodes, runs: lessons, messages, bytes, connections: connectionsOf(neighbours) })
}

interface Tally {
  readonly nodes: number
  /** Lessons, or how often some were spread together. */
  readonly runs: number
  /** Of all nodes and runs together. */
  readonly messages: number
  readonly bytes: number
  /** Of a node, on average. */
  readonly connections: number
}

/** @param delays milliseconds, one for each run and other node; infinite where it did not come. Sorted here. */
export function spreadOf(delays: number[], { nodes, runs, messages, bytes, connections }: Tally): Spread {
  delays.sort((a, b) => a - b)
  const at = (part: number): number => quantile(delays, part) ?? Number.NaN
  return {
    nodes,
    delivered: delays.filter(Number.isFinite).length / delays.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    messagesPerNode: messages / nodes / runs,
    bytesPerNode: bytes / nodes / runs,
    connections,
  }
}

type Neighbours = readonly (readonly number[])[]

/** Each dials some of the others. */
export function connect({ nodes, dials }: Pick<SpreadSettings, 'nodes' | 'dials'>, draw: Draw): Neighbours {
  const connected = Array.from({ length: nodes }, () => new Set<number>())
  for (let from = 0; from < nodes; from++) {
    const own = connected[from]
    for (let tries = 0; own !== undefined && tries < Math.min(dials, nodes - 1); tries++) {
      const to = draw(nodes)
      const other = connected[to]
      if (to === from || other === undefined || other.size >= connectionsMax) continue
      own.add(to)
      other.add(from)
    }
  }
  return connected.map(peers => [...peers])
}

/** Each grafts some of its neighbours, who take it in while they have room. */
function graft(neighbours: Neighbours, draw: Draw): readonly ReadonlySet<number>[] {
  const mesh = neighbours.map(() => new Set<number>())
  for (const [from, own] of mesh.entries()) {
    if (own.size >= meshDegree.low) continue
    const fit = (neighbours[from] ?? []).filter(peer => !own.has(peer))
    for (const peer of chosen(fit, meshDegree.wanted - own.size, draw)) {
      const other = mesh[peer]
      if (other === undefined || other.size >= meshDegree.high) continue
      own.add(peer)
      other.add(from)
    }
  }
  return mesh
}

/** How many a node has on average. */
export function connectionsOf(neighbours: Neighbours): number {
  return neighbours.reduce((sum, peers) => sum + peers.length, 0) / neighbours.length
}

/** So many of them, each at most once. */
function chosen(from: readonly number[], count: number, draw: Draw): readonly number[] {
  if (count >= from.length) return from
  const taken = new Set<number>()
  while (taken.size < count) taken.add(draw(from.length))
  return [...taken].map(at => from[at] ?? 0)
}

export interface Draw {
  /** A whole number in [0, n). */
  (n: number): number
  /** A number in [0, 1). */
  share(): number
}

/** Millions of draws: sfc32 (Chris Doty-Humphrey, PractRand; public domain), seeded by the run's own chance. */
export function quickly(random: Random): Draw {
  const seed = new Uint32Array(random.bytes(16).slice().buffer)
  let [a = 0, b = 0, c = 0, counter = 1] = seed
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let warm = 0; warm < 12; warm++) next()
  const share = (): number => next() / 2 ** 32
  return Object.assign((n: number): number => Math.floor(share() * n), { share })
}
