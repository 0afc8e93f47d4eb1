/**
 * A bounded queue with a bounded number of workers. What does not fit is refused, never kept: a peer
 * cannot fill the node through it. Failures of a job go to `onError`; they stop nothing.
 */

export interface Queue<T> {
  /** False when the queue is full or closed: the caller decides what that means. */
  push(item: T): boolean
  readonly size: number
  /** Takes up to `count` of those that wait, first ones first: for a worker that does several at once. */
  take(count: number): readonly T[]
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>
  /** Drops what waits, and resolves when what runs has ended. */
  close(): Promise<void>
}

export interface QueueOptions<T> {
  readonly limit: number
  readonly workers: number
  readonly run: (item: T) => Promise<void>
  readonly onError: (cause: unknown, item: T) => void
  /** Higher first, asked once when the item is pushed; equal ones in the order in which they came. Default: all equal. */
  readonly priority?: (item: T) => number
}

interface Waiting<T> {
  readonly item: T
  readonly priority: number
  /** Order of arrival: equal priorities leave as they came. */
  readonly order: number
}

export function createQueue<T>(options: QueueOptions<T>): Queue<T> {
  const heap: Waiting<T>[] = []
  let arrivals = 0
  let running = 0
  let closed = false
  let idlers: (() => void)[] = []

  const pump = (): void => {
    while (running < options.workers && heap.length > 0) {
      const next = takeFirst(heap)
      if (next === undefined) return
      const { item } = next
      running++
      // Started in a microtask, so that `push` never runs a job on the caller's stack.
      Promise.resolve()
        .then(() => options.run(item))
        .catch((cause: unknown) => options.onError(cause, item))
        .finally(() => {
          running--
          pump()
          if (running === 0 && heap.length === 0) {
            for (const done of idlers) done()
            idlers = []
          }
        })
    }
  }

  const idle = (): Promise<void> =>
    running === 0 && heap.length === 0 ? Promise.resolve() : new Promise(resolve => idlers.push(resolve))

  return {
    push(item) {
      if (closed || heap.length >= options.limit) return false
      insert(heap, { item, priority: options.priority?.(item) ?? 0, order: arrivals++ })
      pump()
      return true
    },
    get size() {
      return heap.length + running
    },
    take(count) {
      const taken: T[] = []
      while (taken.length < count) {
        const next = takeFirst(heap)
        if (next === undefined) break
        taken.push(next.item)
      }
      return taken
    },
    idle,
    close() {
      closed = true
      heap.length = 0
      return idle()
    },
  }
}

function before<T>(a: Waiting<T>, b: Waiting<T>): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.order < b.order)
}

/** Runs one piece of work after the other, in the order in which they were handed in. A failure reaches its own caller only. */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const turn = last.then(work)
    // The next turn waits for this one and does not share its failure, which reaches the caller through `turn`.
    last = turn.catch(() => undefined)
    return turn
  }
}

/** Work that shares a key runs one after the other, in the order in which it was handed in; all other work at once. */
export type KeyedTurns = <T>(keys: readonly string[], work: () => Promise<T>) => Promise<T>

export function createKeyedTurns(): KeyedTurns {
  const last = new Map<string, Promise<void>>()
  return (keys, work) => {
    const turn = Promise.all(keys.map(key => last.get(key))).then(work)
    const over = (): void => {
      for (const key of keys) if (last.get(key) === ended) last.delete(key)
    }
    // A failure reaches its own caller, through `turn`.
    const ended: Promise<void> = turn.then(over, over)
    for (const key of keys) last.set(key, ended)
    return turn
  }
}

/** Binary heap: the first to leave stands at index 0. */
function insert<T>(heap: Waiting<T>[], added: Waiting<T>): void {
  let index = heap.push(added) - 1
  while (index > 0) {
    const parentIndex = (index - 1) >> 1
    const parent = heap[parentIndex]
    if (parent === undefined || !before(added, parent)) break
    heap[index] = parent
    index = parentIndex
  }
  heap[index] = added
}

function takeFirst<T>(heap: Waiting<T>[]): Waiting<T> | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return first
  let index = 0
  for (;;) {
    let childIndex = 2 * index + 1
    const left = heap[childIndex]
    if (left === undefined) break
    const right = heap[childIndex + 1]
    let child = left
    if (right !== undefined && before(right, left)) {
      child = right
      childIndex++
    }
    if (!before(child, last)) break
    heap[index] = child
    index = childIndex
  }
  heap[index] = last
  return first
}
