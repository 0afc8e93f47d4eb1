/**
 * What a run did, as features that a lesson can name: which tools it called, on records in which state, with values
 * from where, and how much of a list it read. A contrast between solved and unsolved runs is looked for in these.
 */

import { recordsBefore, stateValue } from './batch.ts'
import { originName } from './origins.ts'
import type { PatternContext } from './patterns/pattern.ts'
import { lastField, roleOf } from './roles.ts'
import type { Call, Run } from './runs.ts'

export type Feature =
  | { readonly what: 'reads' | 'changes'; readonly tool: string }
  | { readonly what: 'changes-many'; readonly tool: string }
  | { readonly what: 'reads-whole'; readonly tool: string; readonly reader: string; readonly path: string }
  | { readonly what: 'reads-first'; readonly tool: string; readonly reader: string }
  | {
      readonly what: 'on-state'
      readonly tool: string
      readonly reader: string
      readonly path: string
      readonly value: string | boolean
    }
  | {
      readonly what: 'fills'
      readonly tool: string
      readonly argument: string
      readonly place: string
      readonly reader: string
      readonly path: string
    }
  | {
      readonly what: 'fills-of'
      readonly tool: string
      readonly argument: string
      readonly reader: string
      readonly path: string
      readonly value: string | boolean
    }

export function featureId(feature: Feature): string {
  return Object.values(feature).map(String).join('|')
}

/** The features of a run, each once, by their ids. */
export function featuresOf(run: Run, context: PatternContext): ReadonlyMap<string, Feature> {
  const features = new Map<string, Feature>()
  const add = (feature: Feature): void => {
    features.set(featureId(feature), feature)
  }
  const subjects = new Map<string, Set<string>>()
  for (const call of run.calls) {
    if (call.result === undefined || call.result.error !== undefined || context.batch.takesText(call.tool))
      continue
    if (!context.batch.writes(call.tool)) {
      add({ what: 'reads', tool: call.tool })
      continue
    }
    add({ what: 'changes', tool: call.tool })
    const subject = call.leaves.find(leaf => typeof leaf.value === 'string' && leaf.value.length >= 4)?.value
    const seen = subjects.get(call.tool) ?? new Set<string>()
    subjects.set(call.tool, seen.add(String(subject)))
    addStates(run, call, context, add)
    addFillings(run, call, context, add)
  }
  for (const [tool, seen] of subjects) if (seen.size > 1) add({ what: 'changes-many', tool })
  addWholeLists(run, context, add)
  return features
}

type Add = (feature: Feature) => void

function addStates(run: Run, call: Call, { batch }: PatternContext, add: Add): void {
  const { tool } = call
  for (const { reader, fields } of recordsBefore(run, call)) {
    if (reader.tool !== tool) add({ what: 'reads-first', tool, reader: reader.tool })
    for (const { path, value } of fields) {
      const state = stateValue(value)
      if (state !== undefined && !path.includes('[]') && batch.state(reader.tool, path, state) !== undefined)
        add({ what: 'on-state', tool, reader: reader.tool, path, value: state })
    }
  }
}

function addFillings(run: Run, call: Call, context: PatternContext, add: Add): void {
  const origins = context.origins(run)
  for (const leaf of call.leaves) {
    const origin = roleOf(leaf, call.at, origins)
    if (origin === undefined) continue
    const reader = origin.from === 'result' ? origin.tool : ''
    const path = origin.from === 'result' ? origin.path : ''
    if (origin.from === 'result' || origin.from === 'user')
      add({ what: 'fills', tool: call.tool, argument: leaf.path, place: originName(origin), reader, path })
    for (const { tool, field, value } of recordStates(run, call, leaf.value, context))
      add({ what: 'fills-of', tool: call.tool, argument: leaf.path, reader: tool, path: field, value })
  }
}

/** States of the list's element that defines an id, such as the kind of a means of payment. */
function recordStates(
  run: Run,
  call: Call,
  id: Call['leaves'][number]['value'],
  { batch }: PatternContext,
): readonly { readonly tool: string; readonly field: string; readonly value: string | boolean }[] {
  if (typeof id !== 'string' || id.length < 4) return []
  for (const { tool, result } of run.calls.toReversed()) {
    if (result === undefined || result.error !== undefined || result.at > call.at) continue
    const defining = result.leaves.find(
      leaf => leaf.identity && leaf.value === id && leaf.path.includes('[]'),
    )
    if (defining === undefined) continue
    return result.leaves.flatMap(leaf => {
      const value = leaf.record === defining.record ? stateValue(leaf.value) : undefined
      return value !== undefined && batch.state(tool, leaf.path, value) !== undefined
        ? [{ tool, field: leaf.path, value }]
        : []
    })
  }
  return []
}

/** Lists of ids of which the run read every element with one tool. */
function addWholeLists(run: Run, { batch }: PatternContext, add: Add): void {
  const asked = new Map<string, Set<string>>()
  for (const call of run.calls) {
    if (call.result === undefined || call.result.error !== undefined || batch.writes(call.tool)) continue
    for (const leaf of call.leaves)
      if (typeof leaf.value === 'string')
        asked.set(call.tool, (asked.get(call.tool) ?? new Set()).add(leaf.value))
  }
  for (const call of run.calls) {
    if (call.result === undefined || call.result.error !== undefined || batch.writes(call.tool)) continue
    const lists = new Map<string, string[]>()
    for (const { path, value } of call.result.leaves) {
      if (typeof value === 'string' && value.length >= 3 && path.endsWith('[]') && lastField(path) !== '')
        lists.set(path, [...(lists.get(path) ?? []), value])
    }
    for (const [path, values] of lists) {
      if (values.length < 2 || values.length > 200) continue
      for (const [reader, read] of asked)
        if (reader !== call.tool && values.every(value => read.has(value)))
          add({ what: 'reads-whole', tool: call.tool, reader, path })
    }
  }
}
