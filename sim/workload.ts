/**
 * What the owners' models do: at random times they learn a lesson, take one back, ask for help, and say whether it helped.
 */

import type { SwarmloreNode } from '../node/api.ts'
import type { EntryCid } from '../protocol/types.ts'
import { type Checks, markOf } from './checks.ts'
import type { Machine } from './machine.ts'
import type { Measures } from './measures.ts'
import { isStoreError } from './operator.ts'
import { between, draw, happens, pick } from './random.ts'
import { createTopics, demanded, lessonOn, questionOn, type Topic, turnOf } from './topics.ts'
import type { World } from './world.ts'

/** Of a node; none where it is zero. */
export interface WorkloadSettings {
  readonly publishesPerHour: number
  readonly recallsPerHour: number
}

interface Lesson {
  readonly by: Machine
  readonly topic: Topic
  /** Which of the topic's answers it gives. */
  readonly turn: 0 | 1
  readonly cid: EntryCid
  readonly mark: string
  readonly atMs: number
}

/** Which answer of which topic a lesson gives, or that it gives none that ever helped. */
export type Worth = Pick<Lesson, 'topic' | 'turn'> | 'wrong'

const hourMs = 3_600_000
const topicsOf = (nodes: number): number => Math.max(8, Math.ceil(nodes / 2))
/** A lesson in twenty is taken back. */
const retractShare = 0.05
/** What was recalled is judged half of the time. */
const feedbackShare = 0.5
/** An owner whom a lesson has hurt rarely sees to it himself. */
const blockShare = 0.1

/** Something that an owner began and that has not come to its end. */
export interface Unanswered {
  readonly machine: Machine
  readonly what: string
}

export class Workload {
  /** Of correct nodes, and not taken back. */
  readonly lessons = new Map<EntryCid, Lesson>()
  readonly topics: readonly Topic[]
  readonly #world: World
  readonly #checks: Checks
  readonly #measures: Measures
  /** What every lesson is worth that somebody wrote. */
  readonly #worth = new Map<EntryCid, Worth>()
  readonly #begun = new Set<Unanswered & { readonly node: SwarmloreNode }>()
  #written = 0
  #span = { beganMs: 0, endMs: 1 }

  /** `topics` where they are not made here, for want of data: some of them, for so many nodes. */
  constructor(world: World, checks: Checks, measures: Measures, topics?: readonly Topic[]) {
    this.#world = world
    this.#checks = checks
    this.#measures = measures
    const random = world.random.fork('topics')
    const count = topicsOf(world.machines.length)
    this.topics = topics === undefined ? createTopics(random, count) : draw(random, topics, count)
  }

  begin({ publishesPerHour, recallsPerHour }: WorkloadSettings, endMs: number): void {
    this.#span = { beganMs: this.#world.nowMs, endMs }
    for (const machine of this.#world.correct) {
      if (publishesPerHour > 0)
        this.#repeat(machine, 'publish', hourMs / publishesPerHour, endMs, () => this.#learn(machine))
      if (recallsPerHour > 0)
        this.#repeat(machine, 'recall', hourMs / recallsPerHour, endMs, () => this.#ask(machine))
    }
  }

  worthOf(cid: EntryCid): Worth | undefined {
    return this.#worth.get(cid)
  }

  /** Of nodes that have run ever since. */
  unanswered(): readonly Unanswered[] {
    return [...this.#begun].filter(({ machine, node }) => machine.node === node)
  }

  /** A lesson of somebody else, who may mean harm. */
  written(cid: EntryCid, mark: string, worth: Worth): void {
    this.#worth.set(cid, worth)
    this.#checks.marked(cid, mark)
  }

  /** What it wrote since then may have reached nobody else. */
  onRestored(machine: Machine, toMs: number): void {
    for (const [cid, { by, atMs }] of this.lessons)
      if (by === machine && atMs >= toMs) this.lessons.delete(cid)
  }

  #repeat(machine: Machine, what: string, everyMs: number, endMs: number, act: () => Promise<void>): void {
    const world = this.#world
    const random = world.random.fork(`${machine.name} ${what}`)
    const next = (atMs: number): void => {
      if (atMs >= endMs) return
      world.events.at(atMs, () => {
        next(world.nowMs + between(random, everyMs / 2, 1.5 * everyMs))
        const { node } = machine
        if (node === undefined) return 'quiet'
        const begun = { machine, what, node }
        this.#begun.add(begun)
        world.begin(`${machine.name} ${what}`, async () => {
          await unlessItsDisk(act())
          this.#begun.delete(begun)
        })
        return undefined
      })
    }
    next(world.nowMs + between(random, 0, everyMs))
  }

  async #learn(machine: Machine): Promise<void> {
    const { node } = machine
    const random = this.#world.random.fork(`lesson ${this.#written++}`)
    const own = [...this.lessons.values()].filter(({ by }) => by === machine)
    if (node === undefined) return
    if (own.length > 0 && happens(random, retractShare)) {
      const { cid } = pick(random, own)
      // From here on it may be gone, acknowledged or not.
      this.lessons.delete(cid)
      this.#checks.retracting(machine, cid)
      const taken = await node.retract(cid)
      if (taken.ok) this.#checks.retractedBy(machine, cid)
      return
    }
    const topic = pick(random, this.topics)
    const mark = markOf(machine.name, this.#written)
    const turn = turnOf(topic, this.#time)
    const added = await node.addEntry({ ...lessonOn(topic, mark, random, turn), swarm: this.#world.swarm })
    if (!added.ok) throw new TypeError(`a lesson of the workload was refused: ${added.message}`)
    const { cid } = added.value
    if (machine.node !== node) return
    this.lessons.set(cid, { by: machine, topic, turn, cid, mark, atMs: this.#world.nowMs })
    this.#worth.set(cid, { topic, turn })
    this.#checks.acked(machine, cid, mark)
  }

  async #ask(machine: Machine): Promise<void> {
    const { node } = machine
    const random = this.#world.random.fork(`recall ${this.#measures.recalls++}`)
    const topic = demanded(this.topics, random, this.#time)
    const result = await node?.recall({ query: questionOn(topic, random) })
    if (node === undefined || result === undefined || machine.node !== node) return
    this.#world.note(`${machine.name} recalls ${result.items.map(({ cid }) => cid).join(' ')}`)
    this.#checks.onRecall(machine, result)
    const [first] = result.items
    if (first === undefined) return
    const worth = this.worthOf(first.cid)
    const isOnTopic = worth !== undefined && worth !== 'wrong' && worth.topic === topic
    const isRight = isOnTopic && worth.turn === turnOf(topic, this.#time)
    this.#measures.answered++
    if (isRight) this.#measures.right++
    if (result.items.some(({ cid }) => this.worthOf(cid) === 'wrong')) this.#measures.bad++
    if (!happens(random, feedbackShare)) return
    // What once helped and no longer does is followed, and fails.
    const outcome = isRight ? 'helped' : isOnTopic || worth === 'wrong' ? 'hurt' : 'unused'
    await node.feedback(result.recallId, outcome, first.cid)
    if (worth !== 'wrong' || !happens(random, blockShare)) return
    await node.setTrust(first.author, { blocked: true })
    this.#checks.blocked(machine, first.author)
  }

  /** How much of the run is over, from 0 to 1. */
  get #time(): number {
    const { beganMs, endMs } = this.#span
    return Math.min(1, (this.#world.nowMs - beganMs) / (endMs - beganMs))
  }
}

/** A full or failing disk is told to the caller; that is no bug. */
async function unlessItsDisk(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (cause) {
    if (!isStoreError(cause)) throw cause
  }
}
