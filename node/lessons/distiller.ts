/**
 * The default distiller: deterministic, without an LLM, in milliseconds. It looks at what is explicit in
 * recorded runs (tool errors, outcomes, where values came from) and hands it to the patterns.
 */

import type { Distiller } from '../ports.ts'
import { toDrafts } from './drafts.ts'
import { type Origins, originsOf } from './origins.ts'
import { changedArgument } from './patterns/changed-argument.ts'
import { confirmedAnswer } from './patterns/confirmed-answer.ts'
import { explainedFigures } from './patterns/explained-figures.ts'
import { listRelation } from './patterns/list-relation.ts'
import { otherTool } from './patterns/other-tool.ts'
import type { Finding, Pattern, PatternContext } from './patterns/pattern.ts'
import { recordField } from './patterns/record-field.ts'
import { sameCallAgain } from './patterns/same-call-again.ts'
import { type Run, toRun } from './runs.ts'

const PATTERNS: readonly Pattern[] = [
  changedArgument,
  explainedFigures,
  confirmedAnswer,
  listRelation,
  recordField,
  otherTool,
  sameCallAgain,
]

export function createDistiller(): Distiller {
  return {
    id: 'swarmlore-patterns/1',
    async distil(episodes, signal) {
      const runs: Run[] = []
      for (const episode of episodes) {
        signal.throwIfAborted()
        runs.push(toRun(episode))
      }
      const indexes = new Map<Run, Origins>()
      const context: PatternContext = {
        origins(run) {
          const known = indexes.get(run)
          if (known !== undefined) return known
          const origins = originsOf(run)
          indexes.set(run, origins)
          return origins
        },
      }
      const found: (readonly [Pattern, readonly Finding[]])[] = []
      for (const pattern of PATTERNS) {
        signal.throwIfAborted()
        found.push([pattern, pattern.find(runs, context)])
      }
      return toDrafts(found)
    },
  }
}
