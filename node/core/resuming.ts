/**
 * Notices that the machine was asleep: the wall clock has gone on by far more than a short timer waited. Timers do not
 * count such time, so without this a node that wakes would first wait out what it was waiting for.
 */

import type { Clock } from '../ports.ts'

const watchMs = 10_000
/** Less is a busy machine, or a clock that was set right. */
const asleepMs = 60_000

/** Until the signal aborts; calls back with how long it was. */
export async function watchForSleep(
  clock: Clock,
  signal: AbortSignal,
  onResume: (asleepMs: number) => void,
): Promise<void> {
  while (!signal.aborted) {
    const before = clock.now()
    await clock.sleep(watchMs, signal)
    const missedMs = clock.now() - before - watchMs
    if (missedMs >= asleepMs) onResume(missedMs)
  }
}
