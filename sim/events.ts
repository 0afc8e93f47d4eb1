/**
 * What happens in a simulated world, in order: by time, and at the same time in the order in which it was planned. Between
 * two events everything runs that waits for nothing but its turn, so a run is the same however its promises are nested.
 */

/** Who an event happens to. Nothing happens any more to a machine that lost its power, and for a while to one asleep. */
export interface Life {
  alive: boolean
  /** What is due before this happens then. */
  asleepUntilMs?: number
}

/** `quiet`: nothing outside the simulator was called, so there is nothing to wait for. */
export type Happening = () => 'quiet' | undefined

export interface Planned {
  cancel(): void
}

class Event implements Planned {
  dueMs: number
  order: number
  readonly life: Life
  readonly #onCancel: () => void
  happen: Happening | undefined

  constructor(dueMs: number, order: number, life: Life, happen: Happening, onCancel: () => void) {
    this.dueMs = dueMs
    this.order = order
    this.life = life
    this.happen = happen
    this.#onCancel = onCancel
  }

  cancel(): void {
    if (this.happen === undefined) return
    this.happen = undefined
    this.#onCancel()
  }
}

/** Thrown to whoever lets time pass: the run ends here, because it was asked to or cannot go on. */
export class Halt extends Error {}

const always: Life = { alive: true }
/** After so many, the rest of the process has its turn, too. */
const turnsTogether = 256
/** Cancelled events stay in the queue until they are due, or until there are so many of them. */
const cancelledMax = 1_024

export class EventQueue {
  /** Asked before each event, with its time: whether time stops before it. */
  haltsBefore: (dueMs: number) => boolean = () => false
  #nowMs: number
  #order = 0
  #cancelled = 0
  #turns = 0
  readonly #due = new Due()

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  get nowMs(): number {
    return this.#nowMs
  }

  at(dueMs: number, happen: Happening, life: Life = always): Planned {
    const event = new Event(Math.max(dueMs, this.#nowMs), this.#order++, life, happen, this.#countCancelled)
    this.#due.insert(event)
    return event
  }

  in(ms: number, happen: Happening, life?: Life): Planned {
    return this.at(this.#nowMs + Math.max(0, ms), happen, life)
  }

  /** Moves time on to `endMs`, and lets all that is due until then happen. */
  async runTo(endMs: number): Promise<void> {
    await turn()
    for (let { first } = this.#due; first !== undefined && first.dueMs <= endMs; first = this.#due.first) {
      this.#due.takeFirst()
      const { happen } = first
      if (happen === undefined) {
        this.#cancelled--
        continue
      }
      const { alive, asleepUntilMs } = first.life
      if (alive && asleepUntilMs !== undefined && first.dueMs < asleepUntilMs) {
        this.#putOff(first, asleepUntilMs)
        continue
      }
      first.happen = undefined
      if (!alive) continue
      if (this.haltsBefore(first.dueMs)) throw new Halt('The run ends here.')
      this.#nowMs = first.dueMs
      if (happen() !== 'quiet') await this.#turn()
    }
    this.#nowMs = Math.max(this.#nowMs, endMs)
  }

  /** Behind what was put off before, so that it happens in the order in which it was due. */
  #putOff(event: Event, untilMs: number): void {
    event.dueMs = untilMs
    event.order = this.#order++
    this.#due.insert(event)
  }

  #turn(): Promise<void> {
    return this.#turns++ % turnsTogether === 0 ? turn() : shortTurn()
  }

  readonly #countCancelled = (): void => {
    if (++this.#cancelled <= Math.max(cancelledMax, this.#due.size / 2)) return
    this.#due.keep(({ happen }) => happen !== undefined)
    this.#cancelled = 0
  }
}

/** Everything that waits for nothing but its turn has run when this resolves: promise jobs go before the next turn. */
export function turn(): Promise<void> {
  // biome-ignore lint/style/noRestrictedGlobals: the one place where the simulator lets Node run its promise jobs; no time passes.
  return new Promise(resolve => setImmediate(resolve))
}

/** The same without a look at timers and sockets, which takes several times as long: nobody in a simulation has any. */
function shortTurn(): Promise<void> {
  return new Promise(resolve => process.nextTick(resolve))
}

/**
 * What is due, as a heap: times and orders lie in arrays of their own, so that a comparison follows no reference into a heap
 * of millions of objects, and each place has four below it, so that few are compared with.
 */
class Due {
  #dueMs: number[] = []
  #orders: number[] = []
  #events: Event[] = []

  get size(): number {
    return this.#events.length
  }

  get first(): Event | undefined {
    return this.#events[0]
  }

  insert(event: Event): void {
    const { dueMs, order } = event
    let at = this.#events.length
    while (at > 0) {
      const parentAt = (at - 1) >> 2
      if (!this.#isBefore(dueMs, order, parentAt)) break
      this.#move(parentAt, at)
      at = parentAt
    }
    this.#put(at, event)
  }

  takeFirst(): void {
    this.#dueMs.pop()
    this.#orders.pop()
    const last = this.#events.pop()
    if (last === undefined || this.#events.length === 0) return
    const { dueMs, order } = last
    const count = this.#events.length
    let at = 0
    for (let childAt = 1; childAt < count; childAt = 4 * at + 1) {
      let least = childAt
      for (let other = childAt + 1; other < Math.min(count, childAt + 4); other++)
        if (this.#isBefore(this.#dueMs[other] ?? 0, this.#orders[other] ?? 0, least)) least = other
      if (this.#isBefore(dueMs, order, least)) break
      this.#move(least, at)
      at = least
    }
    this.#put(at, last)
  }

  /** Without those for which this is false. */
  keep(isKept: (event: Event) => boolean): void {
    const left = this.#events.filter(isKept)
    // Sorted, it is a heap.
    left.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)
    this.#events = left
    this.#dueMs = left.map(({ dueMs }) => dueMs)
    this.#orders = left.map(({ order }) => order)
  }

  #isBefore(dueMs: number, order: number, at: number): boolean {
    const otherMs = this.#dueMs[at] ?? 0
    return dueMs < otherMs || (dueMs === otherMs && order < (this.#orders[at] ?? 0))
  }

  #move(from: number, to: number): void {
    this.#dueMs[to] = this.#dueMs[from] ?? 0
    this.#orders[to] = this.#orders[from] ?? 0
    const event = this.#events[from]
    if (event !== undefined) this.#events[to] = event
  }

  #put(at: number, event: Event): void {
    this.#dueMs[at] = event.dueMs
    this.#orders[at] = event.order
    this.#events[at] = event
  }
}
