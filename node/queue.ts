/**
 * A bounded queue with a bounded number of workers. What does not fit is refused, never kept: a peer
 * cannot fill the node through it. Failures of a job go to `onError`; they stop nothing.
 */

export interface Queue<T> {
  /** False when the queue is full or closed: the caller decides what that means. */
  push(item: T): boolean
  readonly size: number
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
  /** Higher first; equal ones in the order in which they came. Default: all equal. */
  readonly priority?: (item: T) => number
}

export function createQueue<T>(options: QueueOptions<T>): Queue<T> {
  const waiting: T[] = []
  let running = 0
  let closed = false
  let idlers: (() => void)[] = []

  const takeNext = (): T | undefined => {
    const { priority } = options
    if (priority === undefined) return waiting.shift()
    let best = 0
    let bestPriority = Number.NEGATIVE_INFINITY
    for (const [index, item] of waiting.entries()) {
      const value = priority(item)
      if (value > bestPriority) {
        best = index
        bestPriority = value
      }
    }
    return waiting.splice(best, 1)[0]
  }

  const pump = (): void => {
    while (running < options.workers && waiting.length > 0) {
      const item = takeNext()
      if (item === undefined) return
      running++
      // Started in a microtask, so that `push` never runs a job on the caller's stack.
      Promise.resolve()
        .then(() => options.run(item))
        .catch((cause: unknown) => options.onError(cause, item))
        .finally(() => {
          running--
          pump()
          if (running === 0 && waiting.length === 0) {
            for (const done of idlers) done()
            idlers = []
          }
        })
    }
  }

  const idle = (): Promise<void> =>
    running === 0 && waiting.length === 0 ? Promise.resolve() : new Promise(resolve => idlers.push(resolve))

  return {
    push(item) {
      if (closed || waiting.length >= options.limit) return false
      waiting.push(item)
      pump()
      return true
    },
    get size() {
      return waiting.length + running
    },
    idle,
    close() {
      closed = true
      waiting.length = 0
      return idle()
    },
  }
}
