/**
 * Which words of errors and which keys of results may be somebody's. Capitals and digits do not tell a name in small
 * letters from a field: what users said does. A word that a user said stays only where the tools themselves name it,
 * where it is a common word that users of several asks said, or where errors of other asks hold it although nobody said
 * it there. A word of an error that is neither a general word of the language nor a name of the tools never stays, whoever
 * said it and however many errors hold it: a tool can name the same person in every task. Seen over a whole batch, so that
 * the same error reads the same in every run of it.
 */

import type { Json } from '../ports.ts'
import { isCommonWord } from './dictionary.ts'
import { CODE_SIGN } from './error-records.ts'
import { maskTemplate, QUOTED } from './error-template.ts'
import { isGeneralWord } from './general-words.ts'
import { hasDataKeys, isRecord, leavesOf } from './leaves.ts'
import { ofEach } from './of-each.ts'
import type { Call, Run } from './runs.ts'

/** Asks whose users did not say a word, and whose errors (or results, for a key) hold it all the same. */
const UNSAID_ASKS_MIN = 2

/** A common word of the language that users of so many asks said is no one user's. */
const SAID_ASKS_MIN = 2

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

/**
 * The runs with whatever may be somebody's taken out of their error templates and out of the paths of their results. A
 * run of which the same is taken as last time is the same object again.
 */
export function withoutPersonalWords(runs: readonly Run[]): readonly Run[] {
  const names = new Set(runs.flatMap(run => [...namesIn(run)]))
  const said = saidByAsk(runs)
  const isPersonal = personalWords(runs, names, said)
  const keysAreData = dataKeys(runs, names, said)
  const called = new Set(runs.flatMap(run => [...calledIn(run)]))
  const isOut: IsPersonal = (token, message) =>
    isForeignName(token, called) || wordsIn(token).some(word => isPersonal(word, message))
  return runs.map(run => cleaned(run, isOut, keysAreData))
}

type IsPersonal = (spelled: string, message: string) => boolean
type JsonObject = { readonly [key: string]: Json }
type DataKeys = (place: Place) => (key: string) => boolean

/** What users said, by stems of words. */
interface SaidWords {
  /** In any run of the ask. */
  in(ask: string, word: string): boolean
  /** In how many asks. */
  asks(word: string): number
}

/** An object in a result, and the path to it while its keys are taken for names of fields. */
interface Place {
  readonly tool: string
  readonly path: string
  readonly object: JsonObject
  readonly keys: readonly string[]
  /** The object itself shows that its keys are data. */
  readonly hasData: boolean
}

const placesIn = ofEach((run: Run): readonly Place[] => {
  const places: Place[] = []
  for (const { tool, result } of run.calls) {
    if (result?.value === undefined || result.error !== undefined) continue
    leavesOf(result.value, (path, object) => {
      places.push({ tool, path, object, keys: Object.keys(object), hasData: hasDataKeys(object) })
      return () => false
    })
  }
  return places
})

const keysIn = ofEach((run: Run): ReadonlySet<string> => new Set(placesIn(run).flatMap(place => place.keys)))

/** Of each run the last one that was made of it, under what was taken then. */
const lastCleaned = ofEach((_run: Run) => new Map<string, Run>())

function cleaned(run: Run, isOut: IsPersonal, keysAreData: DataKeys): Run {
  const templates = run.calls.map(call => templateOf(call, isOut))
  const data = new Map<JsonObject, readonly string[]>()
  const taken: string[] = templates.map(String)
  for (const [index, place] of placesIn(run).entries()) {
    const keys = place.keys.filter(keysAreData(place))
    if (keys.length === 0) continue
    data.set(place.object, keys)
    taken.push(JSON.stringify([index, keys]))
  }
  const isSame = run.calls.every((call, index) => call.result?.error?.template === templates[index])
  if (isSame && data.size === 0) return run
  const last = lastCleaned(run)
  const key = taken.join('\n')
  const known = last.get(key)
  if (known !== undefined) return known
  last.clear()
  const made = { ...run, calls: run.calls.map((call, index) => clean(call, templates[index], data)) }
  last.set(key, made)
  return made
}

function templateOf({ result }: Call, isOut: IsPersonal): string | undefined {
  const error = result?.error
  if (error === undefined) return undefined
  return maskTemplate(error.template, token => isOut(token, error.message))
}

function clean(
  call: Call,
  template: string | undefined,
  data: ReadonlyMap<JsonObject, readonly string[]>,
): Call {
  const { result } = call
  if (result === undefined) return call
  const { error, value } = result
  if (error !== undefined && template !== undefined)
    return { ...call, result: { ...result, error: { ...error, template } } }
  if (value === undefined) return call
  const leaves = leavesOf(value, (_path, object) => key => data.get(object)?.includes(key) === true)
  return { ...call, result: { ...result, leaves } }
}

/** A word without the endings that differ between a tool's name, a user's sentence and an error. */
function stem(word: string): string {
  const ended = word.replace(/(?:ing|ed|es|s|e)$/, '')
  return ended.length >= 3 ? ended : word
}

/** What redaction has put in place of a value is nobody's word. */
const REDACTED = /<[a-z]{2,8}:\d+>/g

/** The words of a text in small letters, also the parts of `fieldNames` and `field_names`. One letter is no word. */
function spelledIn(text: string): readonly string[] {
  const words = text
    .normalize('NFKC')
    .replace(REDACTED, ' ')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .match(/[\p{L}\p{M}]{2,}/gu)
  return words ?? []
}

/** Their stems. */
function wordsIn(text: string): readonly string[] {
  return spelledIn(text).map(stem)
}

/** Words of the names of tools and of their arguments. */
const namesIn = ofEach((run: Run): ReadonlySet<string> => new Set([...namesOfCalls(run)].flatMap(wordsIn)))

/** The names of tools and of their arguments; what nested arguments hold under may be data. */
const namesOfCalls = ofEach((run: Run): ReadonlySet<string> => {
  const texts = new Set<string>()
  for (const call of run.calls) {
    texts.add(call.tool)
    if (isRecord(call.arguments)) for (const key of Object.keys(call.arguments)) texts.add(key)
  }
  return texts
})

/** Those of nested arguments as well, in small letters. */
const calledIn = ofEach((run: Run): ReadonlySet<string> => {
  const nested = run.calls.flatMap(({ leaves }) => leaves.flatMap(({ path }) => path.split(/[.[\]]+/)))
  return new Set([...namesOfCalls(run), ...nested].map(name => name.toLowerCase()))
})

/**
 * A name in code that no call of any run holds: an error that speaks of such a tool would send others to it. A code of an
 * error (`loan_not_found`) is one as well, and names nothing that can be called.
 */
function isForeignName(token: string, called: ReadonlySet<string>): boolean {
  const name = token.replace(/^[^\p{L}<]+|[^\p{L}\p{N}>]+$/gu, '')
  return /^\p{L}[\p{L}\p{N}]*(?:_[\p{L}\p{N}]+)+$/u.test(name) && !CODE_SIGN.test(name) && !called.has(name)
}

const saidIn = ofEach((run: Run): ReadonlySet<string> => {
  const texts = run.said.filter(({ by }) => by === 'user')
  return new Set(texts.flatMap(({ text }) => wordsIn(text)))
})

function saidByAsk(runs: readonly Run[]): SaidWords {
  const asks = new Map<string, ReadonlySet<string>[]>()
  for (const run of runs) {
    const sets = asks.get(run.ask)
    if (sets === undefined) asks.set(run.ask, [saidIn(run)])
    else sets.push(saidIn(run))
  }
  const isIn = (ask: string, word: string): boolean => asks.get(ask)?.some(words => words.has(word)) === true
  return { in: isIn, asks: word => [...asks.keys()].filter(ask => isIn(ask, word)).length }
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

function personalWords(runs: readonly Run[], names: ReadonlySet<string>, said: SaidWords): IsPersonal {
  const isNobodys = (spelled: string): boolean => {
    const word = stem(spelled)
    if (names.has(word) || COMMON.has(word)) return true
    return isCommonWord(spelled) && said.asks(word) >= SAID_ASKS_MIN
  }
  const errors: { readonly ask: string; readonly message: string; readonly words: ReadonlySet<string> }[] = []
  const sightings = new Sightings()
  /** Stems of what no dictionary has: as likely a name as anything. */
  const unknown = new Set<string>()
  /** Words of an error's own sentence: what it quotes or names in code is seldom a person it is about. */
  const bearers = new Map<string, ReadonlySet<string>>()
  const wordsOf = new Map<string, ReadonlySet<string>>()
  for (const { ask, calls } of runs) {
    for (const { result, leaves } of calls) {
      const message = result?.error?.message
      if (message === undefined) continue
      const spelled = wordsOf.has(message) ? [] : spelledIn(message).filter(word => !isNobodys(word))
      for (const word of spelled) if (!isGeneralWord(word)) unknown.add(stem(word))
      if (spelled.length > 0) bearers.set(message, new Set(wordsIn(plainWords(message))))
      const words = wordsOf.get(message) ?? new Set(spelled.map(stem))
      wordsOf.set(message, words)
      errors.push({ ask, message, words })
      const given = new Set(leaves.flatMap(({ value }) => (typeof value === 'string' ? wordsIn(value) : [])))
      for (const word of words) sightings.add(word, ask, said.in(ask, word) || given.has(word))
    }
  }
  // An error that names somebody is about them, in all its words: the others stay where errors about others hold them.
  const somebodys = new Map<string, ReadonlySet<string>>()
  for (const { message, words } of errors)
    if (!somebodys.has(message))
      somebodys.set(
        message,
        new Set(
          [...words].filter(
            word =>
              sightings.isSomebodys(word) || (unknown.has(word) && bearers.get(message)?.has(word) === true),
          ),
        ),
      )
  const about = new Map<string, Set<ReadonlySet<string>>>()
  for (const { message, words } of errors) {
    const who = somebodys.get(message)
    if (who === undefined) continue
    for (const word of words) about.set(word, (about.get(word) ?? new Set()).add(who))
  }
  return (spelled, message) => {
    if (isNobodys(spelled)) return false
    const word = stem(spelled)
    if (unknown.has(word)) return true
    const who = somebodys.get(message)
    if (who === undefined || who.size === 0) return false
    return ![...(about.get(word) ?? [])].some(other => [...other].every(one => !who.has(one)))
  }
}

function plainWords(message: string): string {
  return message.replace(QUOTED, ' ').replace(/\S*[._(/\\]\S+/g, ' ')
}

function dataKeys(runs: readonly Run[], names: ReadonlySet<string>, said: SaidWords): DataKeys {
  const sightings = new Sightings()
  const tables = new Map<string, Table>()
  const words = new Map<string, readonly string[]>()
  const wordsOf = (key: string): readonly string[] => {
    const known = words.get(key)
    if (known !== undefined) return known
    const made = wordsIn(key)
    words.set(key, made)
    return made
  }
  for (const run of runs) {
    for (const key of keysIn(run)) {
      const parts = wordsOf(key)
      sightings.add(key, run.ask, parts.length > 0 && parts.every(part => said.in(run.ask, part)))
    }
    for (const place of placesIn(run)) {
      const name = `${place.tool}\n${place.path}`
      tables.set(name, seen(tables.get(name), place))
    }
  }
  return ({ tool, path, object, keys }) => {
    const table = tables.get(`${tool}\n${path}`)?.isTable === true && keys.length <= TABLE_KEYS_MAX
    return key => {
      if (ENVELOPES.has(key.toLowerCase())) return false
      if (wordsOf(key).every(part => names.has(part) || COMMON.has(part))) return false
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

function seen(before: Table | undefined, { object, keys, hasData }: Place): Table {
  if (before === undefined) return { first: object, isTable: hasData }
  if (keys.length === 0 || before.isTable) return before
  const { first } = before
  const other = Object.keys(first).length > 0 && !keys.some(key => Object.hasOwn(first, key))
  return { first: Object.keys(first).length > 0 ? first : object, isTable: hasData || other }
}
