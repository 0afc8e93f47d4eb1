/** What a run measures: how far and how fast lessons came, what recall was worth, and what all of it cost. */

import type { EntryCid } from '../protocol/types.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

interface Publish {
  readonly atMs: number
  /** Machines whose nodes ran then, and their starts so far: delivery is promised to who stays. */
  readonly audience: ReadonlyMap<Machine, number>
  readonly arrivedMs: Map<Machine, number>
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
  readonly #world: World
  readonly #publishes = new Map<EntryCid, Publish>()
  /** Milliseconds, one for each lesson and node that stayed; undefined where it did not come in time. */
  readonly #delays: (number | undefined)[] = []
  #sentBefore = 0
  #sinceMs: number

  constructor(world: World) {
    this.#world = world
    this.#sinceMs = world.nowMs
  }

  /** What the founding of the swarm cost is not counted. */
  begin(): void {
    this.#sinceMs = this.#world.nowMs
    this.#sentBefore = this.#sentBytes()
  }

  published(cid: EntryCid, by: Machine): void {
    const { nowMs } = this.#world
    const running = this.#world.correct.filter(machine => machine !== by && machine.node !== undefined)
    const audience = new Map(running.map(machine => [machine, machine.boots]))
    this.#publishes.set(cid, { atMs: nowMs, audience, arrivedMs: new Map() })
    this.#world.events.in(windowMs, () => {
      this.#judge(cid)
      return 'quiet'
    })
  }

  arrived(cid: EntryCid, at: Machine): void {
    const publish = this.#publishes.get(cid)
    if (publish !== undefined && !publish.arrivedMs.has(at)) publish.arrivedMs.set(at, this.#world.nowMs)
  }

  #judge(cid: EntryCid): void {
    const publish = this.#publishes.get(cid)
    if (publish === undefined) return
    this.#publishes.delete(cid)
    for (const [machine, boots] of publish.audience) {
      if (machine.boots !== boots || machine.node === undefined) continue
      const arrivedMs = publish.arrivedMs.get(machine)
      this.#delays.push(arrivedMs === undefined ? undefined : arrivedMs - publish.atMs)
    }
  }

  figures() {
    const came = this.#delays.filter(delay => delay !== undefined).sort((a, b) => a - b)
    const days = (this.#world.nowMs - this.#sinceMs) / 86_400_000
    const sent = this.#sentBytes() - this.#sentBefore
    return {
      deliveries: this.#delays.length,
      delivered10s: share(came.filter(delay => delay <= soonMs).length, this.#delays.length),
      delivered60s: share(came.length, this.#delays.length),
      propagationP50Ms: quantile(came, 0.5),
      propagationP99Ms: quantile(came, 0.99),
      bytesPerNodeDay: days > 0 ? Math.round(sent / days / this.#world.correct.length) : undefined,
      recalls: this.recalls,
      badRecalls: this.bad,
      recallAccuracy: share(this.right, this.answered),
    }
  }

  /** Milliseconds in which 0 %, 1 %, … 100 % of all deliveries that came in time had come; none where none did. */
  propagationMs(): readonly number[] {
    const came = this.#delays.filter(delay => delay !== undefined).sort((a, b) => a - b)
    return came.length === 0 ? [] : Array.from({ length: 101 }, (_, at) => quantile(came, at / 100) ?? 0)
  }

  #sentBytes(): number {
    return this.#world.correct.reduce((sum, { host }) => sum + host.sentBytes, 0)
  }
}

/** Undefined where there is nothing to take a share of. */
function share(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole
}

function quantile(sorted: readonly number[], part: number): number | undefined {
  const found = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
  return found === undefined ? undefined : Math.round(found)
}
