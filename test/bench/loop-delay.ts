/** How late the event loop is: by how much timers fire after their time, while something runs. */

import { monitorEventLoopDelay } from 'node:perf_hooks'

const resolutionMs = 1

/** Starts to watch; the answer ends it, and gives the 99th percentile and the longest delay in milliseconds. */
export function watchLoop(): () => { readonly p99Ms: number; readonly maxMs: number } {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  return () => {
    histogram.disable()
    const late = (ns: number): number => Math.max(0, ns / 1e6 - resolutionMs)
    return { p99Ms: late(histogram.percentile(99)), maxMs: late(histogram.max) }
  }
}
