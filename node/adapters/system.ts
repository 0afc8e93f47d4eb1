/**
 * The real world behind Clock, Random and Cpu: the system's time, the kernel's randomness, and an event loop
 * that gets its turn after a fixed amount of charged work. The simulator brings its own three.
 */

import { randomBytes, randomInt } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { verifyAll } from '../../crypto/sign.ts'
import type { Clock, Cpu, Random } from '../ports.ts'
import { type SetTimer, sleep, within } from '../waiting.ts'
import { turnMicros, unitMicros } from '../work-costs.ts'

/** Timers of Node hold 31 bits of milliseconds; a longer one would fire at once. About 24.8 days. */
const timerMsMax = 2 ** 31 - 1

const setTimer: SetTimer = (ms, ring) => {
  const timer = setTimeout(ring, Math.min(Math.max(ms, 0), timerMsMax))
  return () => clearTimeout(timer)
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(setTimer, ms, signal),
  within: (ms, parent, work) => within(setTimer, ms, parent, work),
}

export const systemRandom: Random = {
  bytes: length => new Uint8Array(randomBytes(length)),
  below: n => randomInt(n),
  // The kernel's source has no state that two users could share, so every fork is the same source.
  fork: () => systemRandom,
}

/**
 * Yields by charged units and never by elapsed time, so that the same work is cut at the same places everywhere. What
 * many do at once shares one turn: whoever comes when it is used up waits in line for the next ones.
 */
export function systemCpu(): Cpu {
  let charged = 0
  const waiting: { readonly micros: number; readonly go: () => void }[] = []
  const nextTurn = (): void => {
    charged = 0
    let count = 0
    for (const { micros } of waiting) {
      // A piece that is larger than a turn gets one of its own.
      if (count > 0 && charged + micros > turnMicros) break
      charged += micros
      count++
    }
    for (const { go } of waiting.splice(0, count)) go()
    if (waiting.length > 0) setImmediate(nextTurn)
  }
  return {
    verifyAll,
    spend(work, units) {
      const micros = unitMicros[work] * units
      if (waiting.length === 0 && charged + micros < turnMicros) {
        charged += micros
        return undefined
      }
      if (waiting.length === 0) setImmediate(nextTurn)
      return new Promise(go => waiting.push({ micros, go }))
    },
  }
}

/**
 * Gives back what loading the libraries left in the heap, about 80 MB, which V8 would keep in reserve. Holds the
 * event loop for some 50 ms: for the end of the start, before anyone waits.
 */
export function releaseStartupMemory(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
