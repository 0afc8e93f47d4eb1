/** What work costs: by this a real node yields to others, and a simulated machine is busy. */

import type { Work } from './ports.ts'

/**
 * Microseconds that one unit of each kind holds the event loop, measured on one core of a small server. `embed` counts the
 * tokenizing alone, for the model runs on a thread of its own.
 */
export const unitMicros: Readonly<Record<Work, number>> = {
  verify: 115,
  sign: 45,
  decode: 20,
  hash: 4,
  embed: 50,
  scan: 1,
  index: 60,
  redact: 3_000,
  distil: 1_000,
  refine: 1,
}

/** Work that may be done before others get their turn. */
export const turnMicros = 5_000
