/**
 * Which words of errors and which keys of results may be somebody's. Capitals and digits do not tell a name in small
 * letters from a field: what users said does. A word that a user said stays only where the tools themselves name it,
 * or where errors of other asks hold it although nobody said it there. Seen over a whole batch, so that the same error
 * reads the same in every run of it.
 */

import type { Json } from '../ports.ts'
import { maskTemplate } from './errors.ts'
import { hasDataKeys, isRecord, leavesOf } from './leaves.ts'
import type { Call, Run } from './runs.ts'

/** Asks whose users did not say a word, and whose errors (or results, for a key) hold it all the same. */
const UNSAID_ASKS_MIN = 2

/** English function words, and the words by which an error is known as one. They name nobody. */
const COMMON = new Set(
  `a about above after again all already also am an and any are as at be because been before being below between both
  but by can cannot could did do does doing done down during each either else for from further had has have having how
  if in into is it its itself just may might more most must neither no nor not now of off on once one only or other our
  out over own same shall should since so some such than that the their them then there these they this those to too
  under until up use used using very via was we were what when where which while who whose why will with within without
  would yet you your access allowed denied error errors exception exist exists expected failed failure fatal forbidden
  found got id ids instead invalid missing number panic permission permitted please provided required timed timeout
  traceback true false null try unable unauthorized unavailable unknown valid value`
    .split(/\s+/)
    .map(stem),
)
/** Keys under which services hand over what they found. */
const ENVELOPES = new Set(
  'body content data item items list message meta output payload record records response result results status'.split(
    ' ',
  ),
)

/** The runs with whatever may be somebody's taken out of their error templates and out of the paths of their results. */
export function withoutPersonalWords(runs: readonly Run[]): readonly Run[] {
  const names = namesIn(runs)
  const said = saidByAsk(runs)
  const personal = personalWords(runs, names, said)
  const keysAreData = dataKeys(runs, names, said)
  return runs.map(run => ({ ...run, calls: run.calls.map(call => clean(call, personal, keysAreData)) }))
}

type IsPersonal = (word: string, message: string) => boolean
type JsonObject = { readonly [key: string]: Json }
type DataKeys = (tool: string, path: string, object: JsonObject) => (key: string) => boolean

function clean(call: Call, isPersonal: IsPersonal, keysAreData: DataKeys): Call {
  const { result, tool } = call
  if (result === undefined) return call
  const { error, value } = result
  if (error !== undefined) {
    const template = maskTemplate(error.template, token =>
      wordsIn(token).some(word => isPersonal(word, error.message)),
    )
    return { ...call, result: { ...result, error: { ...error, template } } }
  }
  if (value === undefined) return call
  const leaves = leavesOf(value, (path, object) => keysAreData(tool, path, object))
  return { ...call, result: { ...result, leaves } }
}

/** A word without the endings that differ between a tool's name, a user's sentence and an error. */
function stem(word: string): string {
  const ended = word.replace(/(?:ing|ed|es|s|e)$/, '')
  return ended.length >= 3 ? ended : word
}

/** What redaction has put in place of a value is nobody's word. */
const REDACTED = /<[a-z]{2,8}:\d+>/g

/** The stems of the words of a text, also of the parts of `fieldNames` and `field_names`. One letter is no word. */
function wordsIn(text: string): readonly string[] {
  const words = text
    .normalize('NFKC')
    .replace(REDACTED, ' ')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .match(/[\p{L}\p{M}]{2,}/gu)
  return (words ?? []).map(stem)
}

/** Words of the names of tools and of their arguments. */
function namesIn(runs: readonly Run[]): ReadonlySet<string> {
  const texts = new Set<string>()
  for (const call of runs.flatMap(run => run.calls)) {
    texts.add(call.tool)
    if (isRecord(call.arguments)) for (const key of Object.keys(call.arguments)) texts.add(key)
  }
  return new Set([...texts].flatMap(wordsIn))
}

function saidByAsk(runs: readonly Run[]): ReadonlyMap<string, ReadonlySet<string>> {
  const said = new Map<string, Set<string>>()
  for (const run of runs) {
    const words = said.get(run.ask) ?? new Set()
    said.set(run.ask, words)
    for (const { by, text } of run.said) if (by === 'user') for (const word of wordsIn(text)) words.add(word)
  }
  return said
}

/** In which asks a word or a key came up, and in which of them it was said. */
class Sightings {
  readonly #asks = new Map<string, Map<string, boolean>>()

  add(word: string, ask: string, said: boolean): void {
    const asks = this.#asks.get(word) ?? new Map<string, boolean>()
    this.#asks.set(word, asks.set(ask, said || asks.get(ask) === true))
  }

  /** Somebody said it, and too few asks show that it would stand there anyway. */
  isSomebodys(word: string): boolean {
    const said = [...(this.#asks.get(word)?.values() ?? [])]
    return said.includes(true) && said.filter(one => !one).length < UNSAID_ASKS_MIN
  }
}

function personalWords(
  runs: readonly Run[],
  names: ReadonlySet<string>,
  said: ReadonlyMap<string, ReadonlySet<string>>,
): IsPersonal {
  const errors: { readonly ask: string; readonly message: string; readonly words: ReadonlySet<string> }[] = []
  const sightings = new Sightings()
  const wordsOf = new Map<string, ReadonlySet<string>>()
  for (const { ask, calls } of runs) {
    for (const { result, leaves } of calls) {
      const message = result?.error?.message
      if (message === undefined) continue
      const words =
        wordsOf.get(message) ??
        new Set(wordsIn(message).filter(word => !names.has(word) && !COMMON.has(word)))
      wordsOf.set(message, words)
      errors.push({ ask, message, words })
      const given = new Set(leaves.flatMap(({ value }) => (typeof value === 'string' ? wordsIn(value) : [])))
      for (const word of words) sightings.add(word, ask, said.get(ask)?.has(word) === true || given.has(word))
    }
  }
  // An error that names somebody is about them, in all its words: the others stay where errors about others hold them.
  const somebodys = new Map<string, ReadonlySet<string>>()
  for (const { message, words } of errors)
    if (!somebodys.has(message))
      somebodys.set(message, new Set([...words].filter(word => sightings.isSomebodys(word))))
  const about = new Map<string, Set<ReadonlySet<string>>>()
  for (const { message, words } of errors) {
    const who = somebodys.get(message)
    if (who === undefined) continue
    for (const word of words) about.set(word, (about.get(word) ?? new Set()).add(who))
  }
  return (word, message) => {
    if (names.has(word) || COMMON.has(word)) return false
    const who = somebodys.get(message)
    if (who === undefined || who.size === 0) return false
    return ![...(about.get(word) ?? [])].some(other => [...other].every(one => !who.has(one)))
  }
}

function dataKeys(
  runs: readonly Run[],
  names: ReadonlySet<string>,
  said: ReadonlyMap<string, ReadonlySet<string>>,
): DataKeys {
  const sightings = new Sightings()
  const tables = new Map<string, Table>()
  for (const { ask, calls } of runs) {
    for (const { tool, result } of calls) {
      if (result?.value === undefined || result.error !== undefined) continue
      leavesOf(result.value, (path, object) => {
        const keys = Object.keys(object)
        for (const key of keys) {
          const parts = wordsIn(key)
          const words = said.get(ask)
          sightings.add(key, ask, parts.length > 0 && parts.every(part => words?.has(part) === true))
        }
        const place = `${tool}\n${path}`
        tables.set(place, seen(tables.get(place), object))
        return () => false
      })
    }
  }
  return (tool, path, object) => {
    const keys = Object.keys(object)
    const table = tables.get(`${tool}\n${path}`)?.isTable === true && keys.length <= TABLE_KEYS_MAX
    return key => {
      const parts = wordsIn(key)
      if (ENVELOPES.has(key.toLowerCase()) || parts.every(part => names.has(part) || COMMON.has(part)))
        return false
      return table || sightings.isSomebodys(key) || isAlone(keys, object[key])
    }
  }
}

/** One record under one key: as likely under its owner's name as under a field's. A field holds a table as well. */
function isAlone(keys: readonly string[], item: Json | undefined): boolean {
  return keys.length === 1 && isRecord(item) && !hasDataKeys(item)
}

/** A record that is written in two ways has more fields than this. */
const TABLE_KEYS_MAX = 2

interface Table {
  readonly first: JsonObject
  /** Results of the same tool share no key at this place: the keys are what was found, not what it is called. */
  readonly isTable: boolean
}

function seen(before: Table | undefined, object: JsonObject): Table {
  const hasData = hasDataKeys(object)
  const keys = Object.keys(object)
  if (before === undefined) return { first: object, isTable: hasData }
  if (keys.length === 0 || before.isTable) return before
  const { first } = before
  const other = Object.keys(first).length > 0 && !keys.some(key => Object.hasOwn(first, key))
  return { first: Object.keys(first).length > 0 ? first : object, isTable: hasData || other }
}
