/**
 * What must come true once the faults have stopped: all nodes hold the same records, every lesson of an honest node can be
 * had at each of them, gossip reaches everybody, and nobody who asked a node is left waiting.
 */

import type { EntryCid, PeerId, RecordId } from '../protocol/types.ts'
import type { Checks } from './checks.ts'
import type { Machine } from './machine.ts'
import { liveRecords } from './replicated.ts'
import type { Unanswered } from './workload.ts'
import type { World } from './world.ts'

/** From the end of the faults on. A node looks for what it lacks every minute, half as much more or less. */
const convergeWithinMs = 180_000
const stepMs = 1_000
const connectWithinMs = 60_000
/** What was announced late is fetched late: failed fetches are tried again when a neighbour comes, or with the next record. */
const retrieveWithinMs = 180_000
const answerWithinMs = 60_000

/**
 * First beside the hostile machines, who go on: all correct nodes must come to hold what correct nodes have said, whatever
 * else is said. Then without them: to hold the same of what the hostile ones have said, too.
 *
 * @returns seconds until all correct nodes held the same of correct ones; undefined where they did not in time.
 */
export async function checkLiveness(
  world: World,
  checks: Checks,
  wanted: () => Iterable<EntryCid>,
): Promise<number | undefined> {
  const convergedMs = await untilEqual(world, record => world.isCorrect(record))
  if (convergedMs === undefined) checks.violated('converged', undefined, await whyNot(world))
  await checkConnected(world, checks)
  await checkRetrievable(world, checks, wanted)
  if (world.hostile.size > 0) {
    for (const machine of world.hostile) machine.powerCut()
    world.note('the hostile machines are gone')
    if ((await untilEqual(world, () => true)) === undefined)
      checks.violated('converged', undefined, `without the hostile machines, ${await whyNot(world)}`)
  }
  return convergedMs === undefined ? undefined : convergedMs / 1000
}

/** Milliseconds until all correct nodes held the same records of these authors; undefined where they did not in time. */
async function untilEqual(world: World, isOf: (author: PeerId) => boolean): Promise<number | undefined> {
  const beganMs = world.nowMs
  // What a fast clock has dated ahead and gossip has lost is compared only when its time has come.
  const aheadMs = Math.max(...world.machines.map(machine => machine.aheadMs))
  while (world.nowMs - beganMs < convergeWithinMs + aheadMs) {
    await world.run(stepMs)
    if (world.correct.some(({ node }) => node === undefined)) continue
    // Where all count, their number tells most of the time.
    const counts = new Set(world.correct.map(machine => world.view(machine)?.records))
    if (world.hostile.size === 0 && counts.size > 1) continue
    if (differing(world, isOf) === undefined) return world.nowMs - beganMs
  }
  return undefined
}

async function whyNot(world: World): Promise<string> {
  const off = world.correct.filter(({ node }) => node === undefined).map(({ name }) => name)
  if (off.length > 0) return `${off.join(', ')} did not come back`
  const counts = world.correct.map(machine => `${machine.name}: ${world.view(machine)?.records}`)
  return `the nodes hold different records (${counts.join(', ')})`
}

/** The first correct machine whose live records of these authors are not those of the first one. */
function differing(world: World, isOf: (author: PeerId) => boolean): Machine | undefined {
  const of = (machine: Machine): ReadonlySet<RecordId> => {
    const live = liveRecords(world, machine)
    return new Set([...live].filter(([, author]) => isOf(author)).map(([id]) => id))
  }
  const [first, ...others] = world.correct
  if (first === undefined) return undefined
  const live = of(first)
  for (const machine of others) {
    const its = of(machine)
    if (its.size !== live.size || [...its].some(id => !live.has(id))) return machine
  }
  return undefined
}

/** A connection that broke as the faults ended is dialled again, and its ends tell what they are subscribed to. */
async function checkConnected(world: World, checks: Checks): Promise<void> {
  await world.runUntil(() => unreached(world).length === 0, stepMs, connectWithinMs)
  const left = unreached(world).map(({ name }) => name)
  if (left.length > 0) checks.violated('connected', undefined, `gossip does not reach ${left.join(', ')}`)
}

/** By what gossip flows over: whoever is subscribed and connected. */
function unreached(world: World): readonly Machine[] {
  const [first] = world.machines
  if (first === undefined) return []
  const reached = new Set([first])
  for (const machine of reached) {
    for (const link of world.network.links) {
      if (link.host !== machine.host || link.options.id !== world.swarm) continue
      for (const peer of link.options.topics.flatMap(topic => link.gossip.audience(topic))) {
        const other = world.machineOf(peer)
        // What a hostile machine hears goes no further.
        if (other !== undefined && !world.hostile.has(other)) reached.add(other)
      }
    }
  }
  return world.correct.filter(machine => !reached.has(machine))
}

async function checkRetrievable(
  world: World,
  checks: Checks,
  wanted: () => Iterable<EntryCid>,
): Promise<void> {
  const endMs = world.nowMs + retrieveWithinMs
  let asked: Machine | undefined
  const missing = async (): Promise<readonly [Machine, EntryCid][]> => {
    const found: [Machine, EntryCid][] = []
    for (const machine of world.correct.filter(hasRoomForStrangers)) {
      asked = machine
      for (const cid of wanted()) if (!(await machine.node?.entry(cid))?.ok) found.push([machine, cid])
    }
    return found
  }
  let left = await world.meanwhile(missing())
  while (left !== undefined && left.length > 0 && world.nowMs < endMs) {
    await world.run(10 * stepMs)
    left = await world.meanwhile(missing())
  }
  if (left === undefined) checks.violated('answers', asked, 'it has not told whether it has a lesson')
  for (const [machine, cid] of left ?? [])
    checks.violated('retrievable', machine, `${cid} is announced and cannot be had`)
}

/** What an owner has asked is answered, sooner or later, where the node has run all the time. */
export async function checkAnswers(
  world: World,
  checks: Checks,
  unanswered: () => readonly Unanswered[],
): Promise<void> {
  await world.runUntil(() => unanswered().length === 0, stepMs, answerWithinMs)
  for (const { machine, what } of unanswered())
    checks.violated('answers', machine, `its owner's ${what} has come to no end`)
}

/** What authors without trust may fill of a store; beyond it their lessons are announced and not fetched, by design. */
const strangersShare = 0.1
/** A room that is fuller than this was full at times: a node then leaves out lessons, and does not look for them until it is emptier. */
const roomShare = 0.9

function hasRoomForStrangers({ node }: Machine): boolean {
  const entries = node?.status().entries
  if (entries === undefined) return false
  const kept = entries.own + entries.received
  const room = roomShare * entries.capacity
  return kept < room && entries.quarantined < strangersShare * room
}
