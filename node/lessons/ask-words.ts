/**
 * What an episode says of what was asked: the words of the user's first messages and the values that its calls were
 * given, each once. Where no user speaks, the first message or observation stands for the ask. Bounded, however long
 * the episode is.
 */

import type { EpisodeId, Interaction, Json, RedactedEpisode } from '../ports.ts'
import { dateOf } from './forms.ts'
import { isList, isRecord } from './leaves.ts'
import { ofEach } from './of-each.ts'

export interface AskWords {
  readonly id: EpisodeId
  readonly ask: string
  /** Words and values in small letters, each once. */
  readonly words: readonly string[]
  /** The first message, as its words with spaces between. */
  readonly opening: string
  /** All of the user's first messages, in the same way; empty where no user speaks. */
  readonly saying: string
  /** Names of records among the words: an account, an order, a telephone number, given so that it is found. */
  readonly records: ReadonlySet<string>
  readonly tools: ReadonlySet<string>
}

/** A user says in the first messages who they are and what they want; later ones follow what the model found. */
const MESSAGES = 3
/** Of each end of a message. A prompt that some program wrote names its subject at the beginning or at the end. */
const MESSAGE_END_CHARS = 8_000
const WORDS_MAX = 4_000
/** Calls whose arguments are looked at, and values taken from them. */
const CALLS_MAX = 200
/** The first calls look up whose matter it is; later ones read what that record names. */
const RECORD_CALLS = 3
const RECORD_NAME = /^(?=.{5})(?:\D*\d){2}/
const VALUES_MAX = 200
const VALUE_CHARS_MIN = 4
const VALUE_CHARS_MAX = 80
/** Depth was limited when the episode came in; names, ids and states stand near the top. */
const VALUE_DEPTH_MAX = 6

/** Made once for each episode: the next look mostly holds the same. */
export const askWords = ofEach((episode: RedactedEpisode): AskWords => {
  const texts = askTexts(episode.interactions)
  const said = texts.map(wordsIn)
  const isUsers = episode.interactions.some(item => item.type === 'message' && item.role === 'user')
  const words = new Set(said.flat().slice(0, WORDS_MAX))
  const tools = new Set<string>()
  const values = new Set<string>()
  const records = new Set([...words].filter(isRecordName))
  let calls = 0
  for (const item of episode.interactions) {
    if (item.type !== 'call') continue
    if (++calls > CALLS_MAX) break
    tools.add(item.tool)
    if (item.arguments !== undefined) addValues(item.arguments, values, 0)
    if (calls <= RECORD_CALLS) for (const value of values) if (isRecordName(value)) records.add(value)
  }
  return {
    id: episode.id,
    ask: episode.ask,
    records,
    words: [...new Set([...words, ...values])],
    opening: (said[0] ?? []).join(' '),
    saying: isUsers ? said.flat().slice(0, WORDS_MAX).join(' ') : '',
    tools,
  }
})

function askTexts(interactions: readonly Interaction[]): readonly string[] {
  const said: string[] = []
  for (const item of interactions) {
    if (item.type === 'message' && item.role === 'user') said.push(item.text)
    if (said.length === MESSAGES) break
  }
  if (said.length > 0) return said
  const first = interactions.find(({ type }) => type === 'message' || type === 'observation')
  if (first?.type === 'observation') return [`${first.name} ${first.value}`]
  return first?.type === 'message' ? [first.text] : []
}

/** What redaction has put in place of a value tells nobody apart: it is counted anew in every episode. */
const REDACTED = /<[a-z]{2,8}:\d+>/g
/** Scripts that put no spaces between words. There two characters side by side stand for a word. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

function isRecordName(word: string): boolean {
  return RECORD_NAME.test(word) && dateOf(word) === undefined
}

function wordsIn(text: string): readonly string[] {
  const isShort = text.length <= 2 * MESSAGE_END_CHARS
  const kept = isShort ? text : `${text.slice(0, MESSAGE_END_CHARS)} ${text.slice(-MESSAGE_END_CHARS)}`
  const words = kept
    .normalize('NFKC')
    .replace(REDACTED, ' ')
    .toLowerCase()
    .match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}_]+/gu)
  return (words ?? []).flatMap(word => (UNSPACED.test(word) ? pairsIn(word) : [word]))
}

function pairsIn(word: string): readonly string[] {
  return Array.from({ length: word.length - 1 }, (_, at) => word.slice(at, at + 2))
}

/** A value of one word: an id, a name, a state. Free text repeats what was said, and what redaction has left says nothing. */
function addValues(value: Json, values: Set<string>, depth: number): void {
  if (values.size >= VALUES_MAX || depth > VALUE_DEPTH_MAX) return
  if (typeof value === 'string') {
    const { length } = value
    if (length >= VALUE_CHARS_MIN && length <= VALUE_CHARS_MAX && !/^<|\s/.test(value))
      values.add(value.toLowerCase().replace(/^[^\p{L}\p{N}]+/u, ''))
  } else if (isList(value)) for (const item of value) addValues(item, values, depth + 1)
  else if (isRecord(value)) for (const item of Object.values(value)) addValues(item, values, depth + 1)
}
