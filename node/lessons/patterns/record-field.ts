/**
 * The field that would have told. A call fails for the state of what its argument names, and a result that was
 * read, or could have been, holds that state: calls went through only where the field had one value,
 * which the error's own words name. The lesson is to read it first; it never says that the call is right.
 */

import { stateValue } from '../batch.ts'
import type { Leaf } from '../leaves.ts'
import type { Call, Run } from '../runs.ts'
import { domainsOf, errorWords, own, pathWord, placeWord, say, stateWord, toolWord } from '../vocabulary.ts'
import { argumentOf } from './compare.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

/** Accepted calls before a field's one value among them means anything. */
const ACCEPTED_MIN = 2

export const recordField: Pattern = {
  id: 'record-field',
  asksToShare: 2,
  needsSolved: false,
  find(runs, context) {
    const failing = runs.flatMap(run =>
      run.calls.filter(call => call.result?.error !== undefined).map(call => ({ run, call })),
    )
    const tools = new Set(failing.map(({ call }) => call.tool))
    const accepted = new Map<string, Map<string, Tally>>()
    for (const run of runs) {
      for (const call of run.calls) {
        if (!tools.has(call.tool) || call.result === undefined || call.result.error !== undefined) continue
        const fields = accepted.get(call.tool) ?? new Map<string, Tally>()
        accepted.set(call.tool, fields)
        for (const state of statesOf(run, call, context)) tally(fields, state)
      }
    }
    return failing.flatMap(({ run, call }) =>
      explain(run, call, accepted.get(call.tool) ?? new Map(), context),
    )
  },
}

/** A field of the record that an argument names. */
interface State {
  readonly argument: string
  readonly tool: string
  readonly path: string
  readonly value: string | boolean
}

interface Tally {
  readonly values: Map<string | boolean, number>
}

function fieldKey({ argument, tool, path }: State): string {
  return [argument, tool, path].join('\n')
}

function tally(fields: Map<string, Tally>, state: State): void {
  const key = fieldKey(state)
  const known = fields.get(key) ?? { values: new Map() }
  fields.set(key, known)
  known.values.set(state.value, (known.values.get(state.value) ?? 0) + 1)
}

function explain(
  run: Run,
  call: Call,
  accepted: ReadonlyMap<string, Tally>,
  context: PatternContext,
): Finding[] {
  const template = call.result?.error?.template ?? ''
  const findings: Finding[] = []
  for (const state of statesOf(run, call, context, nextChange(run, call, context))) {
    const values = accepted.get(fieldKey(state))?.values ?? new Map<string | boolean, number>()
    const condition = conditionOf(state, values, template)
    if (condition === undefined) continue
    const lesson = toLesson(call.tool, state, condition, template)
    const key = [
      condition.is,
      call.tool,
      state.argument,
      state.tool,
      state.path,
      String(condition.value),
      template,
    ]
    const group = [call.tool, template].join('\n')
    if (lesson !== undefined) findings.push({ run, key, group, rank: state.path.length, lesson })
  }
  return findings
}

interface Condition {
  readonly is: 'only' | 'never'
  readonly value: string | boolean
}

/** What accepted calls say of the field, where the error's own words name it too. */
function conditionOf(
  state: State,
  accepted: ReadonlyMap<string | boolean, number>,
  template: string,
): Condition | undefined {
  if (accepted.size === 0 || accepted.has(state.value)) return undefined
  // The error names the very state that it refuses.
  if (
    typeof state.value === 'string' &&
    state.value.length >= 4 &&
    stateWord(state.value, template) !== undefined
  )
    return { is: 'never', value: state.value }
  const [only] = accepted
  if (only === undefined || accepted.size !== 1 || only[1] < ACCEPTED_MIN) return undefined
  return namedByError(only[0], state, template) ? { is: 'only', value: only[0] } : undefined
}

/** A word of the error is the state it asks for, or the name of the flag that it speaks of. */
function namedByError(good: string | boolean, state: State, template: string): boolean {
  if (typeof good === 'string') return stateWord(good, template) !== undefined
  const name = state.path.split('.').at(-1) ?? ''
  return name.length >= 4 && template.includes(name.toLowerCase())
}

/** A refused call changed nothing: what is read before anything is changed was so when it was refused. */
function nextChange(run: Run, refused: Call, { batch }: PatternContext): number {
  const next = run.calls.find(
    ({ at, tool, result }) =>
      at > refused.at && result !== undefined && result.error === undefined && batch.writes(tool),
  )
  return next?.at ?? Number.POSITIVE_INFINITY
}

/** The states of everything that the call's arguments name, as they were last read before `until`. */
function statesOf(
  run: Run,
  call: Call,
  { batch }: PatternContext,
  until: number = call.at,
): readonly State[] {
  const latest = new Map<string, State>()
  for (const earlier of run.calls) {
    const { result } = earlier
    if (result === undefined || result.at > until || result.error !== undefined) continue
    // What a changing tool answers cannot be read again before a call.
    if (batch.writes(earlier.tool)) continue
    for (const argument of call.leaves) {
      if (typeof argument.value !== 'string' || argument.value.length < 3) continue
      for (const leaf of recordLeaves(earlier, argument)) {
        const value = stateValue(leaf.value)
        if (value === undefined) continue
        const state: State = { argument: argument.path, tool: earlier.tool, path: leaf.path, value }
        // Of a list of arguments the first one with a value that no accepted call had decides; keep all of them.
        latest.set(`${fieldKey(state)}\n${argument.place}`, state)
      }
    }
  }
  return [...latest.values()]
}

/** Fields of the record that a result holds on what the argument names: the whole result when it was asked for it. */
function recordLeaves(earlier: Call, argument: Leaf): readonly Leaf[] {
  const leaves = earlier.result?.leaves ?? []
  if (earlier.leaves.some(asked => asked.value === argument.value))
    return leaves.filter(leaf => !leaf.path.includes('[]') && leaf.path.split('.').length <= 2)
  const record = leaves.find(
    leaf => leaf.value === argument.value && (leaf.identity || endsAlike(leaf, argument)),
  )?.record
  return record === undefined ? [] : leaves.filter(leaf => leaf.record === record)
}

/** `item_ids[]` names the record whose field is `item_id`. */
function endsAlike(leaf: Leaf, argument: Leaf): boolean {
  const field = leaf.path.split(/[.[\]]+/).findLast(part => part !== '') ?? ''
  const name = argument.path.split(/[.[\]]+/).findLast(part => part !== '') ?? ''
  return (
    field.length >= 3 &&
    (name === field || name === `${field}s` || name.endsWith(`_${field}s`) || name.endsWith(`_${field}`))
  )
}

function toLesson(tool: string, state: State, condition: Condition, template: string): Lesson | undefined {
  const name = toolWord(tool)
  const argument = pathWord(state.argument)
  const place = placeWord(state.tool, state.path)
  const reader = toolWord(state.tool)
  const error = errorWords(template)
  const value = stateWord(condition.value, template)
  if (name === undefined || argument === undefined || place === undefined) return undefined
  if (reader === undefined || error === undefined || value === undefined) return undefined
  const other = own('something else')
  const is = condition.is === 'only' ? value : say`something other than ${value}`
  const isNot = condition.is === 'only' ? other : value
  return {
    kind: 'pitfall',
    domains: domainsOf([tool]),
    situation: say`About to call ${name} with ${argument}, or it failed with ${error}.`,
    summary: say`${name} goes through only where ${place} is ${is} for the given ${argument}; else it fails with ${error}.`,
    detail: say`Every accepted call of ${name} was about a record in which ${place} was ${is}; in the failing ones it was ${isNot}, which could have been read before.`,
    action: say`Read ${place} with ${reader} before promising or calling ${name}. Where it is ${isNot}, do not make that call: name the reason, and look for another ${argument} or another tool that fits.`,
    tools: [
      { name: tool, arguments: [argumentOf(state.argument)] },
      { name: state.tool, arguments: [] },
    ],
  }
}
