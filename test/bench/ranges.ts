/**
 * What it costs two peers to find out how their replicated sets differ: bytes of all messages both ways, rounds, and
 * milliseconds of both sides together. Records stand evenly over 30 days, the differences in the last day, half on each side;
 * the session finds both directions. The records themselves are not among the bytes. Beside it the published JavaScript
 * negentropy, on the same sets in the same run. And building the index.
 */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { recordIdOfHash } from '../../protocol/identity.ts'
import { rangeSettleSeconds } from '../../protocol/limits.ts'
import { answerRanges } from '../../protocol/range/answer.ts'
import { createRangeIndex, type RangeIndex } from '../../protocol/range/range-index.ts'
import { openRanges, type RangeOutcome } from '../../protocol/range/session.ts'
import type { RecordId } from '../../protocol/types.ts'
import { seededRandom } from '../../sim/random.ts'
import { atMost, type Bench, BenchFailure, type Group, type Measured, median } from './figure.ts'
import { compareByNegentropy, negentropyOf } from './negentropy.ts'

const daySeconds = 86_400
const nowS = 1_767_225_600
/** What is no member and no retraction stands behind 2^32. */
const restStarts = 2 ** 32
const differences = [
  { count: 0, bytesMax: 400, roundsMax: 1 },
  { count: 100, bytesMax: 24_000, roundsMax: 3 },
  { count: 1_000, bytesMax: 60_000, roundsMax: 3 },
] as const
/** Odd, for the median; each session has another salt. */
const repeats = 5

export const rangesGroup: Group = {
  figures: [
    ...differences.flatMap(({ count, bytesMax, roundsMax }) => [
      { name: `sync_bytes_100k_${count}`, unit: 'B', goal: atMost(bytesMax) },
      { name: `sync_rounds_100k_${count}`, unit: '', goal: atMost(roundsMax) },
      { name: `sync_100k_${count}_ms`, unit: 'ms' },
      { name: `negentropy_bytes_100k_${count}`, unit: 'B' },
      { name: `negentropy_rounds_100k_${count}`, unit: '' },
      { name: `negentropy_100k_${count}_ms`, unit: 'ms' },
    ]),
    { name: 'sync_identical_1m_bytes', unit: 'B', goal: atMost(400) },
    { name: 'sync_identical_1m_ms', unit: 'ms' },
    { name: 'sync_index_1m_ms', unit: 'ms', goal: atMost(2_000) },
    { name: 'sync_index_1m_mb', unit: 'MB' },
  ],
  measure,
}

interface Item {
  readonly place: number
  readonly id: RecordId
}

async function* measure({ wanted, say }: Bench): AsyncGenerator<Measured> {
  if ([...wanted].some(name => name.includes('_100k_'))) yield* measureDifferences(say)
  if ([...wanted].some(name => name.includes('_1m_'))) yield* measureMillion(say)
}

function* measureDifferences(say: (line: string) => void): Generator<Measured> {
  say('making 100,000 ids')
  const shared = evenly(100_000, 'shared')
  for (const { count } of differences) {
    say(`comparing 100,000 ids with ${count} differences`)
    const sideOf = (side: number): Item[] => [...shared, ...lastDay(count / 2, `side ${side}`)]
    const sides = [sideOf(0), sideOf(1)] as const
    const { bytes, rounds, ms } = compare(indexOf(sides[0]), indexOf(sides[1]), count)
    yield { name: `sync_bytes_100k_${count}`, value: bytes }
    yield { name: `sync_rounds_100k_${count}`, value: rounds }
    yield { name: `sync_100k_${count}_ms`, value: ms }
    say(`comparing them by negentropy, with ${count} differences`)
    const theirs = compareTheirs(sides[0], sides[1], count)
    yield { name: `negentropy_bytes_100k_${count}`, value: theirs.bytes }
    yield { name: `negentropy_rounds_100k_${count}`, value: theirs.rounds }
    yield { name: `negentropy_100k_${count}_ms`, value: theirs.ms }
  }
}

/** Its sessions have no salt: all are the same but in their time. */
function compareTheirs(askers: readonly Item[], answerers: readonly Item[], count: number) {
  const [asker, answerer] = [negentropyOf(withSeconds(askers)), negentropyOf(withSeconds(answerers))]
  const sessions = Array.from({ length: repeats + 1 }, () => compareByNegentropy(asker, answerer, count))
  const [{ bytes, rounds } = { bytes: Number.NaN, rounds: Number.NaN }] = sessions
  return { bytes, rounds, ms: median(sessions.slice(1).map(one => one.tookMs)) }
}

function withSeconds(items: readonly Item[]) {
  return items.map(({ place, id }) => ({ t: place - restStarts, id }))
}

function* measureMillion(say: (line: string) => void): Generator<Measured> {
  say('making 1,000,000 ids')
  // A store gives records in the order of their ids, which is no order of places: the seconds are dealt out.
  const items = evenly(1_000_000, 'million', number => (number * 611_953) % 1_000_000)
  say('building the index')
  const before = memoryBytes()
  const startedAt = performance.now()
  const asker = indexOf(items)
  const ms = performance.now() - startedAt
  yield { name: 'sync_index_1m_ms', value: ms }
  yield { name: 'sync_index_1m_mb', value: (memoryBytes() - before) / 1e6 }
  const same = compare(asker, indexOf(items), 0)
  yield { name: 'sync_identical_1m_bytes', value: same.bytes }
  yield { name: 'sync_identical_1m_ms', value: same.ms }
}

/** The most bytes and rounds of some sessions, and their median time, the first not counted. */
function compare(asker: RangeIndex, answerer: RangeIndex, count: number) {
  const sessions = Array.from({ length: repeats + 1 }, (_, repeat) => {
    const random = seededRandom(`session ${repeat}`)
    const startedAt = performance.now()
    const session = openRanges(asker, { salt: random.bytes(16), until: nowS - rangeSettleSeconds })
    let bytes = 0
    for (let request = session.request(); request !== undefined; request = session.request()) {
      const answer = answerRanges(answerer, request, random.bytes(16))
      if (!answer.ok) throw new BenchFailure(answer.message)
      const taken = session.take(answer.value.bytes)
      if (!taken.ok) throw new BenchFailure(taken.message)
      bytes += request.length + answer.value.bytes.length
    }
    const outcome = session.outcome()
    const tookMs = performance.now() - startedAt
    insistOn(outcome, count)
    return { bytes, rounds: outcome.rounds, tookMs }
  })
  return {
    bytes: Math.max(...sessions.map(one => one.bytes)),
    rounds: Math.max(...sessions.map(one => one.rounds)),
    ms: median(sessions.slice(1).map(one => one.tookMs)),
  }
}

/** What is in use, garbage not counted. */
function memoryBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}

function insistOn({ end, have, need }: RangeOutcome, count: number): void {
  const needed = need.reduce((sum, want) => sum + (want.mode === 'ids' ? want.ids.length : Number.NaN), 0)
  if (end === (count === 0 ? 'equal' : 'differs') && have.length === count / 2 && needed === count / 2) return
  throw new BenchFailure(`Of ${count} differences ${have.length} and ${needed} were found.`)
}

function indexOf(items: readonly Item[]): RangeIndex {
  const index = createRangeIndex()
  for (const { place, id } of items) index.add(place, id)
  return index
}

function evenly(count: number, name: string, turnOf = (number: number) => number): Item[] {
  const first = nowS - 30 * daySeconds
  const step = (30 * daySeconds) / count
  return withIds(count, name, number => restStarts + Math.floor(first + turnOf(number) * step))
}

function lastDay(count: number, name: string): Item[] {
  const random = seededRandom(`${name} times`)
  return withIds(count, name, () => restStarts + nowS - rangeSettleSeconds - random.below(daySeconds))
}

function withIds(count: number, name: string, placeOf: (number: number) => number): Item[] {
  const random = seededRandom(name)
  return Array.from({ length: count }, (_, number) => ({
    place: placeOf(number),
    id: recordIdOfHash(random.bytes(32)),
  }))
}
