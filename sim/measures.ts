/**
 * What a run measures: how far and how fast lessons came, what recall was worth, and what all of it cost. A lesson comes
 * in two steps that fail for different reasons: its announcement, a record of the replicated set that gossip and sync
 * bring to everybody, and the entry itself, which each node fetches if it has room for its author.
 */

import type { NodeEvent } from '../node/api.ts'
import { decodeRecord } from '../protocol/envelope.ts'
import type { EntryCid } from '../protocol/types.ts'
import { lastPart, prefixes } from '../store/layout.ts'
import type { StoreOp } from '../store/ports.ts'
import { Arrivals } from './arrivals.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

interface Publish {
  readonly by: Machine
  readonly atMs: number
  /**
   * Machines whose nodes ran then, and their starts so far: delivery is promised to who stays. One that is cut off, behind
   * a NAT or slow counts all the same; one that was started anew, as after a restored backup, does not.
   */
  readonly audience: ReadonlyMap<Machine, number>
  readonly knownMs: Map<Machine, number>
  readonly storedMs: Map<Machine, number>
}

/** Delivery is judged after this. */
const windowMs = 60_000
const soonMs = 10_000

export class Measures {
  recalls = 0
  answered = 0
  right = 0
  /** Recalls that handed out something wrong. */
  bad = 0
  /** Lessons that correct nodes announced. */
  published = 0
  /** Announcements. */
  readonly known = new Arrivals()
  /** Entries, that can be recalled from then on. */
  readonly stored = new Arrivals()
  readonly #world: World
  /** What was announced, by the record that did it: each is judged once, and counted ever after. */
  readonly #records = new Map<string, { readonly cid: EntryCid; readonly by: Machine }>()
  readonly #publishes = new Map<EntryCid, Publish>()
  #before = { bytes: 0, messages: 0 }
  #sinceMs: number

  constructor(world: World) {
    this.#world = world
    this.#sinceMs = world.nowMs
  }

  /** What the founding of the swarm cost is not counted. */
  begin(): void {
    this.#sinceMs = this.#world.nowMs
    this.#before = this.#sent()
  }

  onEvent(machine: Machine, event: NodeEvent): void {
    if (event.type === 'entry' && !event.own && this.#isCounted(machine)) {
      const publish = this.#publishes.get(event.cid)
      // An author may get back what its disk has lost.
      if (publish?.by !== machine) this.stored.arrive(publish?.storedMs, machine, this.#world.nowMs)
    }
    // Whom the news reaches first does not take the lesson any more.
    if (event.type === 'retracted') this.#publishes.delete(event.cid)
  }

  onDurable(machine: Machine, ops: readonly StoreOp[]): void {
    if (!this.#isCounted(machine)) return
    for (const op of ops) {
      if (op.type === 'del' || !op.key.startsWith(prefixes.record)) continue
      const record = lastPart(op.key)
      const announced = this.#records.get(record)
      if (announced !== undefined) this.#knows(machine, announced)
      else if (ops.some(isBlock)) this.#announced(machine, record, op.value)
    }
  }

  figures() {
    const { known, stored } = this
    const days = (this.#world.nowMs - this.#sinceMs) / 86_400_000
    const nodeDays = days * this.#world.correct.length
    const { bytes, messages } = this.#sent()
    return {
      deliveries: known.due,
      delivered10s: known.shareWithin(soonMs),
      delivered60s: known.shareWithin(windowMs),
      propagationP50Ms: known.quantile(0.5),
      propagationP99Ms: known.quantile(0.99),
      entries10s: stored.shareWithin(soonMs),
      entries60s: stored.shareWithin(windowMs),
      entriesP50Ms: stored.quantile(0.5),
      entriesP99Ms: stored.quantile(0.99),
      bytesPerNodeDay: days > 0 ? Math.round((bytes - this.#before.bytes) / nodeDays) : undefined,
      messagesPerNodeDay: days > 0 ? Math.round((messages - this.#before.messages) / nodeDays) : undefined,
      recalls: this.recalls,
      badRecalls: this.bad,
      recallAccuracy: share(this.right, this.answered),
    }
  }

  #isCounted(machine: Machine): boolean {
    return !this.#world.hostile.has(machine)
  }

  /** An entry and the record of it are written in one batch by their author alone, before anybody hears of them. */
  #announced(by: Machine, record: string, bytes: Uint8Array): void {
    const decoded = decodeRecord(bytes, this.#world.swarm)
    if (!decoded.ok || decoded.claimed.type !== 'digest') return
    const { cid } = decoded.claimed.envelope.body
    const { correct, events, nowMs } = this.#world
    const running = correct.filter(machine => machine !== by && machine.node !== undefined)
    const audience = new Map(running.map(machine => [machine, machine.boots]))
    this.published++
    this.#records.set(record, { cid, by })
    this.#publishes.set(cid, { by, atMs: nowMs, audience, knownMs: new Map(), storedMs: new Map() })
    events.in(windowMs, () => {
      this.#judge(cid)
      return 'quiet'
    })
  }

  #knows(machine: Machine, { by, cid }: { readonly cid: EntryCid; readonly by: Machine }): void {
    if (machine !== by) this.known.arrive(this.#publishes.get(cid)?.knownMs, machine, this.#world.nowMs)
  }

  #judge(cid: EntryCid): void {
    const publish = this.#publishes.get(cid)
    if (publish === undefined) return
    for (const [machine, boots] of publish.audience) {
      if (machine.boots !== boots || machine.node === undefined) continue
      this.known.judge(publish.knownMs.get(machine), publish.atMs)
      this.stored.judge(publish.storedMs.get(machine), publish.atMs)
    }
  }

  #sent(): { readonly bytes: number; readonly messages: number } {
    let bytes = 0
    let messages = 0
    for (const { host } of this.#world.correct) {
      bytes += host.sentBytes
      messages += host.sentMessages
    }
    return { bytes, messages }
  }
}

/** Of an entry that peers may fetch. */
function isBlock(op: StoreOp): boolean {
  return op.type === 'put' && op.key.startsWith(prefixes.block)
}

/** Undefined where there is nothing to take a share of. */
function share(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole
}
