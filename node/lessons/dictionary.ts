/**
 * Common words of English, by the dictionary of `compromise`. It knows many given and family names and what words are
 * both (`hunter`, `grant`), and has names for that: such a word is not a common one here.
 */

import { createRequire } from 'node:module'

/** Kinds of words that name nobody. `Noun` is not among them: the dictionary has it for what is a name as well. */
const COMMON_KINDS: ReadonlySet<string> = new Set(
  `Adjective Adverb Conjunction Copula Determiner Gerund Imperative Infinitive Modal Negative Participle PastTense Plural
  Preposition PresentTense Pronoun QuestionWord Singular Uncountable Verb`.split(/\s+/),
)

interface Dictionary {
  model(): { readonly one: { readonly lexicon: Readonly<Record<string, string | readonly string[]>> } }
}

let words: ReadonlyMap<string, string | readonly string[]> | undefined

/** `word` in small letters. */
export function isCommonWord(word: string): boolean {
  const kinds = kindsOf(word)
  return kinds.length > 0 && kinds.every(kind => COMMON_KINDS.has(kind))
}

/** Whether the dictionary has it at all, be it as a name. */
export function isListedWord(word: string): boolean {
  return kindsOf(word).length > 0
}

/** A verb as it stands in an order. */
export function isBareVerb(word: string): boolean {
  return kindsOf(word).some(kind => kind === 'Infinitive' || kind === 'Imperative')
}

function kindsOf(word: string): readonly string[] {
  words ??= load()
  const kinds = words.get(word)
  return kinds === undefined ? [] : [kinds].flat()
}

/** Loaded at first use: it takes a third of a second, and only the distiller's thread needs it. */
function load(): ReadonlyMap<string, string | readonly string[]> {
  const require = createRequire(import.meta.url)
  const dictionary: Dictionary = require('compromise/two')
  return new Map(Object.entries(dictionary.model().one.lexicon))
}
