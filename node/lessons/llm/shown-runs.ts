/**
 * The part of recorded runs that a language model is shown: what user and assistant said, calls, results and
 * observations of redacted episodes, each cut to a bound. Never shown: the operator's prompt, reasoning, ids, times.
 */

import type { Interaction, RedactedEpisode } from '../../ports.ts'

/** One step as it is written into the question: its kind, and its text. */
export type ShownStep = readonly [kind: string, text: string]

export interface ShownRun {
  /** From 1: how the answer speaks of it. */
  readonly run: number
  /** Runs of the same task have the same number. */
  readonly task: number
  readonly solved: boolean
  readonly steps: readonly ShownStep[]
}

/** Runs in one question: enough to see what tells them apart. */
const RUNS_MAX = 8
/** Characters of all steps in one question, as JSON; some 12,000 tokens: what small models read well. */
const QUESTION_CHARS_MAX = 48_000
const RUN_CHARS_MAX = 12_000
/** A run's first steps say what was asked, its last ones how it went. */
const STEPS_AT_EACH_END = 40
const TEXT_CHARS_MAX = 800

/**
 * Runs that are asked about together: those of the same ask side by side, with others while there is room. The same
 * episodes give the same groups, whatever their order.
 */
export function groupsOf(episodes: readonly RedactedEpisode[]): readonly (readonly RedactedEpisode[])[] {
  const sorted = episodes.toSorted((a, b) => compare(a.ask, b.ask) || compare(a.id, b.id))
  const groups: RedactedEpisode[][] = []
  let room = 0
  for (const episode of sorted) {
    const chars = charsOf(stepsOf(episode))
    const group = groups.at(-1)
    if (group === undefined || group.length >= RUNS_MAX || chars > room) {
      groups.push([episode])
      room = QUESTION_CHARS_MAX - chars
    } else {
      group.push(episode)
      room -= chars
    }
  }
  return groups
}

export function shownRuns(group: readonly RedactedEpisode[]): readonly ShownRun[] {
  const asks = [...new Set(group.map(episode => episode.ask))]
  return group.map((episode, index) => ({
    run: index + 1,
    task: asks.indexOf(episode.ask) + 1,
    solved: episode.outcome?.solved === true,
    steps: stepsOf(episode),
  }))
}

function stepsOf(episode: RedactedEpisode): readonly ShownStep[] {
  const steps = episode.interactions.map(stepOf).filter(step => step !== undefined)
  let each = Math.min(STEPS_AT_EACH_END, Math.ceil(steps.length / 2))
  let shown = ends(steps, each)
  while (each > 1 && charsOf(shown) > RUN_CHARS_MAX) {
    each = Math.floor(each * 0.75)
    shown = ends(steps, each)
  }
  return shown
}

function ends(steps: readonly ShownStep[], each: number): readonly ShownStep[] {
  const left = steps.length - 2 * each
  if (left <= 0) return steps
  return [...steps.slice(0, each), ['left out', `${left} steps`], ...steps.slice(-each)]
}

function stepOf(interaction: Interaction): ShownStep | undefined {
  switch (interaction.type) {
    case 'message':
      return interaction.role === 'system' ? undefined : [interaction.role, cut(interaction.text)]
    case 'reasoning':
      return undefined
    case 'call':
      return [`call ${cut(interaction.tool)}`, cut(interaction.text)]
    case 'result':
      return ['result', cut(interaction.text)]
    case 'observation':
      return [`observed ${cut(interaction.name)}`, cut(interaction.value)]
  }
}

function cut(text: string): string {
  return text.length <= TEXT_CHARS_MAX ? text : `${text.slice(0, TEXT_CHARS_MAX)}…`
}

/** As they are written. */
function charsOf(steps: readonly ShownStep[]): number {
  let chars = 0
  for (const step of steps) chars += JSON.stringify(step).length + 1
  return chars
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
