/**
 * What can only be seen over many runs: which tools change something, which only take text, and which values of a
 * field are states that a lesson may name. Everything is found in the runs; nothing is known of any domain.
 */

import { takesOnlyText } from './argument-values.ts'
import { isCommonWord } from './dictionary.ts'
import type { Leaf } from './leaves.ts'
import type { Call, Run } from './runs.ts'
import { type Allowed, seenState } from './vocabulary.ts'
import { writingTools } from './writing-tools.ts'

export interface Batch {
  readonly runs: readonly Run[]
  /** Runs of the same problem, in the order of the batch. */
  readonly problems: ReadonlyMap<string, readonly Run[]>
  /** Whether the tool changes something in the world. */
  writes(tool: string): boolean
  /** Whether the tool only takes text: a note, a thought, a message to a person. */
  takesText(tool: string): boolean
  /** The word of a state, where the field has few values and each was seen on many records with several asks. */
  state(tool: string, path: string, value: string | boolean): Allowed | undefined
  /** Share of the records read with this tool whose field has the value. */
  shareOf(tool: string, path: string, value: string | boolean): number
}

/** A field with more values than this is no state. */
const STATES_MAX = 6
/** Records for each value of the field. */
const RECORDS_PER_STATE = 3
const ASKS_MIN = 3
/** What begins with a capital, or is no common word, may be a name or somebody's illness: then more is asked for. */
const NAME_ASKS_MIN = 5
const RECORDS_PER_NAME = 8
/** A field that has shown this many different values is not looked at any more. */
const VALUES_MAX = 24

interface Seen {
  records: number
  readonly asks: Set<string>
  readonly subjects: Set<string>
}

export function batchOf(runs: readonly Run[]): Batch {
  const problems = new Map<string, Run[]>()
  for (const run of runs) {
    const list = problems.get(run.problem)
    if (list === undefined) problems.set(run.problem, [run])
    else list.push(run)
  }
  const text = textTools(runs)
  let writing: ReadonlySet<string> | undefined
  let fields: ReadonlyMap<string, ReadonlyMap<string | boolean, Seen>> | undefined
  const fieldOf = (tool: string, path: string): ReadonlyMap<string | boolean, Seen> | undefined => {
    fields ??= gather(runs)
    return fields.get(`${tool}\n${path}`)
  }
  return {
    runs,
    problems,
    writes(tool) {
      writing ??= writingTools(runs)
      return writing.has(tool) && !text.has(tool)
    },
    takesText: tool => text.has(tool),
    state(tool, path, value) {
      const values = fieldOf(tool, path)
      return values !== undefined && isState(values, value) ? seenState(value) : undefined
    },
    shareOf(tool, path, value) {
      const values = fieldOf(tool, path)
      if (values === undefined) return 0
      return (values.get(value)?.records ?? 0) / total(values)
    },
  }
}

function total(values: ReadonlyMap<string | boolean, Seen>): number {
  let sum = 0
  for (const { records } of values.values()) sum += records
  return Math.max(1, sum)
}

function isState(values: ReadonlyMap<string | boolean, Seen>, value: string | boolean): boolean {
  const seen = values.get(value)
  if (seen === undefined || values.size > STATES_MAX) return false
  const names = [...values.keys()].some(other => typeof other === 'string' && mayBeName(other))
  const least = names ? NAME_ASKS_MIN : ASKS_MIN
  const perState = names ? RECORDS_PER_NAME : RECORDS_PER_STATE
  return total(values) >= values.size * perState && seen.asks.size >= least && seen.subjects.size >= least
}

function mayBeName(value: string): boolean {
  return /^\p{Lu}/u.test(value) || !value.split(/[_ -]+/).every(word => isCommonWord(word.toLowerCase()))
}

function gather(runs: readonly Run[]): ReadonlyMap<string, ReadonlyMap<string | boolean, Seen>> {
  const fields = new Map<string, Map<string | boolean, Seen>>()
  const echoes = new Set<string>()
  for (const run of runs) {
    for (const call of run.calls) {
      const { result } = call
      if (result === undefined || result.error !== undefined) continue
      const subject = call.leaves.map(leaf => String(leaf.value)).join('\n')
      const asked = new Set(call.leaves.map(leaf => leaf.value))
      for (const leaf of result.leaves) {
        const value = stateValue(leaf.value)
        if (value === undefined || leaf.identity) continue
        const key = `${call.tool}\n${leaf.path}`
        // What repeats the question names the record; it is no state of it.
        if (typeof value === 'string' && asked.has(value)) echoes.add(key)
        const values = fields.get(key) ?? new Map<string | boolean, Seen>()
        fields.set(key, values)
        const seen = values.get(value) ?? { records: 0, asks: new Set(), subjects: new Set() }
        if (!values.has(value) && values.size > VALUES_MAX) continue
        values.set(value, seen)
        seen.records++
        seen.asks.add(run.ask)
        seen.subjects.add(subject === '' ? run.ask : subject)
      }
    }
  }
  for (const key of echoes) fields.delete(key)
  return fields
}

/** A state is a flag or a word or two; numbers and sentences are none. */
export function stateValue(value: Leaf['value']): string | boolean | undefined {
  if (typeof value === 'boolean') return value
  return typeof value === 'string' && /^\p{L}[\p{L}_ -]{1,23}$/u.test(value) ? value : undefined
}

/** Tools that were given nothing but text in most calls; of one that takes nothing it cannot be said. */
function textTools(runs: readonly Run[]): ReadonlySet<string> {
  const balance = new Map<string, number>()
  for (const call of runs.flatMap(run => run.calls)) {
    if (call.leaves.length === 0) continue
    balance.set(call.tool, (balance.get(call.tool) ?? 0) + (takesOnlyText(call) ? 1 : -1))
  }
  return new Set([...balance].filter(([, more]) => more > 0).map(([tool]) => tool))
}

/** The record's fields that a call's argument names, as the run had last read them before the call. */
export function recordsBefore(
  run: Run,
  call: Call,
): readonly { readonly argument: Leaf; readonly reader: Call; readonly fields: readonly Leaf[] }[] {
  const found: { argument: Leaf; reader: Call; fields: readonly Leaf[] }[] = []
  const done = new Set<string>()
  for (let index = run.calls.length - 1; index >= 0; index--) {
    const reader = run.calls[index]
    const { result } = reader ?? {}
    if (reader === undefined || result === undefined || result.error !== undefined) continue
    if (result.at > call.at || reader === call) continue
    for (const argument of call.leaves) {
      if (typeof argument.value !== 'string' || argument.value.length < 3) continue
      const key = `${argument.place}\n${reader.tool}`
      if (done.has(key) || !reader.leaves.some(asked => asked.value === argument.value)) continue
      done.add(key)
      found.push({ argument, reader, fields: result.leaves })
    }
  }
  return found
}
