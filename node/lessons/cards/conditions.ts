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

/**
 * States that all calls in solved runs met, though records are often in others, or calls of unsolved runs met others. Of
 * every field that varies it is asked, so that with more fields one of them is more likely to fit by chance.
 */
export function conditionsOf(
  solved: readonly Shown[],
  unsolved: readonly Shown[],
  { batch }: PatternContext,
): readonly Condition[] {
  const against = statesMet(unsolved)
  const asksMin = Math.max(2, asksOf(solved).size * READ_SHARE)
  const varying = [...statesMet(solved)].filter(([, { tool, path, byValue }]) => {
    const [value] = byValue.keys()
    // What a changing tool answers was not known before it was called.
    if (value === undefined || batch.writes(tool) || batch.state(tool, path, value) === undefined)
      return false
    return batch.shareOf(tool, path, value) < 1
  })
  return varying
    .flatMap(([key, { tool, path, byValue }]) => {
      const [only] = byValue
      if (only === undefined || byValue.size > 1) return []
      const [value, asks] = only
      if (asks.size < asksMin) return []
      const others = [...(against.get(key)?.byValue ?? [])].filter(([other]) => other !== value)
      const opposed = new Set(others.flatMap(([, of]) => [...of])).size
      const alike = against.get(key)?.byValue.get(value)?.size ?? 0
      const chance =
        varying.length *
        Math.min(batch.shareOf(tool, path, value) ** asks.size, chanceOfSplit(asks.size, alike, opposed))
      return chance > CHANCE_MAX ? [] : [{ condition: { tool, path, value }, chance }]
    })
    .sort((a, b) => a.chance - b.chance || (a.condition.path < b.condition.path ? -1 : 1))
    .slice(0, CONDITIONS_MAX)
    .map(({ condition }) => condition)
}

function asksOf(calls: readonly Shown[]): ReadonlySet<string> {
  return new Set(calls.map(({ run }) => run.ask))
}

interface Met {
  readonly tool: string
  readonly path: string
  /** The asks in which a call met the value. */
  readonly byValue: Map<string | boolean, Set<string>>
}

/** What the record that a call is about held when it was last read before the call. */
function statesMet(calls: readonly Shown[]): ReadonlyMap<string, Met> {
  const met = new Map<string, Met>()
  for (const { run, call } of calls) {
    for (const { reader, fields } of recordsBefore(run, call)) {
      for (const { path, value: raw } of fields) {
        const value = path.includes('[]') ? undefined : stateValue(raw)
        if (value === undefined) continue
        const key = `${reader.tool}\n${path}`
        const one = met.get(key) ?? {
          tool: reader.tool,
          path,
          byValue: new Map<string | boolean, Set<string>>(),
        }
        met.set(key, one)
        const asks = one.byValue.get(value)
        if (asks === undefined) one.byValue.set(value, new Set([run.ask]))
        else asks.add(run.ask)
      }
    }
  }
  return met
}

/**
 * Fisher's exact test, one-sided: of all asks those that met the state were drawn at random; how likely it is that every
 * solved one is among them.
 */
function chanceOfSplit(solved: number, alike: number, opposed: number): number {
  let chance = 1
  for (let drawn = 0; drawn < solved; drawn++)
    chance *= (solved + alike - drawn) / (solved + alike + opposed - drawn)
  return chance
}

/** Tools whose result on the same thing came before in most asks. */
export function readsOf(calls: readonly Shown[], { batch }: PatternContext): readonly string[] {
  const asks = asksOf(calls)
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
