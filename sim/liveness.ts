/**
 * What must come true once the faults have stopped: all nodes hold the same records, every lesson of an honest node can be
 * had at each of them, and gossip reaches everybody.
 */

import type { EntryCid } from '../protocol/types.ts'
import type { Checks } from './checks.ts'
import type { Machine } from './machine.ts'
import { liveRecords } from './replicated.ts'
import type { World } from './world.ts'

/** From the end of the faults on. A node looks for what it lacks every minute, half as much more or less. */
const convergeWithinMs = 180_000
const stepMs = 1_000
/** What was announced late is fetched late: failed fetches are tried again when a neighbour comes, or with the next record. */
const retrieveWithinMs = 180_000

/** @returns seconds until all nodes held the same records; undefined where they did not in time. */
export async function checkLiveness(
  world: World,
  checks: Checks,
  wanted: () => Iterable<EntryCid>,
): Promise<number | undefined> {
  const beganMs = world.nowMs
  // What a fast clock has dated ahead and gossip has lost is compared only when its time has come.
  const aheadMs = Math.max(...world.machines.map(machine => machine.aheadMs))
  const areEqual = (): boolean => {
    const running = world.running()
    const counts = new Set(running.map(machine => world.view(machine)?.records))
    return running.length === world.machines.length && counts.size === 1
  }
  let convergedMs: number | undefined
  while (world.nowMs - beganMs < convergeWithinMs + aheadMs) {
    await world.run(stepMs)
    if (!areEqual() || (await differing(world)) !== undefined) continue
    convergedMs = world.nowMs - beganMs
    break
  }
  if (convergedMs === undefined) checks.violated('converged', undefined, await whyNot(world))
  checkConnected(world, checks)
  await checkRetrievable(world, checks, wanted)
  return convergedMs === undefined ? undefined : convergedMs / 1000
}

async function whyNot(world: World): Promise<string> {
  const off = world.machines.filter(({ node }) => node === undefined).map(({ name }) => name)
  if (off.length > 0) return `${off.join(', ')} did not come back`
  const counts = world.machines.map(machine => `${machine.name}: ${world.view(machine)?.records}`)
  return `the nodes hold different records (${counts.join(', ')})`
}

/** The first machine whose live records are not those of the first one. */
async function differing(world: World): Promise<Machine | undefined> {
  const [first, ...others] = world.machines
  if (first === undefined) return undefined
  const live = await liveRecords(world, first)
  for (const machine of others) {
    const its = await liveRecords(world, machine)
    if (its.size !== live.size || [...its].some(id => !live.has(id))) return machine
  }
  return undefined
}

/** By what gossip flows over: whoever is subscribed and connected. */
function checkConnected(world: World, checks: Checks): void {
  const [first] = world.machines
  if (first === undefined) return
  const reached = new Set([first])
  for (const machine of reached) {
    for (const link of world.network.links) {
      if (link.host !== machine.host || link.options.id !== world.swarm) continue
      for (const peer of link.options.topics.flatMap(topic => link.gossip.audience(topic))) {
        const other = world.machineOf(peer)
        if (other !== undefined) reached.add(other)
      }
    }
  }
  const left = world.machines.filter(machine => !reached.has(machine)).map(({ name }) => name)
  if (left.length > 0) checks.violated('connected', undefined, `gossip does not reach ${left.join(', ')}`)
}

async function checkRetrievable(
  world: World,
  checks: Checks,
  wanted: () => Iterable<EntryCid>,
): Promise<void> {
  const endMs = world.nowMs + retrieveWithinMs
  const missing = async (): Promise<readonly [Machine, EntryCid][]> => {
    const found: [Machine, EntryCid][] = []
    for (const machine of world.running().filter(hasRoomForStrangers))
      for (const cid of wanted()) if (!(await machine.node?.entry(cid))?.ok) found.push([machine, cid])
    return found
  }
  let left = (await world.meanwhile(missing())) ?? []
  while (left.length > 0 && world.nowMs < endMs) {
    await world.run(10 * stepMs)
    left = (await world.meanwhile(missing())) ?? []
  }
  for (const [machine, cid] of left)
    checks.violated('retrievable', machine, `${cid} is announced and cannot be had`)
}

/** What authors without trust may fill of a store; beyond it their lessons are announced and not fetched, by design. */
const strangersShare = 0.1

function hasRoomForStrangers({ node }: Machine): boolean {
  const entries = node?.status().entries
  return entries !== undefined && entries.quarantined < strangersShare * entries.capacity
}
