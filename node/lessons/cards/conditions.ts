/** States of records that set the accepted calls of a tool apart, and the reads that came before them. */

import { recordsBefore, stateValue } from '../batch.ts'
import type { PatternContext } from '../patterns/pattern.ts'
import { toolWord } from '../vocabulary.ts'
import type { Shown } from './fillings.ts'

export interface Condition {
  readonly tool: string
  readonly path: string
  readonly value: string | boolean
}

/** How unlikely it must be that all accepted calls met one state by chance. */
const CHANCE_MAX = 0.02
const CONDITIONS_MAX = 2
/** Share of the asks in which a read came before. */
const READ_SHARE = 0.75
/** That something was changed before may be another part of the task: more is asked for. */
const CHANGE_SHARE = 0.9
const CHANGE_ASKS_MIN = 4
const READS_MAX = 3

/** States that all calls in solved runs met, though records are often in others. */
export function conditionsOf(calls: readonly Shown[], { batch }: PatternContext): readonly Condition[] {
  const met = new Map<string, { condition: Condition; asks: Set<string>; values: Set<string | boolean> }>()
  for (const { run, call } of calls) {
    for (const { reader, fields } of recordsBefore(run, call)) {
      for (const { path, value: raw } of fields) {
        const value = path.includes('[]') ? undefined : stateValue(raw)
        if (value === undefined || batch.state(reader.tool, path, value) === undefined) continue
        const key = `${reader.tool}\n${path}`
        const one = met.get(key) ?? {
          condition: { tool: reader.tool, path, value },
          asks: new Set<string>(),
          values: new Set<string | boolean>(),
        }
        met.set(key, one)
        one.asks.add(run.ask)
        one.values.add(value)
      }
    }
  }
  return [...met.values()]
    .filter(({ values, asks }) => values.size === 1 && asks.size >= 2)
    .map(({ condition, asks }) => ({
      condition,
      chance: batch.shareOf(condition.tool, condition.path, condition.value) ** asks.size,
    }))
    .filter(({ chance }) => chance <= CHANCE_MAX)
    .sort((a, b) => a.chance - b.chance || (a.condition.path < b.condition.path ? -1 : 1))
    .slice(0, CONDITIONS_MAX)
    .map(({ condition }) => condition)
}

/** Tools whose result on the same thing came before in most asks. */
export function readsOf(calls: readonly Shown[], { batch }: PatternContext): readonly string[] {
  const asks = new Set(calls.map(({ run }) => run.ask))
  const before = new Map<string, Set<string>>()
  for (const { run, call } of calls) {
    for (const { reader } of recordsBefore(run, call)) {
      if (reader.tool === call.tool) continue
      const seen = before.get(reader.tool)
      if (seen === undefined) before.set(reader.tool, new Set([run.ask]))
      else seen.add(run.ask)
    }
  }
  return [...before]
    .filter(([tool, seen]) => {
      if (toolWord(tool) === undefined) return false
      if (!batch.writes(tool)) return seen.size >= asks.size * READ_SHARE
      return seen.size >= asks.size * CHANGE_SHARE && seen.size >= CHANGE_ASKS_MIN
    })
    .map(([tool]) => tool)
    .sort()
    .slice(0, READS_MAX)
}
