/**
 * Which runs without a task id are runs of one ask: by what users said, the values they led to, and the tools used. The
 * two ways to be wrong do different harm, so there are two answers. A task id is believed when it joins runs; that it sets
 * apart runs of one person with the very same message is not (see `same-asks.ts`).
 *
 * `ask` counts evidence: a lesson may be shared, and a word is nobody's, once enough asks show it. One person's ask taken
 * for two would share what is theirs, and different asks taken for one only make a lesson wait. So it joins generously,
 * also whatever a common prompt makes look alike: where all runs begin with the same template, only task ids tell.
 *
 * `problem` says which runs may be compared, solved against unsolved. There a pair of different tasks taken for one makes
 * up a contrast. So it joins carefully, and always within one ask: what it leaves apart still counts as one.
 */

import type { EpisodeId, RedactedEpisode } from '../ports.ts'
import { type AskWords, askWords } from './ask-words.ts'
import { isCommonWord } from './dictionary.ts'
import { Groups } from './groups.ts'
import { OPENING_WORDS_MIN, sameAsks } from './same-asks.ts'

export interface AskNames {
  readonly ask: string
  readonly problem: string
}

/*
 * Likeness is the weight of the shared words as a share of all words of both (Jaccard). Measured on six sets of recorded
 * runs with their task ids hidden, in windows of one task, three, ten, and all: see the test. `among` weighs a word by how
 * few runs of the window hold it, which sees through templates; `alone` by the dictionary, which still works where the
 * window is one ask over and over.
 */
const ASK_ALONE_MIN = 0.4
const ASK_AMONG_MIN = 0.2
const PROBLEM_AMONG_MIN = 0.25
/** What is not in the dictionary of common words is a name, an id, a thing. */
const UNCOMMON_WEIGHT = 8

/** Of each run its rarest words lead to others: enough that a pair of one ask is reached by some path of pairs. */
const LEADS_MAX = 32
/** Neighbours in the list of runs with the word, on either side. A word of one long list joins it as a chain. */
const NEIGHBOURS = 8

/** Names that capture gives where the transcript names no task. */
const NO_TASK = /^text:[0-9a-f]{64}$/

/** The names of every episode, the same whatever the order. */
export function askNames(episodes: readonly RedactedEpisode[]): ReadonlyMap<EpisodeId, AskNames> {
  const names = new Map<EpisodeId, AskNames>()
  const nameless: AskWords[] = []
  const tasks: AskWords[] = []
  for (const episode of episodes) (NO_TASK.test(episode.ask) ? nameless : tasks).push(askWords(episode))
  const sameAsk = sameAsks(tasks)
  for (const { id, ask } of tasks) names.set(id, { ask: sameAsk(ask), problem: ask })
  if (nameless.length === 0) return names
  const runs = weighed(nameless.sort((a, b) => (a.id < b.id ? -1 : 1)))
  const asks = new Groups(runs.length)
  const problems = new Groups(runs.length)
  joinWordless(runs, asks)
  for (const [a, b] of likelyPairs(runs)) {
    const [one, other] = [runs[a], runs[b]]
    if (one === undefined || other === undefined || problems.same(a, b) || !shareTools(one, other)) continue
    const likeness = compare(one, other)
    if (likeness.alone >= ASK_ALONE_MIN || likeness.among >= ASK_AMONG_MIN) asks.join(a, b)
    else if (isAskedAgain(one, other) || likeness.isOnes) asks.join(a, b)
    if (likeness.apart < PROBLEM_AMONG_MIN) continue
    asks.join(a, b)
    problems.join(a, b)
  }
  const named = namesOf(runs, asks)
  for (const [at, { id }] of runs.entries()) {
    const ask = named.get(asks.first(at)) ?? id
    names.set(id, { ask, problem: `${ask}/${problems.first(at)}` })
  }
  return names
}

/**
 * A group is named by the first of its members' own names, which seldom changes with a further run and is the same in
 * another window; where other groups hold those names, too (a bare greeting), by its first member's id.
 */
function namesOf(runs: readonly Weighed[], asks: Groups): ReadonlyMap<number, string> {
  const groups = new Map<string, Set<number>>()
  for (const [at, { ask }] of runs.entries())
    groups.set(ask, (groups.get(ask) ?? new Set()).add(asks.first(at)))
  const names = new Map<number, string>()
  for (const [ask, among] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [group] = among
    if (group !== undefined && among.size === 1 && !names.has(group)) names.set(group, ask)
  }
  for (const [at, { id }] of runs.entries())
    if (asks.first(at) === at && !names.has(at)) names.set(at, `like:${id}`)
  return names
}

/** The episodes with the names of their asks. */
export function withAskNames(episodes: readonly RedactedEpisode[]): readonly RedactedEpisode[] {
  const names = askNames(episodes)
  return episodes.map(episode => ({ ...episode, ask: names.get(episode.id)?.ask ?? episode.ask }))
}

interface Weighed {
  readonly id: EpisodeId
  readonly ask: string
  readonly tools: ReadonlySet<string>
  readonly records: ReadonlySet<string>
  /** In the order of their numbers. */
  readonly words: readonly Word[]
  readonly opening: string
  readonly total: Weights
}

interface Word extends Weights {
  readonly text: string
  readonly number: number
  /** Positions of the runs that hold it. */
  readonly runs: readonly number[]
}

interface Weights {
  readonly alone: number
  readonly among: number
  /** The same, but a word that all runs hold weighs nearly nothing. */
  readonly apart: number
}

interface Likeness extends Weights {
  /** Both users gave the same record's name: it is one person's, whatever they asked. */
  readonly isOnes: boolean
}

function weighed(all: readonly AskWords[]): readonly Weighed[] {
  const holders = new Map<string, number[]>()
  for (const [at, { words }] of all.entries()) {
    for (const word of words) {
      const list = holders.get(word)
      if (list === undefined) holders.set(word, [at])
      else list.push(at)
    }
  }
  const known = new Map<string, Word>()
  for (const [text, runs] of holders) {
    known.set(text, {
      text,
      number: known.size,
      runs,
      alone: isCommonWord(text) ? 1 : UNCOMMON_WEIGHT,
      among: Math.log(1 + all.length / runs.length) ** 2,
      apart: Math.log((all.length + 1) / runs.length) ** 2,
    })
  }
  const inOrder = (words: readonly string[]): readonly Word[] =>
    words.flatMap(word => known.get(word) ?? []).sort((a, b) => a.number - b.number)
  return all.map(({ words, ...rest }) => {
    const own = inOrder(words)
    return { ...rest, words: own, total: sum(own) }
  })
}

function sum(words: readonly Word[]): Weights {
  const total = { alone: 0, among: 0, apart: 0 }
  for (const word of words) {
    total.alone += word.alone
    total.among += word.among
    total.apart += word.apart
  }
  return total
}

/** A pair comes up twice at most, and no more of them for each run than its leads have neighbours. */
function* likelyPairs(runs: readonly Weighed[]): Generator<readonly [number, number]> {
  for (const [at, { words }] of runs.entries()) {
    const met = new Set([at])
    const leads = words
      .filter(word => word.runs.length > 1)
      .sort((a, b) => a.runs.length - b.runs.length || a.number - b.number)
    for (const { runs: holders } of leads.slice(0, LEADS_MAX)) {
      const place = indexIn(holders, at)
      for (const other of holders.slice(Math.max(0, place - NEIGHBOURS), place + NEIGHBOURS + 1)) {
        if (met.has(other)) continue
        met.add(other)
        yield [at, other]
      }
    }
  }
}

/** The place of a number in an ascending list that holds it. */
function indexIn(list: readonly number[], number: number): number {
  let low = 0
  let high = list.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle] ?? number) < number) low = middle + 1
    else high = middle
  }
  return low
}

/** What users said alike to two services with no tool in common was asked of each for itself. */
function shareTools(a: Weighed, b: Weighed): boolean {
  if (a.tools.size === 0 || b.tools.size === 0) return true
  for (const tool of a.tools) if (b.tools.has(tool)) return true
  return false
}

function compare(a: Weighed, b: Weighed): Likeness {
  const both = sharedWords(a.words, b.words)
  const shared = sum(both)
  const share = (weight: keyof Weights): number => {
    const all = a.total[weight] + b.total[weight] - shared[weight]
    return all === 0 ? 0 : shared[weight] / all
  }
  return {
    alone: share('alone'),
    among: share('among'),
    apart: share('apart'),
    isOnes: both.some(word => a.records.has(word.text) && b.records.has(word.text)),
  }
}

function sharedWords(a: readonly Word[], b: readonly Word[]): readonly Word[] {
  const shared: Word[] = []
  let at = 0
  for (const word of a) {
    while ((b[at]?.number ?? word.number) < word.number) at++
    if (b[at] === word) shared.push(word)
  }
  return shared
}

function isAskedAgain(a: Weighed, b: Weighed): boolean {
  const [long, short] = a.opening.length < b.opening.length ? [b.opening, a.opening] : [a.opening, b.opening]
  if (!long.startsWith(short) && !long.endsWith(short)) return false
  return short.split(' ', OPENING_WORDS_MIN).length === OPENING_WORDS_MIN
}

/** Runs that say nothing of what was asked cannot be told apart. */
function joinWordless(runs: readonly Weighed[], asks: Groups): void {
  const first = runs.findIndex(run => run.words.length === 0)
  for (const [at, { words }] of runs.entries()) if (words.length === 0) asks.join(first, at)
}
