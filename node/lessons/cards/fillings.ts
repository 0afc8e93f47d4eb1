/**
 * How calls of one tool filled their arguments, over many runs: for each argument the place in a result where its
 * value usually stood; what has none comes from the user, or is reckoned.
 */

import { recordsBefore } from '../batch.ts'
import type { Scalar } from '../leaves.ts'
import { type Origin, type Origins, originName } from '../origins.ts'
import type { PatternContext } from '../patterns/pattern.ts'
import { originWords, ranked, readerOf } from '../places.ts'
import { lastField, roleOf } from '../roles.ts'
import type { Call, Run } from '../runs.ts'
import { pathWord } from '../vocabulary.ts'

/** One accepted call of the tool. */
export interface Shown {
  readonly run: Run
  readonly call: Call
}

export interface Filling {
  readonly path: string
  /** In the order of their names; none where no result held it often enough. */
  readonly places: readonly Origin[]
  /** The value stood in another record than the one that the call is about. */
  readonly elsewhere: boolean
}

/** Share of the asks in which an argument must have come from a place that the card names. */
const PLACE_SHARE = { reading: 0.15, writing: 0.5 }
/** What is asked for may be found in several ways: by e-mail or by name. */
const PLACES_MAX = 3
/** A further place for what a writing call sends must not rest on a case or two. */
const OTHER_PLACE_ASKS = 3
const ARGUMENTS_MAX = 12

interface Place {
  origin: Origin
  /** In which the value is taken to come from here. */
  readonly asks: Set<string>
  /** In which it stands here, taken from here or not; and those of them in which it stands in another record. */
  readonly standing: Set<string>
  readonly elsewhere: Set<string>
}

interface Seen {
  readonly asks: Set<string>
  readonly places: Map<string, Place>
}

/** In the order of the arguments' names; arguments that fewer than half of the asks gave are left out. */
export function fillingsOf(
  calls: readonly Shown[],
  writes: boolean,
  context: PatternContext,
): readonly Filling[] {
  const byPath = new Map<string, Seen>()
  for (const shown of calls) note(shown, byPath, context.origins(shown.run), writes)
  const share = writes ? PLACE_SHARE.writing : PLACE_SHARE.reading
  const all = new Set(calls.map(({ run }) => run.ask))
  const chosen = [...byPath]
    .filter(([, { asks }]) => asks.size * 2 >= all.size)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, ARGUMENTS_MAX)
    .map(([path, { asks, places }]) => ({
      path,
      places: ranked(places)
        .filter(place => place.asks.size >= asks.size * share)
        .filter((place, index) => index === 0 || !writes || place.asks.size >= OTHER_PLACE_ASKS)
        .slice(0, PLACES_MAX),
      seen: [...places.values()],
    }))
  return (writes ? sideBySide(chosen) : chosen).map(({ path, places }) => ({
    path,
    places: places.map(place => place.origin).toSorted((a, b) => (originName(a) < originName(b) ? -1 : 1)),
    elsewhere: places[0] !== undefined && places[0].elsewhere.size * 2 > places[0].standing.size,
  }))
}

interface Chosen {
  readonly path: string
  readonly places: readonly Place[]
  /** All places of the argument, often or not. */
  readonly seen: readonly Place[]
}

/** Fewer values stand in one record by chance. */
const SIDE_BY_SIDE_MIN = 3

/**
 * Where several arguments come from one object of a result, such as its `address`, all that it holds are taken from
 * there: a country or a state also stands in other records, which says nothing.
 */
function sideBySide(chosen: readonly Chosen[]): readonly Chosen[] {
  const objects = chosen.flatMap(({ places }) => places.map(({ origin }) => objectOf(origin)))
  const [fullest] = [...new Set(objects)]
    .filter(object => object !== undefined)
    .map(object => ({ object, size: objects.filter(other => other === object).length }))
    .filter(({ size }) => size >= SIDE_BY_SIDE_MIN)
    .sort((a, b) => b.size - a.size || (a.object < b.object ? -1 : 1))
  if (fullest === undefined) return chosen
  const inIt = (place: Place): boolean => objectOf(place.origin) === fullest.object
  const held = chosen.flatMap(({ seen }) => seen.filter(inIt))
  const standing = new Set(held.flatMap(place => [...place.standing]))
  const elsewhere = new Set(held.flatMap(place => [...place.elsewhere]))
  return chosen.map(one => {
    const place = one.seen.find(inIt)
    return place === undefined ? one : { ...one, places: [{ ...place, standing, elsewhere }] }
  })
}

/** The object within a result that holds a value; an element of a list is told by its id, not by what stands beside it. */
function objectOf(origin: Origin): string | undefined {
  if (origin.from !== 'result') return undefined
  const parent = origin.path.slice(0, Math.max(0, origin.path.lastIndexOf('.')))
  return parent === '' || parent.includes('[]') ? undefined : `${origin.tool} ${parent}`
}

function note({ run, call }: Shown, byPath: Map<string, Seen>, origins: Origins, writes: boolean): void {
  const subjects = new Set(writes ? recordsBefore(run, call).map(({ argument }) => argument) : [])
  for (const leaf of call.leaves) {
    if (leaf.value === null || leaf.value === '' || pathWord(leaf.path) === undefined) continue
    const seen = byPath.get(leaf.path) ?? { asks: new Set(), places: new Map() }
    byPath.set(leaf.path, seen)
    seen.asks.add(run.ask)
    const origin = roleOf(leaf, call.at, origins)
    if (origin === undefined) continue
    if (subjects.has(leaf) || !isPlace(origin) || isItself(origin, call.tool, leaf.path)) continue
    addPlace(seen, origin, run.ask, isElsewhere(run, call, leaf.value, origin)).asks.add(run.ask)
    for (const other of origins.of(leaf.value, call.at))
      if (other !== origin && objectOf(other) !== undefined && isPlace(other))
        addPlace(seen, other, run.ask, isElsewhere(run, call, leaf.value, other))
  }
}

/** The same field of one result counts together, however deep it was found: the shortest path stands for it. */
function addPlace(seen: Seen, origin: Origin, ask: string, elsewhere: boolean): Place {
  const name = fieldName(origin)
  const place: Place = seen.places.get(name) ?? {
    origin,
    asks: new Set(),
    standing: new Set(),
    elsewhere: new Set(),
  }
  seen.places.set(name, place)
  place.standing.add(ask)
  if (elsewhere) place.elsewhere.add(ask)
  if (originName(origin).length < originName(place.origin).length) place.origin = origin
  return place
}

function fieldName(origin: Origin): string {
  return origin.from === 'result' ? `${origin.tool} ${lastField(origin.path)}` : originName(origin)
}

function isPlace(origin: Origin): boolean {
  return (origin.from === 'result' || origin.from === 'text') && originWords(origin) !== undefined
}

/** What an earlier call of the tool itself returned under the same name is no source. */
function isItself(origin: Origin, tool: string, path: string): boolean {
  return origin.from === 'result' && origin.tool === tool && lastField(origin.path) === lastField(path)
}

/** The record that the call is about holds another value at the same place. */
function isElsewhere(run: Run, call: Call, value: Scalar, origin: Origin): boolean {
  if (origin.from !== 'result') return false
  const own = recordsBefore(run, call)
    .filter(({ reader }) => reader.tool === origin.tool)
    .flatMap(({ fields }) => fields.filter(field => field.path === origin.path))
  return own.length > 0 && !own.some(field => field.value === value)
}

/** Whether a call fills its arguments so. */
export function follows(call: Call, fillings: readonly Filling[], origins: Origins): boolean {
  return call.leaves.every(leaf => {
    const { places = [] } = fillings.find(({ path }) => path === leaf.path) ?? {}
    if (places.length === 0) return true
    const origin = roleOf(leaf, call.at, origins)
    if (origin === undefined || !isPlace(origin)) return true
    const names = new Set(origins.of(leaf.value, call.at).map(fieldName))
    return places.some(place => names.has(fieldName(place)))
  })
}

/** The tools whose results the fillings name. */
export function readersOf(fillings: readonly Filling[]): readonly string[] {
  const readers = fillings.flatMap(({ places }) => places.map(readerOf))
  return [...new Set(readers)].filter(reader => reader !== undefined)
}
