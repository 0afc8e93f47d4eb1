/**
 * Short texts for a full store, and others to search it with: real ones (questions, requests, commands' tasks) where
 * the shared data is there, else sentences out of a small vocabulary. Distinct, and the same in every run.
 */

import { withoutHidden } from '../../protocol/text.ts'
import { sharedRows } from './shared-data.ts'

export interface Corpus {
  /** For people: where the texts are from. */
  readonly source: string
  /** The texts of the store; smaller stores hold the first of them. */
  readonly texts: readonly string[]
  /** Texts that are not among these. */
  readonly queries: readonly string[]
}

export const corpusMax = 100_000
/** A thousand for each of three sizes, so that no query is met twice by one embedder. */
const queriesMax = 3_000

const files: readonly (readonly [file: string, ...fields: string[]])[] = [
  ['clinc150/train.jsonl', 'text'],
  ['banking77/train.jsonl', 'text'],
  ['tldr_pages/examples.jsonl', 'command', 'task'],
  ['opentriviaqa/all.jsonl', 'question'],
  ['nl2bash/all.jsonl', 'nl'],
]

let loaded: Promise<Corpus> | undefined

export function corpus(): Promise<Corpus> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<Corpus> {
  const real = shuffled([...new Set(await realTexts())])
  const needed = corpusMax + queriesMax
  const isReal = real.length >= needed
  const texts = isReal ? real : generatedTexts(needed)
  return {
    source: isReal ? 'real texts' : 'generated texts',
    texts: texts.slice(0, corpusMax),
    queries: texts.slice(corpusMax, needed),
  }
}

async function realTexts(): Promise<string[]> {
  const texts: string[] = []
  for (const [file, ...fields] of files) {
    for (const row of (await sharedRows(file)) ?? []) {
      const text = fields.map(field => String(row[field] ?? '')).join(': ')
      const clean = withoutHidden(text.normalize('NFC')).replace(/\s+/g, ' ').trim().slice(0, 400)
      if (clean.isWellFormed() && clean.length >= 8) texts.push(clean)
    }
  }
  return texts
}

const actions = ['rename', 'cancel', 'compare', 'export', 'find', 'restore', 'merge', 'schedule', 'verify']
const things = ['an order', 'a branch', 'the invoice', 'a flight', 'the sensor', 'a backup', 'the password']
const places = ['in the warehouse', 'on the server', 'before noon', 'for a customer', 'after a crash']
const qualities = ['old', 'urgent', 'shared', 'empty', 'signed', 'blue', 'remote', 'nightly', 'broken']

/** Every sentence ends in a number of its own, so they are distinct. */
function generatedTexts(count: number): string[] {
  const next = numbers(7)
  const pick = (words: readonly string[]): string => words[next(words.length)] ?? ''
  return Array.from(
    { length: count },
    (_, at) =>
      `How do I ${pick(actions)} ${pick(things)} ${pick(places)} when it is ${pick(qualities)}, ${at}?`,
  )
}

function shuffled(texts: string[]): string[] {
  const next = numbers(12_345)
  for (let at = texts.length - 1; at > 0; at--) {
    const other = next(at + 1)
    const text = texts[at] ?? ''
    texts[at] = texts[other] ?? ''
    texts[other] = text
  }
  return texts
}

/** A linear congruential generator (Numerical Recipes): good enough to mix with, and the same everywhere. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
