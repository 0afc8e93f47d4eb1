/**
 * Holds the simulated network to the real one: the same few lessons are shared at the same times in a real swarm and in a
 * simulated one, and how fast they arrive, and what that costs, is set side by side.
 */

import type { NodeEvent, SwarmloreNode } from '../node/api.ts'
import type { Random } from '../node/ports.ts'
import type { EntryCid, SwarmId } from '../protocol/types.ts'
import { type Fitted, fitted } from './network/fitted.ts'
import { quantile } from './quantile.ts'
import { between, seededRandom } from './random.ts'
import { createTopics, lessonOn } from './topics.ts'
import { World } from './world.ts'

/** What is done in a swarm, real or simulated. */
export interface Scenario {
  readonly nodes: number
  /** Shared first, and not counted: a program that has just started takes longer for everything. */
  readonly warmUps: number
  readonly publishes: number
  readonly everyMs: number
  /** Until all are connected and know each other. */
  readonly settleMs: number
  /** Then nothing is done for so long, to see what that costs. */
  readonly idleMs: number
  /** Until the last lesson has come. */
  readonly afterMs: number
}

/** A swarm to be looked at. All of its nodes are in `swarm`, and run. */
export interface WatchedSwarm {
  readonly swarm: SwarmId
  readonly nodes: readonly SwarmloreNode[]
  /** Milliseconds. */
  nowMs(): number
  pass(ms: number): Promise<void>
  /** Lets time pass until the work is done. */
  meanwhile<T>(work: Promise<T>): Promise<T | undefined>
  /** Of all nodes so far, as they leave and enter the program: what the transports below add is not in it. */
  sent(): Sent
}

export interface Sent {
  readonly bytes: number
  /** Undefined where they cannot be counted. */
  readonly messages: number | undefined
  /** How long all nodes have held the processor that they share. */
  readonly busyMs: number
}

export interface Observed {
  /** For each lesson and other node that it came to, in rising order. */
  readonly delaysMs: readonly number[]
  /** Share of these pairs in which it came. */
  readonly delivered: number
  /** One node, while nothing happens. */
  readonly idleBytesPerS: number
  /** One node, for each lesson that is shared in the swarm, beyond what it sends when idle. */
  readonly bytesPerLesson: number
  readonly messagesPerLesson: number | undefined
  /** Milliseconds of the processor, for one node and second, while nothing happens. */
  readonly idleBusyMsPerS: number
  /** The same for each lesson that is shared in the swarm, beyond that. */
  readonly busyMsPerLesson: number
  /** Of one node, when the lessons are shared. */
  readonly connections: number
}

/** Added on each way, as by the relay between the real nodes: 50 ms, more or less by up to 20. */
export const addedMs = { least: 30, most: 70 }

export async function observe(watched: WatchedSwarm, scenario: Scenario): Promise<Observed> {
  const { nodes, warmUps, publishes, everyMs, settleMs, idleMs, afterMs } = scenario
  const random = seededRandom('calibration')
  const topics = createTopics(random.fork('topics'), warmUps + publishes)
  const sharedMs = new Map<EntryCid, number>()
  const came: { readonly cid: EntryCid; readonly atMs: number }[] = []
  const onEvent = (event: NodeEvent): void => {
    if (event.type === 'entry' && !event.own) came.push({ cid: event.cid, atMs: watched.nowMs() })
  }
  const stops = watched.nodes.map(node => node.onEvent(onEvent))
  const share = async (at: number, onShared: (cid: EntryCid, atMs: number) => void): Promise<void> => {
    const node = watched.nodes[at % watched.nodes.length]
    const topic = topics[at]
    if (node === undefined || topic === undefined) throw new RangeError('there are nodes, and topics')
    const atMs = watched.nowMs()
    const lesson = lessonOn(topic, `calibrated${at}`, random)
    const added = await watched.meanwhile(node.addEntry({ ...lesson, swarm: watched.swarm }))
    if (!added?.ok) throw new TypeError(`a lesson was refused: ${added?.message ?? 'no answer'}`)
    onShared(added.value.cid, atMs)
    await watched.pass(Math.max(0, atMs + everyMs - watched.nowMs()))
  }
  for (let at = 0; at < warmUps; at++) await share(at, () => undefined)
  await watched.pass(settleMs)
  const quiet = watched.sent()
  await watched.pass(idleMs)
  const before = watched.sent()
  const beganMs = watched.nowMs()
  const connections = watched.nodes.reduce((sum, node) => sum + (node.swarms()[0]?.peers ?? 0), 0) / nodes
  for (let at = warmUps; at < topics.length; at++) await share(at, (cid, atMs) => sharedMs.set(cid, atMs))
  await watched.pass(afterMs)
  for (const stop of stops) stop()
  const after = watched.sent()
  const delaysMs = came.flatMap(({ cid, atMs }) => {
    const since = sharedMs.get(cid)
    return since === undefined ? [] : atMs - since
  })
  const idle = (of: (sent: Sent) => number): number => (of(before) - of(quiet)) / nodes / (idleMs / 1000)
  const idleBytesPerS = idle(sent => sent.bytes)
  const idleBusyMsPerS = idle(sent => sent.busyMs)
  const seconds = (watched.nowMs() - beganMs) / 1000
  const each = (total: number): number => total / nodes / publishes
  return {
    delaysMs: delaysMs.sort((a, b) => a - b),
    delivered: delaysMs.length / (publishes * (nodes - 1)),
    idleBytesPerS,
    bytesPerLesson: each(after.bytes - before.bytes - idleBytesPerS * nodes * seconds),
    messagesPerLesson:
      after.messages === undefined || before.messages === undefined
        ? undefined
        : each(after.messages - before.messages),
    idleBusyMsPerS,
    busyMsPerLesson: each(after.busyMs - before.busyMs - idleBusyMsPerS * nodes * seconds),
    connections,
  }
}

/**
 * The scenario in simulated swarms, one after the other, as if it were one. Who is connected to whom is chance: of thirty
 * nodes about half are neighbours of an author and have its lesson at once, the others twice as late, so that by itself one
 * swarm's median lies with either.
 */
export async function observeSimulated(scenario: Scenario, fit: Fitted): Promise<Observed> {
  const swarms: Observed[] = []
  for (let at = 0; at < simulatedSwarms; at++)
    swarms.push(await observeOneSimulated(scenario, fit, `calibration${at}`))
  const mean = (of: (observed: Observed) => number): number =>
    swarms.reduce((sum, observed) => sum + of(observed), 0) / swarms.length
  return {
    delaysMs: swarms.flatMap(({ delaysMs }) => delaysMs).sort((a, b) => a - b),
    delivered: mean(({ delivered }) => delivered),
    idleBytesPerS: mean(({ idleBytesPerS }) => idleBytesPerS),
    bytesPerLesson: mean(({ bytesPerLesson }) => bytesPerLesson),
    messagesPerLesson: mean(({ messagesPerLesson }) => messagesPerLesson ?? Number.NaN),
    idleBusyMsPerS: mean(({ idleBusyMsPerS }) => idleBusyMsPerS),
    busyMsPerLesson: mean(({ busyMsPerLesson }) => busyMsPerLesson),
    connections: mean(({ connections }) => connections),
  }
}

/** Their medians differ by some 3 %, but one in eight by 30 %. */
const simulatedSwarms = 8

/** Its messages take as long as the relay makes them, on one processor as in one process. */
async function observeOneSimulated(scenario: Scenario, fit: Fitted, seed: string): Promise<Observed> {
  const world = new World({
    seed,
    nodes: scenario.nodes,
    config: {},
    fit,
    sharesProcessor: true,
    onBug: (where, cause) => {
      throw new Error(`${where}: ${String(cause)}`, { cause })
    },
  })
  world.network.conditions.wayMs = (random: Random) => between(random, addedMs.least, addedMs.most)
  await world.found()
  const { machines } = world
  return observe(
    {
      swarm: world.swarm,
      nodes: world.running().flatMap(({ node }) => node ?? []),
      nowMs: () => world.nowMs,
      pass: ms => world.run(ms),
      meanwhile: work => world.meanwhile(work),
      sent: () => ({
        bytes: machines.reduce((sum, { host }) => sum + host.sentBytes, 0),
        messages: machines.reduce((sum, { host }) => sum + host.sentMessages, 0),
        busyMs: machines.reduce((sum, { spentMs }) => sum + spentMs, 0),
      }),
    },
    scenario,
  )
}

/** What has to be added or taken away so that the simulation comes as near as it can to what real nodes did. */
export async function fitTo(real: Observed, scenario: Scenario): Promise<Fitted> {
  let fit = fitted
  for (let round = 0; round < rounds; round++) {
    const simulated = await observeSimulated(scenario, fit)
    const messages = simulated.messagesPerLesson ?? 1
    fit = {
      frameBytes: atLeast0(fit.frameBytes + (real.bytesPerLesson - simulated.bytesPerLesson) / messages),
      idleBytesPerS: atLeast0(
        fit.idleBytesPerS + (real.idleBytesPerS - simulated.idleBytesPerS) / simulated.connections,
      ),
      // Nearly all of the work is that of messages: what it is too little by, they take more.
      messageMicros: (fit.messageMicros * real.busyMsPerLesson) / simulated.busyMsPerLesson,
      idleMicrosPerS: atLeast0(fit.idleMicrosPerS + 1000 * (real.idleBusyMsPerS - simulated.idleBusyMsPerS)),
      handlingMs: atLeast0(fit.handlingMs + (delayAt(real, 0.5) - delayAt(simulated, 0.5)) / waysToALesson),
    }
  }
  return fit
}

/** Enough, for what is fitted hardly hangs on each other. */
const rounds = 4
/** That of the gossip, of the wish for the block, and of the block: to open a stream takes no handling here. */
const waysToALesson = 3

function atLeast0(number: number): number {
  return Math.max(0, number)
}

export interface Comparison {
  readonly what: string
  readonly unit: string
  readonly real: number
  readonly simulated: number
  /** By how much the simulation is off, as a share of what is real. */
  readonly distance: number
}

/** Both side by side: the quantiles of the delays, and what it cost. */
export function compared(real: Observed, simulated: Observed): readonly Comparison[] {
  const row = (what: string, unit: string, of: (observed: Observed) => number): Comparison => {
    const [isReal, isSimulated] = [of(real), of(simulated)]
    return { what, unit, real: isReal, simulated: isSimulated, distance: distance(isReal, isSimulated) }
  }
  return [
    ...[5, 25, 50, 75, 95, 99].map(percent =>
      row(`delivery, ${percent} %`, 'ms', observed => delayAt(observed, percent / 100)),
    ),
    row('share delivered', '', observed => observed.delivered),
    row('sent for a lesson, a node', 'bytes', observed => observed.bytesPerLesson),
    row('sent when idle, a node', 'bytes/s', observed => observed.idleBytesPerS),
    row('work for a lesson, a node', 'ms', observed => observed.busyMsPerLesson),
    row('work when idle, a node', 'ms/s', observed => observed.idleBusyMsPerS),
    row('connections of a node', '', observed => observed.connections),
  ]
}

function distance(real: number, simulated: number): number {
  return real === 0 ? Math.abs(simulated) : Math.abs(simulated - real) / real
}

/** Not a number where nothing came: no distance is within the goal then. */
function delayAt({ delaysMs }: Observed, part: number): number {
  return quantile(delaysMs, part) ?? Number.NaN
}
