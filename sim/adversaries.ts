/**
 * Who means harm in a run, each kind with the share of machines that are of it. Which machines these are follows from the
 * seed; never the founder's. They found the swarm with the others, turn on them when the run begins, and do not stop.
 */

import type { Adversary } from './adversaries/adversary.ts'
import { Agent } from './adversaries/agent.ts'
import { colluder, slanderer } from './adversaries/attesting.ts'
import { cpuExhaustion, syncExhaustion } from './adversaries/exhaustion.ts'
import { flooder, replayer, spammer } from './adversaries/floods.ts'
import { sybil, whitewasher } from './adversaries/identities.ts'
import { camouflaged, launderer, plagiarist, poisoner } from './adversaries/poison.ts'
import { eclipse, racer } from './adversaries/puppets.ts'
import { forger, retractionForger } from './adversaries/untrue-records.ts'
import { announcer, freeRider, hider } from './adversaries/withholding.ts'
import type { Machine, Tampering } from './machine.ts'
import { draw } from './random.ts'
import type { Workload } from './workload.ts'
import type { World } from './world.ts'

export const adversaries = {
  forger,
  flooder,
  spammer,
  replayer,
  eclipse,
  sybil,
  camouflaged,
  colluder,
  slanderer,
  whitewasher,
  'free-rider': freeRider,
  poisoner,
  plagiarist,
  launderer,
  'retraction-forger': retractionForger,
  'sync-exhaustion': syncExhaustion,
  'cpu-exhaustion': cpuExhaustion,
  announcer,
  racer,
  hider,
} as const satisfies Readonly<Record<string, Adversary>>

export type AdversaryName = keyof typeof adversaries
export const adversaryNames = Object.keys(adversaries) as readonly AdversaryName[]

/** A swarm in which more than this mean harm is theirs. */
export const hostileShareMax = 0.5
/** Where few machines have room for one of each kind, no more than this share of them is hostile. */
const usualShareMax = 0.4

export class Adversaries {
  readonly #wanted: ReadonlyMap<AdversaryName, number>
  readonly #agents = new Map<Machine, { readonly kind: AdversaryName; readonly agent: Agent }>()

  constructor(wanted: ReadonlyMap<AdversaryName, number>) {
    this.#wanted = wanted
  }

  /** For the world's machines: a test's tampering, and what hostile ones do otherwise. */
  tampering(test: Tampering): Tampering {
    return {
      ...test,
      link: (own, machine) => {
        const link = test.link?.(own, machine) ?? own
        const one = this.#agents.get(machine)
        if (one === undefined) return link
        const opened = one.agent.opened(link)
        const { network }: Adversary = adversaries[one.kind]
        return network === undefined ? opened : { ...opened, network: network(opened.network, one.agent) }
      },
      blocks: (own, machine) => this.#agents.get(machine)?.agent.serving(own) ?? own,
    }
  }

  /** Before the world is founded: who will be hostile. */
  draw(world: World, workload: Workload): void {
    const random = world.random.fork('adversaries')
    const kinds = kindsOf(new Map(draw(random, [...this.#wanted], this.#wanted.size)), world.machines.length)
    const machines = draw(random, world.machines.slice(1), kinds.length)
    for (const [at, machine] of machines.entries()) {
      const kind = kinds[at]
      if (kind === undefined) continue
      world.hostile.add(machine)
      const agent = new Agent({ machine, world, workload, random: random.fork(machine.name) })
      this.#agents.set(machine, { kind, agent })
    }
  }

  begin(endMs: number): void {
    const all = [...this.#agents.values()]
    for (const { kind, agent } of all) {
      agent.world.note(`${agent.machine.name} is a ${kind}`)
      agent.isHostile = true
      const fellows = all.filter(one => one.kind === kind).map(one => one.agent)
      const { begin }: Adversary = adversaries[kind]
      begin?.(agent, { fellows, endMs })
    }
  }
}

/** How many of so many machines may be hostile. */
function roomFor(wanted: ReadonlyMap<AdversaryName, number>, nodes: number): number {
  const share = [...wanted.values()].reduce((sum, strength) => sum + strength, 0)
  return Math.min(nodes - 1, Math.max(1, Math.floor(Math.max(usualShareMax, share) * nodes)))
}

function leastOf(kind: AdversaryName): number {
  const { least = 1 }: Adversary = adversaries[kind]
  return least
}

/** Whether so many nodes have room for any of them. */
export function hasRoomForAny(wanted: ReadonlyMap<AdversaryName, number>, nodes: number): boolean {
  const room = roomFor(wanted, nodes)
  return [...wanted.keys()].some(kind => leastOf(kind) <= room)
}

/**
 * One kind for each hostile machine: as many of each as its share asks for, and at least one; where there is no room for
 * that, first come the kinds that were drawn first.
 */
function kindsOf(wanted: ReadonlyMap<AdversaryName, number>, nodes: number): readonly AdversaryName[] {
  const room = roomFor(wanted, nodes)
  const kinds: AdversaryName[] = []
  const add = (kind: AdversaryName, count: number): void => {
    for (let n = 0; n < count && kinds.length < room; n++) kinds.push(kind)
  }
  for (const [kind] of wanted) if (kinds.length + leastOf(kind) <= room) add(kind, leastOf(kind))
  for (const [kind, strength] of wanted)
    if (kinds.includes(kind)) add(kind, Math.round(strength * nodes) - leastOf(kind))
  return kinds
}
