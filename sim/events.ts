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
  #heap: Event[] = []

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  get nowMs(): number {
    return this.#nowMs
  }

  at(dueMs: number, happen: Happening, life: Life = always): Planned {
    const event = new Event(Math.max(dueMs, this.#nowMs), this.#order++, life, happen, this.#countCancelled)
    insert(this.#heap, event)
    return event
  }

  in(ms: number, happen: Happening, life?: Life): Planned {
    return this.at(this.#nowMs + Math.max(0, ms), happen, life)
  }

  /** Moves time on to `endMs`, and lets all that is due until then happen. */
  async runTo(endMs: number): Promise<void> {
    await turn()
    for (let first = this.#heap[0]; first !== undefined && first.dueMs <= endMs; first = this.#heap[0]) {
      takeFirst(this.#heap)
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
    insert(this.#heap, event)
  }

  #turn(): Promise<void> {
    return this.#turns++ % turnsTogether === 0 ? turn() : shortTurn()
  }

  readonly #countCancelled = (): void => {
    if (++this.#cancelled > Math.max(cancelledMax, this.#heap.length / 2)) this.#sweep()
  }

  #sweep(): void {
    const left = this.#heap.filter(event => event.happen !== undefined)
    // Sorted, it is a heap.
    this.#heap = left.sort((a, b) => (isBefore(a, b) ? -1 : 1))
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

function isBefore(a: Event, b: Event): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)
}

function insert(heap: Event[], added: Event): void {
  let at = heap.push(added) - 1
  while (at > 0) {
    const parentAt = (at - 1) >> 1
    const parent = heap[parentAt]
    if (parent === undefined || !isBefore(added, parent)) break
    heap[at] = parent
    at = parentAt
  }
  heap[at] = added
}

function takeFirst(heap: Event[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let at = 0
  for (;;) {
    let childAt = 2 * at + 1
    let child = heap[childAt]
    if (child === undefined) break
    const right = heap[childAt + 1]
    if (right !== undefined && isBefore(right, child)) {
      child = right
      childAt++
    }
    if (!isBefore(child, last)) break
    heap[at] = child
    at = childAt
  }
  heap[at] = last
}
