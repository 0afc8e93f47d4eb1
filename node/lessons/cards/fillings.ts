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
const PLACE_SHARE = { reading: 0.2, writing: 0.5 }
/** What is only read may be found in several ways: by e-mail or by name. */
const READ_PLACES_MAX = 3
const ARGUMENTS_MAX = 12

interface Place {
  origin: Origin
  readonly asks: Set<string>
  count: number
  elsewhere: number
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
  return [...byPath]
    .filter(([, { asks }]) => asks.size * 2 >= all.size)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, ARGUMENTS_MAX)
    .map(([path, { asks, places }]) => {
      const often = ranked(places)
        .filter(place => place.asks.size >= asks.size * share)
        .slice(0, writes ? 1 : READ_PLACES_MAX)
      const [best] = often
      return {
        path,
        places: often.map(place => place.origin).toSorted((a, b) => (originName(a) < originName(b) ? -1 : 1)),
        elsewhere: best !== undefined && best.elsewhere * 2 > best.count,
      }
    })
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
    if (!subjects.has(leaf) && isPlace(origin) && !isItself(origin, call.tool, leaf.path))
      addPlace(seen, origin, run.ask, isElsewhere(run, call, leaf.value, origin))
  }
}

/** The same field of one result counts together, however deep it was found: the shortest path stands for it. */
function addPlace(seen: Seen, origin: Origin, ask: string, elsewhere: boolean): void {
  const name = fieldName(origin)
  const place = seen.places.get(name) ?? { origin, asks: new Set<string>(), count: 0, elsewhere: 0 }
  seen.places.set(name, place)
  place.asks.add(ask)
  place.count++
  if (elsewhere) place.elsewhere++
  if (originName(origin).length < originName(place.origin).length) place.origin = origin
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
    return places.some(place => fieldName(place) === fieldName(origin))
  })
}

/** The tools whose results the fillings name. */
export function readersOf(fillings: readonly Filling[]): readonly string[] {
  const readers = fillings.flatMap(({ places }) => places.map(readerOf))
  return [...new Set(readers)].filter(reader => reader !== undefined)
}
