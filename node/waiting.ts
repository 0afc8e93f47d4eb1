/**
 * The waits of a `Clock`, over whatever timers there are: the system's, or those of a simulated world. A wait that is over
 * leaves neither a timer nor a listener behind.
 */

/** Sets a timer; what it returns takes it back. */
export type SetTimer = (ms: number, ring: () => void) => () => void

/** Rejects with the signal's reason. */
export function sleep(setTimer: SetTimer, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const abort = (): void => {
      takeBack()
      reject(signal?.reason)
    }
    const takeBack = setTimer(ms, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** The signal that the work is given aborts when the time is up, or the parent aborts. */
export async function within<T>(
  setTimer: SetTimer,
  ms: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const forget = (): void => {
    takeBack()
    parent?.removeEventListener('abort', abort)
  }
  const end = (reason: unknown): void => {
    forget()
    controller.abort(reason)
  }
  const abort = (): void => end(parent?.reason)
  const takeBack = setTimer(ms, () => end(timedOut(ms)))
  if (parent?.aborted) abort()
  else parent?.addEventListener('abort', abort, { once: true })
  try {
    return await work(controller.signal)
  } finally {
    forget()
  }
}

/**
 * Aborts the controller with its parent, until what is returned is called. `AbortSignal.any` takes as long as all the rest,
 * and Node never lets go of one that is listened to and does not abort.
 */
export function follow(parent: AbortSignal, controller: AbortController): () => void {
  const abort = (): void => controller.abort(parent.reason)
  if (parent.aborted) abort()
  else parent.addEventListener('abort', abort, { once: true })
  return () => parent.removeEventListener('abort', abort)
}

/** Without the stack: it would tell of the timer alone, and takes longer than all else here. */
function timedOut(ms: number): DOMException {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const reason = new DOMException(`Not done within ${ms} ms.`, 'TimeoutError')
  Error.stackTraceLimit = stackTraceLimit
  return reason
}
