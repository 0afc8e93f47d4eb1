/** How much of what calls were given can be followed to where it came from: the measure of `origins`. */

import type { RedactedEpisode } from '../ports.ts'
import { takesOnlyText } from './argument-values.ts'
import { originsOf } from './origins.ts'
import { isStructured } from './roles.ts'
import { toRun } from './runs.ts'

export interface TracedShare {
  /** Values of arguments that are neither truth values nor empty nor sentences, in calls that take more than text. */
  readonly structured: number
  readonly traced: number
}

export function tracedShare(episodes: readonly RedactedEpisode[]): TracedShare {
  let structured = 0
  let traced = 0
  for (const run of episodes.map(toRun)) {
    const origins = originsOf(run)
    for (const call of run.calls) {
      if (takesOnlyText(call)) continue
      for (const leaf of call.leaves) {
        if (!isStructured(leaf)) continue
        structured++
        if (origins.of(leaf.value, call.at).length > 0) traced++
      }
    }
  }
  return { structured, traced }
}
