/**
 * An episode as patterns look at it: its calls with their results, errors recognised, and what was said
 * and read before each moment. Made once per episode; everything dear in it is made on first use.
 */

import type { Json, RedactedEpisode } from '../ports.ts'
import { errorTemplate } from './error-template.ts'
import { errorMessage } from './errors.ts'
import { type Leaf, leavesOf } from './leaves.ts'
import { DEPTH_MAX, deeperThan } from './transcripts/input.ts'

export interface CallError {
  /** The error's words as recorded: for figures, never shown. */
  readonly message: string
  /** The words without values: what a lesson may quote. */
  readonly template: string
}

export interface Call {
  /** Position among the episode's interactions. */
  readonly at: number
  readonly tool: string
  readonly arguments: Json | undefined
  readonly leaves: readonly Leaf[]
  readonly result: CallResult | undefined
}

export interface CallResult {
  readonly at: number
  readonly text: string
  readonly value: Json | undefined
  readonly leaves: readonly Leaf[]
  readonly error: CallError | undefined
}

export interface Said {
  readonly at: number
  readonly by: 'user' | 'rule' | 'observation'
  readonly text: string
}

export interface Run {
  readonly episode: RedactedEpisode
  /** Runs of one ask are one piece of evidence. */
  readonly ask: string
  /** Runs of one problem, which lies within an ask, may be compared with each other. */
  readonly problem: string
  readonly solved: boolean | undefined
  readonly calls: readonly Call[]
  readonly said: readonly Said[]
}

/**
 * Calls of one run that are looked at; patterns hold calls against each other, so that what they do grows with the
 * square. The longest recorded run has 99, a day of work with a coding agent some hundreds.
 */
const CALLS_MAX = 500

/** Arguments with more values than this are data that the model passes on; recorded calls have 39 at most. */
const ARGUMENT_LEAVES_MAX = 200
/** Values of all arguments together: those of 500 calls with eight each. */
const RUN_LEAVES_MAX = 4_000

export function toRun(episode: RedactedEpisode): Run {
  const said: Said[] = []
  const results = new Map<string, { readonly at: number; readonly text: string }>()
  for (const [at, item] of episode.interactions.entries()) {
    if (item.type === 'message' && item.role !== 'assistant')
      said.push({ at, by: item.role === 'user' ? 'user' : 'rule', text: item.text })
    else if (item.type === 'observation') said.push({ at, by: 'observation', text: item.value })
    else if (item.type === 'result' && !results.has(item.callId))
      results.set(item.callId, { at, text: item.text })
  }
  const words = new ValueWords(episode, said)
  const calls: Call[] = []
  let given = 0
  for (const [at, item] of episode.interactions.entries()) {
    if (item.type !== 'call') continue
    if (calls.length === CALLS_MAX || given > RUN_LEAVES_MAX) break
    const all = leavesOf(item.arguments)
    const isData = all.length > ARGUMENT_LEAVES_MAX
    const leaves = isData ? [] : all
    given += leaves.length
    const result = results.get(item.id)
    calls.push({
      at,
      tool: item.tool,
      arguments: isData ? undefined : item.arguments,
      leaves,
      // A result that stands before its call answers some other one.
      result: result === undefined || result.at < at ? undefined : toResult(result, leaves, words),
    })
  }
  const { ask, outcome } = episode
  return { episode, ask, problem: ask, solved: outcome?.solved, calls, said }
}

function toResult(
  result: { readonly at: number; readonly text: string },
  argumentLeaves: readonly Leaf[],
  words: ValueWords,
): CallResult {
  const value = jsonOf(result.text)
  const message = errorMessage(result.text, value)
  const error =
    message === undefined
      ? undefined
      : { message, template: errorTemplate(message, argumentLeaves, word => words.has(word)) }
  return { ...result, value, leaves: leavesOf(value), error }
}

/** Redaction has written JSON results anew, but for those that nest too deep to walk: they are text, as is what does not parse. */
function jsonOf(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    const value: Json = JSON.parse(text)
    return deeperThan(value, DEPTH_MAX) ? undefined : value
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

/** Names and ids that the run knows: capitalised words that were said or returned, and whole text values. Gathered when an error first needs them. */
class ValueWords {
  readonly #episode: RedactedEpisode
  readonly #said: readonly Said[]
  #words: Set<string> | undefined

  constructor(episode: RedactedEpisode, said: readonly Said[]) {
    this.#episode = episode
    this.#said = said
  }

  has(word: string): boolean {
    this.#words ??= this.#gather()
    return this.#words.has(word.toLowerCase())
  }

  #gather(): Set<string> {
    const words = new Set<string>()
    const add = (text: string): void => {
      for (const [word] of text.matchAll(/\p{Lu}[\p{L}'-]{2,}/gu)) words.add(word.toLowerCase())
      for (const [, value] of text.matchAll(/"([\p{L}\p{N}._-]{3,80})"(?!\s*:)/gu))
        words.add((value ?? '').toLowerCase())
    }
    for (const { by, text } of this.#said) if (by !== 'rule') add(text)
    for (const item of this.#episode.interactions) {
      if (item.type === 'call') add(item.text)
      else if (item.type === 'result' && errorMessage(item.text, jsonOf(item.text)) === undefined)
        add(item.text)
    }
    return words
  }
}
