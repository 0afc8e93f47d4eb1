/**
 * Whether a lesson that a language model wrote repeats something of the runs that it was shown. A value of a record, a
 * name, a number or a sentence of a run must not leave the node in it; names of tools and fields may, and so may a
 * word that stands in runs of several asks and is therefore nobody's.
 */

import type { RedactedEpisode } from '../../ports.ts'
import { withoutPersonalWords } from '../personal-words.ts'
import { type Run, toRun } from '../runs.ts'
import { shownRuns } from './shown-runs.ts'

export type Leak = 'value' | 'quote'

/** As for the states that the default distiller names: asks in which a word must stand, and more for a capital. */
const ASKS_MIN = 3
const CAPITAL_ASKS_MIN = 5
/** So many words in the same order are somebody's sentence. */
const QUOTE_WORDS = 6
/** Each word of a value that has no more words than this may be a name. */
const NAME_WORDS = 2
/** A value that has no more words than this is one; longer ones are text. */
const VALUE_WORDS = 4

/** English function words, and what lessons are made of. They name nobody. */
const COMMON = new Set(
  `a about after again all an and any are as ask at be because been before both but by call called can cannot check do
  does each either error fail failed fails false first for from given has have how id if in into is it its last list
  make may more must name never new next no none not null number of off on once one only or order other out result
  same set so such take than that the their them then there they this time to tool true type up use used user value
  was were what when where which who with without yes you`.split(/\s+/),
)

interface Shown {
  /** Words that are somebody's unless several asks hold them, and whether one was written with a capital. */
  readonly words: ReadonlyMap<string, { readonly capital: boolean }>
  /** Values of several words, with spaces between and around. */
  readonly phrases: ReadonlySet<string>
  /** Words of names of tools and fields, and of errors without their values. */
  readonly names: ReadonlySet<string>
  /** All that was shown as text, as words with spaces between and around. */
  readonly text: string
}

export function shownTo(group: readonly RedactedEpisode[]): Shown {
  const runs = withoutPersonalWords(group.map(toRun))
  const steps = shownRuns(group).flatMap(run => run.steps)
  const words = new Map<string, { capital: boolean }>()
  const phrases = new Set<string>()
  for (const value of valuesOf(runs)) addValue(value, words, phrases)
  for (const [, text] of steps) addNames(text, words)
  const spoken = steps.filter(([kind]) => !kind.startsWith('call ')).map(([, text]) => spaced(wordsIn(text)))
  return { words, phrases, names: namesIn(runs), text: spoken.join('\n') }
}

/** `asksWith` counts the asks whose runs hold a word; it need not count beyond five. */
export function leakIn(text: string, shown: Shown, asksWith: (word: string) => number): Leak | undefined {
  const words = wordsIn(text)
  const isNobodys = (word: string): boolean => {
    if (shown.names.has(word) || COMMON.has(word)) return true
    return asksWith(word) >= (shown.words.get(word)?.capital === true ? CAPITAL_ASKS_MIN : ASKS_MIN)
  }
  for (const word of new Set(words)) if (shown.words.has(word) && !isNobodys(word)) return 'value'
  const line = spaced(words)
  for (const phrase of shown.phrases)
    if (line.includes(phrase) && !phrase.trim().split(' ').every(isNobodys)) return 'value'
  for (let at = 0; at + QUOTE_WORDS <= words.length; at++)
    if (shown.text.includes(spaced(words.slice(at, at + QUOTE_WORDS)))) return 'quote'
  return undefined
}

/** Only so many of them are searched: what is in fewer asks than needed there is refused, which errs on the safe side. */
const SEARCHED_MAX = 400

/** Counts, for a word, the asks of these episodes in which it stands; up to five. */
export function countAsks(episodes: readonly RedactedEpisode[]): (word: string) => number {
  const counts = new Map<string, number>()
  const searched = episodes.slice(-SEARCHED_MAX)
  return word => {
    const known = counts.get(word)
    if (known !== undefined) return known
    const form = new RegExp(`(?<![\\p{L}\\p{N}])${word}(?![\\p{L}\\p{N}])`, 'iu')
    const asks = new Set<string>()
    for (const { ask, interactions } of searched) {
      if (asks.size >= CAPITAL_ASKS_MIN) break
      if (asks.has(ask)) continue
      const holds = interactions.some(item => form.test(item.type === 'observation' ? item.value : item.text))
      if (holds) asks.add(ask)
    }
    counts.set(word, asks.size)
    return asks.size
  }
}

/** Words in small letters; `fieldNames` and `field_names` are two. */
function wordsIn(text: string): readonly string[] {
  return (
    text
      .normalize('NFKC')
      .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  )
}

function spaced(words: readonly string[]): string {
  return ` ${words.join(' ')} `
}

function valuesOf(runs: readonly Run[]): ReadonlySet<string> {
  const values = new Set<string>()
  for (const { leaves, result } of runs.flatMap(run => run.calls)) {
    for (const { value } of [...leaves, ...(result?.leaves ?? [])])
      if (typeof value === 'string' || typeof value === 'number') values.add(String(value))
    // A result that is no JSON may be a value itself.
    if (result !== undefined && result.value === undefined && result.error === undefined)
      values.add(result.text)
  }
  return values
}

function addValue(value: string, words: Map<string, { capital: boolean }>, phrases: Set<string>): void {
  const parts = wordsIn(value)
  if (parts.length === 0 || parts.length > VALUE_WORDS) return
  if (parts.length > 1) phrases.add(spaced(parts))
  if (parts.length <= NAME_WORDS)
    for (const part of parts) if (part.length > 1) add(words, part, /\p{Lu}/u.test(value))
  addNames(value, words)
}

/** Capitalised words that the text never writes small, and whatever has a digit and more than one character. */
function addNames(text: string, words: Map<string, { capital: boolean }>): void {
  const small = new Set(text.match(/(?<![\p{L}\p{N}])\p{Ll}[\p{L}\p{M}]*/gu))
  for (const [word] of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    if (word.length < 2) continue
    const isName = /^\p{Lu}/u.test(word) && !small.has(word.toLowerCase())
    if (isName || /\p{N}/u.test(word)) for (const part of wordsIn(word)) add(words, part, isName)
  }
}

function add(words: Map<string, { capital: boolean }>, word: string, capital: boolean): void {
  words.set(word, { capital: capital || words.get(word)?.capital === true })
}

function namesIn(runs: readonly Run[]): ReadonlySet<string> {
  const texts = new Set<string>()
  for (const { tool, leaves, result } of runs.flatMap(run => run.calls)) {
    texts.add(tool)
    for (const { path } of leaves) texts.add(path)
    for (const { path } of result?.leaves ?? []) texts.add(path)
    if (result?.error !== undefined) texts.add(result.error.template)
  }
  return new Set([...texts].flatMap(wordsIn))
}
