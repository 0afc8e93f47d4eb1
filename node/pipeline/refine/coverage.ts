/**
 * Which entries would help with which query, and how much: for each query the best of them by similarity × posterior of
 * helping. Sketches say which may be near (a third of their bits decides for nearly all pairs), vectors how near they are.
 */

import { sketchBitsMax } from '../../../protocol/limits.ts'
import { sketchOf } from '../../../protocol/sketch.ts'
import type { PeerId } from '../../../protocol/types.ts'
import type { Pause } from '../../../store/ports.ts'
import { eachInTurns } from './in-turns.ts'
import type { Demand, KeptFacts } from './policy.ts'
import { posteriorOfHelping } from './usefulness.ts'

/** Entries that are looked at for each query. */
const nearestMax = 32
/** Of one author: a flood of copies fills no query's list. */
const nearestOfAuthorMax = 4
/** Cosine below which recall hands nothing out for a query. */
const helpfulCosine = 0.5
/** Two standard deviations of a distance between sketches, so that chance hides few of the near ones. */
const deviations = 2
/** Words that are compared first; the others only where these are near enough. */
const groupWords = 3
/** Sketches between two pauses: well under a millisecond. */
const scanUnits = 32_768
/** Sketches compared in the time of one unit. */
const sketchesPerUnit = 64

/** What each entry is worth to each query that it could help with, in two flat lists. */
export interface Coverage {
  /** How many queries there are. */
  readonly queries: number
  /** Where an entry's pairs begin; one more at the end. */
  readonly starts: Int32Array
  readonly query: Int32Array
  readonly value: Float32Array
}

/** `facts` in a fixed order: among equals the first are taken. */
export async function coverageOf(
  facts: readonly KeptFacts[],
  demand: Demand,
  pause: Pause,
): Promise<Coverage> {
  const [first] = demand.queries
  const bits = first === undefined ? 0 : Math.min(first.length, sketchBitsMax)
  const table = await sketchTable(facts, demand, bits, pause)
  const pairs: Pair[] = []
  for (const [at, query] of demand.queries.entries()) {
    const near = await nearestTo(query, table, pause)
    for (const entry of near) {
      const cosine = demand.cosine(facts[entry]?.cid ?? ('' as KeptFacts['cid']), query)
      if (cosine >= helpfulCosine)
        pairs.push({ entry, query: at, value: cosine * (table.posterior[entry] ?? 0) })
    }
    await pause(near.length)
  }
  return { queries: demand.queries.length, ...byEntry(pairs, facts.length) }
}

interface Pair {
  readonly entry: number
  readonly query: number
  readonly value: number
}

/** Entries that have a sketch, row by row. */
interface SketchTable {
  readonly bits: number
  /** Words of a row: whole groups. */
  readonly width: number
  /** The first group of each row by itself: it stays in the processor's cache from query to query. */
  readonly heads: Uint32Array
  readonly rows: Uint32Array
  /** Row → number of the entry. */
  readonly entries: Int32Array
  /** By number of the entry. */
  readonly posterior: Float32Array
  /** Number of the entry → number of its author. */
  readonly authors: Int32Array
  /** Row → distance, of those that were near enough; written anew for each query. */
  readonly found: Int32Array
  readonly distances: Uint16Array
}

async function sketchTable(
  facts: readonly KeptFacts[],
  demand: Demand,
  bits: number,
  pause: Pause,
): Promise<SketchTable> {
  const width = Math.ceil(bits / 32 / groupWords) * groupWords
  const rows = new Uint32Array(facts.length * width)
  const heads = new Uint32Array(facts.length * groupWords)
  const entries = new Int32Array(facts.length)
  const posterior = new Float32Array(facts.length)
  const authors = new Int32Array(facts.length)
  const numbers = new Map<PeerId, number>()
  let count = 0
  await eachInTurns(facts.length, pause, at => {
    const one = facts[at]
    if (one === undefined) return
    const number = numbers.get(one.author) ?? numbers.size
    numbers.set(one.author, number)
    authors[at] = number
    posterior[at] = posteriorOfHelping(one)
    const from = count * width
    if (bits === 0 || posterior[at] === 0 || !demand.copySketch(one.cid, rows, from)) return
    for (let word = 0; word < groupWords; word++) heads[count * groupWords + word] = rows[from + word] ?? 0
    entries[count++] = at
  })
  return {
    bits,
    width,
    heads: heads.subarray(0, count * groupWords),
    rows,
    entries: entries.subarray(0, count),
    posterior,
    authors,
    found: new Int32Array(count),
    distances: new Uint16Array(count),
  }
}

/** Numbers of the entries that promise most for a query, best first. */
async function nearestTo(query: Float32Array, table: SketchTable, pause: Pause): Promise<readonly number[]> {
  const sketch = queryWords(query, table)
  const limits = {
    head: distanceLimit(Math.min(table.bits, groupWords * 32)),
    all: distanceLimit(table.bits),
  }
  let count = 0
  for (let from = 0; from < table.entries.length; from += scanUnits) {
    const to = Math.min(from + scanUnits, table.entries.length)
    count = scan(table, sketch, { from, to, count }, limits)
    await pause((to - from) / sketchesPerUnit)
  }
  await pause(count / sketchesPerUnit)
  return best(table, count)
}

/** Notes the rows from `from` to `to` that are near enough, behind `count` others; returns how many there are then. */
function scan(
  { heads, rows, width, found, distances }: SketchTable,
  sketch: Uint32Array,
  { from, to, count }: { from: number; to: number; count: number },
  limits: { readonly head: number; readonly all: number },
): number {
  const [a = 0, b = 0, c = 0] = sketch
  let next = count
  for (let row = from, at = from * groupWords; row < to; row++, at += groupWords) {
    let distance = bitsOfThree((heads[at] ?? 0) ^ a, (heads[at + 1] ?? 0) ^ b, (heads[at + 2] ?? 0) ^ c)
    if (distance > limits.head) continue
    for (let word = groupWords, place = row * width + groupWords; word < width; word += 3, place += 3)
      distance += bitsOfThree(
        (rows[place] ?? 0) ^ (sketch[word] ?? 0),
        (rows[place + 1] ?? 0) ^ (sketch[word + 1] ?? 0),
        (rows[place + 2] ?? 0) ^ (sketch[word + 2] ?? 0),
      )
    if (distance > limits.all) continue
    found[next] = row
    distances[next++] = distance
  }
  return next
}

/** How many bits are set in three words (Warren, Hacker's Delight, 5-1): their counts of four bits are added first. */
function bitsOfThree(x: number, y: number, z: number): number {
  const a = (x - ((x >>> 1) & 0x55555555)) | 0
  const b = (y - ((y >>> 1) & 0x55555555)) | 0
  const c = (z - ((z >>> 1) & 0x55555555)) | 0
  const first = ((a & 0x33333333) + ((a >>> 2) & 0x33333333)) | 0
  const second = ((b & 0x33333333) + ((b >>> 2) & 0x33333333)) | 0
  const third = ((c & 0x33333333) + ((c >>> 2) & 0x33333333)) | 0
  const nibbles = (first + second + third) | 0
  const bytes = (nibbles & 0x0f0f0f0f) + ((nibbles >>> 4) & 0x0f0f0f0f)
  return Math.imul(bytes, 0x01010101) >>> 24
}

interface Near {
  readonly entry: number
  readonly value: number
}

/** The most promising of those found, not too many of one author. */
function best({ entries, posterior, authors, found, distances, bits }: SketchTable, count: number) {
  const ofAuthor = new Map<number, Near[]>()
  for (let at = 0; at < count; at++) {
    const entry = entries[found[at] ?? 0] ?? 0
    const value = cosineOf(distances[at] ?? bits, bits) * (posterior[entry] ?? 0)
    const author = authors[entry] ?? 0
    const list = ofAuthor.get(author)
    if (list === undefined) ofAuthor.set(author, [{ entry, value }])
    else insert(list, { entry, value }, nearestOfAuthorMax)
  }
  const all: Near[] = []
  for (const list of ofAuthor.values()) for (const one of list) insert(all, one, nearestMax)
  return all.map(({ entry }) => entry)
}

/** Into a list of the `max` best, best first; equal ones by number. */
function insert(list: Near[], one: Near, max: number): void {
  const isBefore = (other: Near): boolean =>
    one.value > other.value || (one.value === other.value && one.entry < other.entry)
  let at = list.length
  const last = list[at - 1]
  if (at === max && last !== undefined && !isBefore(last)) return
  for (let other = list[at - 1]; other !== undefined && isBefore(other); other = list[--at - 1])
    list[at] = other
  list[at] = one
  if (list.length > max) list.length = max
}

function queryWords(query: Float32Array, { width }: SketchTable): Uint32Array {
  const words = new Uint32Array(width)
  new Uint8Array(words.buffer).set(sketchOf(query))
  return words
}

/** How far apart the sketches of two situations that recall takes for near may be. */
function distanceLimit(bits: number): number {
  const share = Math.acos(helpfulCosine) / Math.PI
  return Math.ceil(bits * share + deviations * Math.sqrt(bits * share * (1 - share)))
}

/** What a distance between sketches says of the cosine, rounded so that versions of Node agree. */
function cosineOf(distance: number, bits: number): number {
  return Math.round(Math.cos((Math.PI * distance) / bits) * 4096) / 4096
}

function byEntry(pairs: readonly Pair[], entries: number): Omit<Coverage, 'queries'> {
  const starts = new Int32Array(entries + 1)
  for (const { entry } of pairs) starts[entry + 1] = (starts[entry + 1] ?? 0) + 1
  for (let at = 0; at < entries; at++) starts[at + 1] = (starts[at + 1] ?? 0) + (starts[at] ?? 0)
  const next = starts.slice()
  const query = new Int32Array(pairs.length)
  const value = new Float32Array(pairs.length)
  for (const pair of pairs) {
    const place = next[pair.entry] ?? 0
    next[pair.entry] = place + 1
    query[place] = pair.query
    value[place] = pair.value
  }
  return { starts, query, value }
}
