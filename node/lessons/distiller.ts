/**
 * The default distiller: deterministic, without an LLM, in milliseconds. It looks at what is explicit in
 * recorded runs (tool errors, outcomes, where values came from) and hands it to the patterns.
 */

import { isDeepStrictEqual } from 'node:util'
import type { Distiller, EpisodeId } from '../ports.ts'
import { type AskNames, askNames } from './asks.ts'
import { batchOf } from './batch.ts'
import { toDrafts } from './drafts.ts'
import { ofEach } from './of-each.ts'
import { originsOf } from './origins.ts'
import { askedInVain } from './patterns/asked-in-vain.ts'
import { callCard } from './patterns/call-card.ts'
import { changedArgument } from './patterns/changed-argument.ts'
import { checkAfter } from './patterns/check-after.ts'
import { claimAgainstRecord } from './patterns/claim-against-record.ts'
import { clearedBy } from './patterns/cleared-by.ts'
import { confirmedAnswer } from './patterns/confirmed-answer.ts'
import { contrast } from './patterns/contrast.ts'
import { coverage } from './patterns/coverage.ts'
import { explainedFigures } from './patterns/explained-figures.ts'
import { limitExceeded } from './patterns/limit-exceeded.ts'
import { listRelation } from './patterns/list-relation.ts'
import { nothingFound } from './patterns/nothing-found.ts'
import { otherTool } from './patterns/other-tool.ts'
import type { Finding, Pattern, PatternContext } from './patterns/pattern.ts'
import { reckonedArgument } from './patterns/reckoned-argument.ts'
import { recordDenies } from './patterns/record-denies.ts'
import { recordField } from './patterns/record-field.ts'
import { repairedAttempt } from './patterns/repaired-attempt.ts'
import { sameCallAgain } from './patterns/same-call-again.ts'
import { usedUp } from './patterns/used-up.ts'
import { writtenForm } from './patterns/written-form.ts'
import { withoutPersonalWords } from './personal-words.ts'
import { type Run, toRun } from './runs.ts'

const PATTERNS: readonly Pattern[] = [
  changedArgument,
  explainedFigures,
  confirmedAnswer,
  listRelation,
  recordField,
  otherTool,
  sameCallAgain,
  clearedBy,
  callCard,
  checkAfter,
  claimAgainstRecord,
  coverage,
  limitExceeded,
  nothingFound,
  usedUp,
  askedInVain,
  contrast,
  writtenForm,
  reckonedArgument,
  recordDenies,
  repairedAttempt,
]

/** It keeps what it made of the runs of the last look: the next one mostly holds the same. */
export function createDistiller(): Distiller {
  let known: ReadonlyMap<EpisodeId, Run> = new Map()
  return {
    id: 'swarmlore-patterns/1',
    async distil(episodes, signal) {
      const recorded = new Map<EpisodeId, Run>()
      // In an order of their own, so that the drafts hang on the set of episodes alone.
      for (const episode of episodes.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
        signal.throwIfAborted()
        const before = known.get(episode.id)
        // Its outcome can come later, and its redaction can be another.
        const isSame = before !== undefined && isDeepStrictEqual(before.episode, episode)
        recorded.set(episode.id, isSame ? before : toRun(episode))
      }
      const names = askNames([...recorded.values()].map(run => run.episode))
      for (const [id, run] of recorded) recorded.set(id, named(run, names.get(id)))
      known = recorded
      const runs = withoutPersonalWords([...recorded.values()])
      const context: PatternContext = { batch: batchOf(runs), origins: originsIn }
      const found: (readonly [Pattern, readonly Finding[]])[] = []
      for (const pattern of PATTERNS) {
        signal.throwIfAborted()
        found.push([pattern, pattern.find(runs, context)])
      }
      return toDrafts(found)
    },
  }
}

/** A further run can show that two asks are one; of most runs it changes nothing. */
function named(run: Run, names: AskNames | undefined): Run {
  if (names === undefined || (run.ask === names.ask && run.problem === names.problem)) return run
  return { ...run, ...names }
}

const originsIn = ofEach(originsOf)
