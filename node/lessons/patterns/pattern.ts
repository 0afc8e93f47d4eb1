/**
 * The one interface behind which each pattern stands, in a file of its own. A finding's text is a function
 * of its key: the same key is the same lesson with the same words, in every run and on every node, so a
 * lesson found with two asks holds nothing that only one of them knew.
 */

import type { EntryKind, ToolMention } from '../../../protocol/types.ts'
import type { Batch } from '../batch.ts'
import type { Origins } from '../origins.ts'
import type { Run } from '../runs.ts'
import type { Allowed } from '../vocabulary.ts'

export interface Lesson {
  readonly kind: EntryKind
  readonly domains: readonly string[]
  readonly situation: Allowed
  readonly summary: Allowed
  readonly detail: Allowed
  readonly action: Allowed
  readonly tools: readonly ToolMention[]
}

/** One lesson as one run shows it. */
export interface Finding {
  /** Everything that the text shows. */
  readonly key: readonly string[]
  /** Of the findings of one group only the best supported one becomes a draft: they explain the same thing. */
  readonly group?: string
  /** Among equally supported ones of a group the lowest wins. */
  readonly rank?: number
  readonly lesson: Lesson
  readonly run: Run
}

export interface PatternContext {
  origins(run: Run): Origins
  /** What only many runs show: states, writing tools, the runs of one ask. */
  readonly batch: Batch
}

export interface Pattern {
  readonly id: string
  /** Distinct asks on which a lesson of this pattern must rest before it may be shared. */
  readonly asksToShare: number
  /** It recommends what solved runs did, so that only asks with a solved run count towards sharing. */
  readonly needsSolved: boolean
  /** Its lessons hold what somebody wrote, so that a person approves each before it is shared, in every share mode. */
  readonly needsReview?: true
  /** Its lessons quote what somebody wrote, and never leave this node. */
  readonly staysHere?: true
  find(runs: readonly Run[], context: PatternContext): readonly Finding[]
}
