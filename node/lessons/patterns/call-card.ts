/**
 * One card for each tool whose arguments come from somewhere: how calls that went through in solved runs filled each
 * argument, after which reads, and on records in which state. For a tool that changes something the card says how,
 * never whether: solved is often restraint.
 */

import { recordsBefore, stateValue } from '../batch.ts'
import { type Origin, type Origins, originName } from '../origins.ts'
import { originWords, ranked, readerOf } from '../places.ts'
import { lastField, roleOf } from '../roles.ts'
import type { Call, Run } from '../runs.ts'
import {
  type Allowed,
  domainsOf,
  joined,
  listed,
  own,
  pathWord,
  placeWord,
  say,
  seenState,
  series,
  toolWord,
} from '../vocabulary.ts'
import { argumentNames, argumentOf } from './compare.ts'
import type { Finding, Lesson, Pattern, PatternContext } from './pattern.ts'

/** Share of the asks in which an argument must have come from a place that the card names. */
const PLACE_SHARE = 0.3
/** Share of the asks in which a read came before. */
const READ_SHARE = 0.7
/** How unlikely it must be that all accepted calls met one state by chance. */
const CHANCE_MAX = 0.02
const CONDITIONS_MAX = 2
const ARGUMENTS_MAX = 12

export const callCard: Pattern = {
  id: 'call-card',
  asksToShare: 2,
  needsSolved: true,
  find(runs, context) {
    const accepted = new Map<string, Shown[]>()
    for (const run of runs) {
      if (run.solved !== true) continue
      for (const call of run.calls) {
        if (!wentThrough(call) || context.batch.takesText(call.tool)) continue
        const list = accepted.get(call.tool)
        if (list === undefined) accepted.set(call.tool, [{ run, call }])
        else list.push({ run, call })
      }
    }
    return [...accepted].flatMap(([tool, calls]) =>
      variantsOf(calls).flatMap(variant => card(tool, variant, context)),
    )
  },
}

interface Shown {
  readonly run: Run
  readonly call: Call
}

/** Several services can call a tool alike: calls belong together where one's argument names hold the other's, or most. */
function variantsOf(calls: readonly Shown[]): readonly (readonly Shown[])[] {
  const bySet = new Map<string, Shown[]>()
  for (const shown of calls) {
    const names = argumentNames(shown.call).toSorted().join()
    const list = bySet.get(names)
    if (list === undefined) bySet.set(names, [shown])
    else list.push(shown)
  }
  const variants: { readonly names: ReadonlySet<string>; readonly calls: Shown[] }[] = []
  const largestFirst = [...bySet].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
  for (const [key, list] of largestFirst) {
    const names = new Set(key.split(','))
    const kin = variants.find(variant => {
      const shared = [...names].filter(name => variant.names.has(name)).length
      return (
        shared >= Math.min(names.size, variant.names.size) ||
        shared * 2 > Math.max(names.size, variant.names.size)
      )
    })
    if (kin === undefined) variants.push({ names, calls: [...list] })
    else kin.calls.push(...list)
  }
  return variants.map(variant => variant.calls)
}

function wentThrough(call: Call): boolean {
  return call.result !== undefined && call.result.error === undefined
}

/** Where an argument comes from: a place in a result, the user, or (undefined) nowhere that can be said. */
interface Filling {
  readonly path: string
  readonly place: Origin | undefined
  readonly user: boolean
}

interface Condition {
  readonly tool: string
  readonly path: string
  readonly value: string | boolean
}

function card(tool: string, calls: readonly Shown[], context: PatternContext): readonly Finding[] {
  const writes = context.batch.writes(tool)
  const fillings = fillingsOf(calls, context)
  const places = fillings.filter(filling => filling.place !== undefined)
  const conditions = writes ? conditionsOf(calls, context) : []
  const reads = writes ? readsOf(calls, fillings) : []
  // That a tool takes what the user says needs no card.
  if (places.length === 0 && conditions.length === 0 && reads.length === 0) return []
  const lesson = toLesson(tool, fillings, conditions, reads, writes)
  if (lesson === undefined) return []
  const key = [
    writes ? 'write' : 'read',
    tool,
    ...fillings.map(({ path, place, user }) => {
      const from = place === undefined ? (user ? 'user' : 'model') : originName(place)
      return `${path}=${from}`
    }),
    ...conditions.map(({ tool: reader, path, value }) => `if ${reader}.${path}=${value}`),
    ...reads.map(read => `after ${read}`),
  ]
  const supporting = new Set(
    calls.filter(({ run, call }) => follows(call, fillings, context.origins(run))).map(({ run }) => run),
  )
  return [...supporting].map(run => ({ run, key, lesson }))
}

/** The usual origin of each argument of the tool, in the order of the names. */
function fillingsOf(calls: readonly Shown[], context: PatternContext): readonly Filling[] {
  const byPath = new Map<string, Seen>()
  const all = new Set(calls.map(({ run }) => run.ask))
  for (const { run, call } of calls) {
    const origins = context.origins(run)
    for (const leaf of call.leaves) {
      if (leaf.value === null || leaf.value === '' || pathWord(leaf.path) === undefined) continue
      const seen = byPath.get(leaf.path) ?? { asks: new Set(), user: new Set(), places: new Map() }
      byPath.set(leaf.path, seen)
      seen.asks.add(run.ask)
      const origin = roleOf(leaf, call.at, origins)
      if (origin?.from === 'user') seen.user.add(run.ask)
      else if (origin !== undefined && isPlace(origin) && !isItself(origin, call.tool, leaf.path))
        addPlace(seen, origin, run.ask)
    }
  }
  return [...byPath]
    .filter(([, { asks }]) => asks.size * 2 >= all.size)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, ARGUMENTS_MAX)
    .map(([path, { asks, user, places }]) => {
      const [best] = ranked(places)
      const named = best !== undefined && best.asks.size >= asks.size * PLACE_SHARE
      return { path, place: named ? best.origin : undefined, user: user.size * 2 >= asks.size }
    })
}

interface Seen {
  readonly asks: Set<string>
  readonly user: Set<string>
  readonly places: Map<string, { origin: Origin; readonly asks: Set<string> }>
}

/** The same field of one result counts together, however deep it was found: the shortest path stands for it. */
function addPlace(seen: Seen, origin: Origin, ask: string): void {
  const name = fieldName(origin)
  const place = seen.places.get(name) ?? { origin, asks: new Set<string>() }
  seen.places.set(name, place)
  place.asks.add(ask)
  if (originName(origin).length < originName(place.origin).length) place.origin = origin
}

function fieldName(origin: Origin): string {
  return origin.from === 'result' ? `${origin.tool} ${lastField(origin.path)}` : originName(origin)
}

/** What an earlier call of the tool itself returned under the same name is no source. */
function isItself(origin: Origin, tool: string, path: string): boolean {
  return origin.from === 'result' && origin.tool === tool && lastField(origin.path) === lastField(path)
}

function isPlace(origin: Origin): boolean {
  return (origin.from === 'result' || origin.from === 'text') && originWords(origin) !== undefined
}

/** Whether a call fills its arguments as the card says. */
function follows(call: Call, fillings: readonly Filling[], origins: Origins): boolean {
  return (
    call.leaves.every(leaf => {
      const filling = fillings.find(({ path }) => path === leaf.path)
      if (filling?.place === undefined) return true
      const origin = roleOf(leaf, call.at, origins)
      return origin === undefined || !isPlace(origin) || fieldName(origin) === fieldName(filling.place)
    }) || call.leaves.length === 0
  )
}

/** Tools whose result on the same thing came before in most asks, and which no origin names. */
function readsOf(calls: readonly Shown[], fillings: readonly Filling[]): readonly string[] {
  const asks = new Set(calls.map(({ run }) => run.ask))
  const before = new Map<string, Set<string>>()
  for (const { run, call } of calls) {
    for (const { reader } of recordsBefore(run, call)) {
      if (reader.tool === call.tool) continue
      const seen = before.get(reader.tool) ?? new Set<string>()
      before.set(reader.tool, seen)
      seen.add(run.ask)
    }
  }
  const named = new Set(fillings.map(({ place }) => (place === undefined ? undefined : readerOf(place))))
  return [...before]
    .filter(
      ([tool, seen]) =>
        seen.size >= asks.size * READ_SHARE && !named.has(tool) && toolWord(tool) !== undefined,
    )
    .map(([tool]) => tool)
    .sort()
    .slice(0, 3)
}

/** States that all calls in solved runs met, though records are often in others. */
function conditionsOf(calls: readonly Shown[], { batch }: PatternContext): readonly Condition[] {
  const met = new Map<string, { condition: Condition; asks: Set<string>; values: Set<string | boolean> }>()
  for (const { run, call } of calls) {
    for (const { reader, fields } of recordsBefore(run, call)) {
      for (const field of fields) {
        const value = stateValue(field.value)
        if (
          value === undefined ||
          field.path.includes('[]') ||
          batch.state(reader.tool, field.path, value) === undefined
        )
          continue
        const key = `${reader.tool}\n${field.path}`
        const one = met.get(key) ?? {
          condition: { tool: reader.tool, path: field.path, value },
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

function toLesson(
  tool: string,
  fillings: readonly Filling[],
  conditions: readonly Condition[],
  reads: readonly string[],
  writes: boolean,
): Lesson | undefined {
  const name = toolWord(tool)
  if (name === undefined) return undefined
  const roles = fillings.map(roleWords).filter(words => words !== undefined)
  if (roles.length === 0) return undefined
  const shown = fillings.filter(({ place }) => place !== undefined)
  const triggers = (shown.length === 0 ? fillings : shown)
    .map(({ path }) => pathWord(path))
    .filter(word => word !== undefined)
  const situation = say`About to call ${name} with ${listed(triggers.slice(0, 6))}.`
  const readers = [
    ...new Set(fillings.map(({ place }) => (place === undefined ? undefined : readerOf(place)))),
  ].filter(reader => reader !== undefined && reader !== tool)
  const readWords = [...readers, ...reads]
    .map(read => (read === undefined ? undefined : toolWord(read)))
    .filter(word => word !== undefined)
  const tools = [
    { name: tool, arguments: [...new Set(fillings.map(({ path }) => argumentOf(path)))] },
    ...[...readers, ...reads].filter(read => read !== undefined).map(read => ({ name: read, arguments: [] })),
  ]
  const base = { domains: domainsOf([tool]), situation, tools }
  return writes
    ? { kind: 'procedure', ...base, ...writeParts(name, roles, conditionWords(conditions), readWords) }
    : { kind: 'procedure', ...base, ...readParts(name, roles, readWords) }
}

function roleWords({ path, place, user }: Filling): Allowed | undefined {
  const argument = pathWord(path)
  if (argument === undefined) return undefined
  if (place === undefined) return user ? say`${argument} ← the user` : undefined
  const words = originWords(place)
  if (words === undefined) return undefined
  return say`${argument} ← ${words}`
}

function conditionWords(conditions: readonly Condition[]): Allowed | undefined {
  const words = conditions.flatMap(({ tool, path, value }) => {
    const place = placeWord(tool, path)
    return place === undefined ? [] : [say`${place} is ${seenState(value)}`]
  })
  return words.length === 0 ? undefined : listed(words)
}

interface Parts {
  readonly summary: Allowed
  readonly detail: Allowed
  readonly action: Allowed
}

function writeParts(
  name: Allowed,
  roles: readonly Allowed[],
  condition: Allowed | undefined,
  reads: readonly Allowed[],
): Parts {
  return {
    summary: say`How solved runs filled ${name}: ${series(roles)}.`,
    detail: joined([
      own(
        'Seen in calls that went through in solved runs; it says how to fill the call, not whether to make it.',
      ),
      condition === undefined
        ? own('')
        : say`All of them were made where ${condition}, while other records read in these runs are not in that state.`,
    ]),
    action: joined([
      reads.length === 0 ? own('') : say`Read ${listed(reads)} before.`,
      condition === undefined
        ? own('')
        : say`Make sure that ${condition}; where it is not, do not make the call.`,
      own('Copy each value as it stands there, and ask the user only for what no result holds.'),
      own(
        'It changes something: check the rules and get the consent that they ask for first, and refuse where they do not allow it.',
      ),
    ]),
  }
}

function readParts(name: Allowed, roles: readonly Allowed[], reads: readonly Allowed[]): Parts {
  return {
    summary: say`What ${name} needs stands in earlier results: ${series(roles)}.`,
    detail: own('So solved runs filled it, without asking the user for what a result already held.'),
    action: joined([
      reads.length === 0 ? own('') : say`Call ${listed(reads)} first where it has not been called.`,
      own('Take the values from there, and do not guess them.'),
    ]),
  }
}
