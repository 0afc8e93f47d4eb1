/**
 * A limit exceeded, and the field that would have told. The number that a refused call sent for something is
 * above a number that a record of that thing holds; no accepted call's is.
 */

import type { Leaf } from '../leaves.ts'
import { lastField } from '../roles.ts'
import type { Call, Run } from '../runs.ts'
import { domainsOf, errorWords, pathWord, placeWord, say, toolWord } from '../vocabulary.ts'
import { argumentOf } from './compare.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

export const limitExceeded: Pattern = {
  id: 'limit-exceeded',
  asksToShare: 2,
  needsSolved: false,
  find(runs, context) {
    const refused: Comparison[] = []
    const within = new Set<string>()
    const above = new Set<string>()
    for (const run of runs) {
      for (const call of run.calls) {
        if (call.result === undefined) continue
        const template = call.result.error?.template
        for (const comparison of comparisonsOf(run, call, context)) {
          if (template !== undefined) refused.push(comparison)
          else (comparison.exceeds ? above : within).add(comparison.key.join('\n'))
        }
      }
    }
    return findings(refused, within, above)
  },
}

interface Comparison {
  readonly run: Run
  readonly call: Call
  /** Tool, its number, its id of the record, the reader, the record's field. */
  readonly key: readonly [string, string, string, string, string]
  readonly exceeds: boolean
}

function findings(
  refused: readonly Comparison[],
  within: ReadonlySet<string>,
  above: ReadonlySet<string>,
): readonly Finding[] {
  const byError = new Map<string, Comparison[]>()
  for (const one of refused) {
    const id = [...one.key, one.call.result?.error?.template ?? ''].join('\n')
    byError.set(id, [...(byError.get(id) ?? []), one])
  }
  return [...byError.values()].flatMap(list => {
    const [first] = list
    if (first === undefined) return []
    const id = first.key.join('\n')
    // Each failing call went beyond, no accepted one did, and some stayed within: the limit is what counts.
    const calls = new Map<Call, boolean>()
    for (const { call, exceeds } of list) calls.set(call, (calls.get(call) ?? false) || exceeds)
    if (above.has(id) || !within.has(id) || [...calls.values()].includes(false)) return []
    return list.flatMap(({ run, call, key }) => {
      const template = call.result?.error?.template ?? ''
      const lesson = toLesson(key, template)
      const group = [call.tool, template].join('\n')
      return lesson === undefined
        ? []
        : [{ run, key: [...key, template], group, rank: key[4].length, lesson }]
    })
  })
}

/** Each number of the call with each number of the record that an id beside it names. */
function comparisonsOf(run: Run, call: Call, context: PatternContext): readonly Comparison[] {
  const numbers = call.leaves.filter(leaf => typeof leaf.value === 'number')
  const ids = call.leaves.filter(leaf => typeof leaf.value === 'string' && leaf.value.length >= 4)
  const found: Comparison[] = []
  for (const sent of numbers) {
    for (const id of ids) {
      if (id.record !== sent.record) continue
      for (const { reader, field } of numbersOf(run, call, id, context)) {
        const exceeds = Number(sent.value) > Number(field.value)
        found.push({ run, call, key: [call.tool, sent.path, id.path, reader, field.path], exceeds })
      }
    }
  }
  return found
}

/** Numbers of the record that the id names, as it was last read. */
function numbersOf(
  run: Run,
  call: Call,
  id: Leaf,
  { batch }: PatternContext,
): readonly { readonly reader: string; readonly field: Leaf }[] {
  for (const earlier of run.calls.toReversed()) {
    const { result } = earlier
    if (result === undefined || result.error !== undefined || result.at > call.at) continue
    if (batch.writes(earlier.tool)) continue
    const record = recordOf(earlier, id)
    if (record === undefined) continue
    return result.leaves
      .filter(leaf => typeof leaf.value === 'number' && isWithin(leaf.record, record))
      .map(field => ({ reader: earlier.tool, field }))
  }
  return []
}

/** The place of what the id names in a result: where it is defined, or all of it where the call asked for this id. */
function recordOf({ leaves, result }: Call, id: Leaf): string | undefined {
  const defining = result?.leaves.find(
    leaf => leaf.value === id.value && (leaf.identity || isNamedAt(leaf, id)),
  )
  return defining?.record ?? (leaves.some(asked => asked.value === id.value) ? '' : undefined)
}

/** A whole result that says of which it is; in its lists other records mention it. */
function isNamedAt({ path }: Leaf, id: Leaf): boolean {
  return !path.includes('[]') && lastField(path) === lastField(id.path)
}

/** In the record itself or an object of it; elements of its lists are other things. */
function isWithin(place: string, record: string): boolean {
  return place === record || (place.startsWith(`${record}.`) && !place.slice(record.length).includes('['))
}

function toLesson([tool, sent, id, reader, field]: Comparison['key'], template: string): Lesson | undefined {
  const name = toolWord(tool)
  const number = pathWord(sent)
  const argument = pathWord(id)
  const place = placeWord(reader, field)
  const error = errorWords(template)
  const read = toolWord(reader)
  if (name === undefined || number === undefined || argument === undefined || place === undefined)
    return undefined
  if (error === undefined || read === undefined || lastField(field) === '') return undefined
  return {
    kind: 'pitfall',
    domains: domainsOf([tool]),
    situation: say`About to call ${name} with ${number} and ${argument}, or it failed with ${error}.`,
    summary: say`${name} fails with ${error} when ${number} is more than ${place} of that ${argument}.`,
    detail: say`Every call that failed so sent more than ${place} holds; no accepted call did. It could have been read before.`,
    action: say`Compare ${number} with ${place} from ${read} before calling. Where it does not suffice, say so: send less, or where the rules and the user allow it take another ${argument} or split the sum.`,
    tools: [
      { name: tool, arguments: [...new Set([argumentOf(sent), argumentOf(id)])] },
      { name: reader, arguments: [] },
    ],
  }
}
