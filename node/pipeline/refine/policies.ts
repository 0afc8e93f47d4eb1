/** The policies of refining by name: what the setting `refinePolicy` chooses from. */

import { demandWeighted } from './demand.ts'
import type { RefinePolicy } from './policy.ts'
import { fifo, lru, random } from './ranked.ts'

export const refinePolicies = {
  /** What serves the recent queries best. */
  demand: demandWeighted,
  /** What was made first goes first. */
  fifo,
  /** What was not handed out for longest goes first. */
  lru,
  /** Any. */
  random,
} as const satisfies Readonly<Record<string, RefinePolicy>>
