/**
 * What a report shows of a run: every few simulated seconds a sample of how the swarm is, and now and then who is connected
 * to whom. It only looks, and asks no node for anything that would cost it time, so a run is the same with it and without.
 * However long the run, it keeps a bounded number of samples: when there are too many, every second one goes.
 */

import type { PeerView } from '../node/api.ts'
import type { Spreading } from './arrivals.ts'
import type { Machine } from './machine.ts'
import type { Measures } from './measures.ts'
import { quantile } from './quantile.ts'
import type { World } from './world.ts'

/** The middle of many values, and where nine of ten lie. */
export interface Band {
  readonly low: number
  readonly middle: number
  readonly high: number
}

/** Counts are of all that happened up to then. */
export interface Sample {
  readonly atS: number
  readonly running: number
  readonly published: number
  /** Announcements that came to others, and lessons that others stored. */
  readonly known: number
  readonly stored: number
  /** By a correct node, on average. */
  readonly sentBytes: number
  readonly recalls: number
  readonly answered: number
  readonly right: number
  /** Kept entries by capacity, over the nodes that run; null where none does. */
  readonly fill: Band | null
  /** Trust of a few correct nodes in correct peers, and in hostile ones, as far as it rests on evidence; null without any. */
  readonly honest: Band | null
  readonly hostile: Band | null
}

/** Nodes by their place in the list. */
export interface Snapshot {
  readonly atS: number
  readonly off: readonly number[]
  /** Pairs one after the other: gossip flows over these, the others are merely connected. */
  readonly mesh: readonly number[]
  readonly links: readonly number[]
}

export interface Recording {
  readonly nodes: readonly { readonly name: string; readonly isHostile: boolean }[]
  /** Of how many nodes those above are some, and how many of all are correct. */
  readonly nodesInAll: number
  readonly correctInAll: number
  readonly samples: readonly Sample[]
  readonly snapshots: readonly Snapshot[]
  /** When the faults ended; null where they did not. */
  readonly healedS: number | null
  /** How announcements came to the others, and how lessons did. */
  readonly known: Spreading
  readonly stored: Spreading
}

interface Opinions {
  readonly honest: number[]
  readonly hostile: number[]
}

const samplesMax = 240
const snapshotsMax = 48
const nodesMax = 100
const pairsMax = 500
/** Nodes whose opinions are kept, and opinions of one node. */
const observersMax = 40
const opinionsMax = 200
const firstEveryMs = 5_000
const nothingSpread: Spreading = { share: null, afterMs: [] }

export class Recorder {
  #world: World | undefined
  #measures: Measures | undefined
  #startMs = 0
  #everyMs = firstEveryMs
  #healedS: number | null = null
  #samples: Sample[] = []
  #snapshots: Snapshot[] = []
  #shown: readonly Machine[] = []
  /** The last that were seen of each of a few nodes. */
  readonly #opinions = new Map<Machine, Opinions>()

  /** From now on. `startMs` is when the world began. */
  begin(world: World, measures: Measures, startMs: number): void {
    this.#world = world
    this.#measures = measures
    this.#startMs = startMs
    this.#shown = spread(world.machines, nodesMax)
    this.#look(world, measures)
  }

  faultsEnded(): void {
    if (this.#world !== undefined) this.#healedS = this.#nowS(this.#world)
  }

  /** What a node thinks of its peers, when somebody has asked it. */
  looked(machine: Machine, views: readonly PeerView[]): void {
    const world = this.#world
    if (world === undefined || world.hostile.has(machine)) return
    if (this.#opinions.size >= observersMax && !this.#opinions.has(machine)) return
    const opinions: Opinions = { honest: [], hostile: [] }
    this.#opinions.set(machine, opinions)
    for (const { attested, evidence, peer, trust } of views) {
      const other = world.machineOf(peer)
      if (other === undefined || other === machine) continue
      if (evidence.helped + evidence.hurt + attested.helped + attested.hurt === 0) continue
      const about = opinions[world.hostile.has(other) ? 'hostile' : 'honest']
      if (about.length < opinionsMax) about.push(trust)
    }
  }

  recording(): Recording {
    const world = this.#world
    const nodes = this.#shown.map(machine => ({
      name: machine.name,
      isHostile: world?.hostile.has(machine) ?? false,
    }))
    return {
      nodes,
      nodesInAll: world?.machines.length ?? 0,
      correctInAll: world?.correct.length ?? 0,
      samples: this.#samples,
      snapshots: this.#snapshots,
      healedS: this.#healedS,
      known: this.#measures?.known.spreading() ?? nothingSpread,
      stored: this.#measures?.stored.spreading() ?? nothingSpread,
    }
  }

  #look(world: World, measures: Measures): void {
    this.#samples.push(this.#sample(world, measures))
    if (this.#samples.length > samplesMax) {
      this.#samples = everySecond(this.#samples)
      this.#everyMs *= 2
    }
    // One snapshot for so many samples that both fill up together.
    if (this.#samples.length % Math.ceil(samplesMax / snapshotsMax) === 1) {
      this.#snapshots.push(this.#snapshot(world))
      if (this.#snapshots.length > snapshotsMax) this.#snapshots = everySecond(this.#snapshots)
    }
    world.events.in(this.#everyMs, () => {
      this.#look(world, measures)
      return 'quiet'
    })
  }

  #sample(world: World, measures: Measures): Sample {
    const { answered, known, published, recalls, right, stored } = measures
    const all = world.correct
    const running = all.filter(({ node }) => node !== undefined)
    const fills = running.flatMap(({ node }) => {
      const entries = node?.status().entries
      return entries === undefined ? [] : [(entries.own + entries.received) / entries.capacity]
    })
    const opinions = [...this.#opinions.values()]
    return {
      atS: this.#nowS(world),
      running: running.length,
      published,
      known: known.came,
      stored: stored.came,
      sentBytes: Math.round(all.reduce((sum, { host }) => sum + host.sentBytes, 0) / all.length),
      recalls,
      answered,
      right,
      fill: bandOf(fills),
      honest: bandOf(opinions.flatMap(({ honest }) => honest)),
      hostile: bandOf(opinions.flatMap(({ hostile }) => hostile)),
    }
  }

  #snapshot(world: World): Snapshot {
    const places = new Map(this.#shown.map((machine, at) => [machine, at]))
    const mesh = new Set<number>()
    const links = new Set<number>()
    const size = this.#shown.length
    for (const link of world.network.links) {
      const its = world.machineOf(link.self)
      const from = its === undefined ? undefined : places.get(its)
      if (from === undefined) continue
      const inMesh = new Set(link.options.topics.flatMap(topic => [...link.gossip.mesh(topic)]))
      for (const peer of link.peers()) {
        const machine = world.machineOf(peer)
        const to = machine === undefined ? undefined : places.get(machine)
        if (to === undefined || to === from) continue
        const pair = Math.min(from, to) * size + Math.max(from, to)
        if (inMesh.has(peer)) mesh.add(pair)
        else links.add(pair)
      }
    }
    const pairs = (set: Iterable<number>): readonly number[] =>
      spread([...set], pairsMax).flatMap(pair => [Math.floor(pair / size), pair % size])
    return {
      atS: this.#nowS(world),
      off: this.#shown.flatMap(({ node }, at) => (node === undefined ? [at] : [])),
      mesh: pairs(mesh),
      links: pairs([...links].filter(pair => !mesh.has(pair))),
    }
  }

  #nowS(world: World): number {
    return Math.round((world.nowMs - this.#startMs) / 100) / 10
  }
}

function bandOf(values: readonly number[]): Band | null {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): number => Math.round(1e4 * (quantile(sorted, part) ?? 0)) / 1e4
  return sorted.length === 0 ? null : { low: at(0.05), middle: at(0.5), high: at(0.95) }
}

function everySecond<T>(values: readonly T[]): T[] {
  return values.filter((_, at) => at % 2 === 0)
}

/** At most so many of them, from the first to the last. */
function spread<T>(values: readonly T[], countMax: number): readonly T[] {
  if (values.length <= countMax) return values
  return Array.from(
    { length: countMax },
    (_, at) => values[Math.floor((at * values.length) / countMax)],
  ).filter(value => value !== undefined)
}
