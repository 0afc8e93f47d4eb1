/**
 * A distiller on a thread of its own: looking at a thousand runs together takes seconds, during which the node must
 * go on answering its model and its peers. The thread starts with the first work and ends when there is none for a
 * while, so that its memory is not held for nothing.
 */

import { Worker } from 'node:worker_threads'
import type { Distiller, EntryDraft, RedactedEpisode } from '../ports.ts'

/** What the thread is sent, and what it answers. */
export interface DistilRequest {
  readonly episodes: readonly RedactedEpisode[]
}
export type DistilAnswer =
  | { readonly ok: true; readonly drafts: readonly EntryDraft[] }
  | { readonly ok: false; readonly reason: string }

const idleMs = 60_000

class DistillerFailure extends Error {
  override readonly name = 'DistillerFailure'
  readonly code = 'distiller-failed'
}

/** `id` and `entry` are of the distiller that runs in the thread: `entry` answers each request with one message. */
export function distillerThread(id: string, entry: URL): Distiller & { close(): Promise<void> } {
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let last: Promise<unknown> = Promise.resolve()

  const end = async (): Promise<void> => {
    clearTimeout(idle)
    const ending = worker
    worker = undefined
    await ending?.terminate()
  }

  const ask = async (
    episodes: readonly RedactedEpisode[],
    signal: AbortSignal,
  ): Promise<readonly EntryDraft[]> => {
    signal.throwIfAborted()
    clearTimeout(idle)
    worker ??= new Worker(entry)
    // The node ends when it is told to; a thread without work is no reason to stay.
    worker.unref()
    try {
      return await answerOf(worker, { episodes }, signal)
    } catch (cause) {
      // In the middle of its work, or broken: a new one begins afresh.
      await end()
      throw cause
    } finally {
      idle = setTimeout(() => void end(), idleMs).unref()
    }
  }

  return {
    id,
    distil(episodes, signal) {
      const turn = last.then(() => ask(episodes, signal))
      // The next turn does not share a failure, which reaches the caller through `turn`.
      last = turn.catch(() => undefined)
      return turn
    },
    close: end,
  }
}

function answerOf(
  worker: Worker,
  request: DistilRequest,
  signal: AbortSignal,
): Promise<readonly EntryDraft[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly EntryDraft[]>()
  const listeners = {
    message: (answer: DistilAnswer): void => {
      if (answer.ok) resolve(answer.drafts)
      else reject(new DistillerFailure(answer.reason))
    },
    error: (cause: unknown): void =>
      reject(new DistillerFailure('The thread of the distiller failed.', { cause })),
    exit: (): void => reject(new DistillerFailure('The thread of the distiller ended.')),
  }
  const abort = (): void => reject(signal.reason)
  worker.once('message', listeners.message).once('error', listeners.error).once('exit', listeners.exit)
  signal.addEventListener('abort', abort, { once: true })
  worker.postMessage(request)
  return promise.finally(() => {
    worker.off('message', listeners.message).off('error', listeners.error).off('exit', listeners.exit)
    signal.removeEventListener('abort', abort)
  })
}
