/**
 * The policy that serves this node's demand: facility location over its recent queries. Each query is worth what the best
 * kept entry does for it, similarity × posterior of helping; entries are taken by what they add to the sum. That sum has
 * diminishing returns, so the lazy greedy choice (CELF: Leskovec et al., 2007) is at least 63 % of the best one.
 */

import type { EntryCid, PeerId } from '../../../protocol/types.ts'
import type { Pause } from '../../../store/ports.ts'
import { type Coverage, coverageOf } from './coverage.ts'
import { Heap } from './heap.ts'
import { eachInTurns, sortedNumbers } from './in-turns.ts'
import { Places, quotaShare } from './places.ts'
import type { Budget, KeptFacts, Refined, RefineInput } from './policy.ts'
import { isProven, usefulness } from './usefulness.ts'

/** What an entry must add to the sum to be taken for it: less is the noise of 16-bit floats. */
const gainMin = 0.001
/** Entries weighed anew between two pauses. */
const lazySteps = 512

export async function demandWeighted(input: RefineInput): Promise<Refined> {
  const facts = await inOrderOfCids(input)
  const choice = await startedChoice(input, facts)
  const { pause } = input
  await fill(choice, one => isProven(one), pause)
  await takeByGain(choice, await coverageOf(facts, input.demand, pause), pause)
  const overQuota = new Set<PeerId>()
  const isWithinQuota = (one: KeptFacts): boolean => {
    const isWithin = choice.places.isWithinQuota(one, choice.share)
    if (!isWithin) overQuota.add(one.author)
    return isWithin
  }
  await fill(choice, isWithinQuota, pause)
  // Places that nobody else wants.
  await fill(choice, () => true, pause)
  return refinedOf(choice, overQuota, pause)
}

interface Choice {
  readonly places: Places
  /** What one author may have while others want places. */
  readonly share: number
  /** 1 where the entry stays. */
  readonly taken: Uint8Array
  /** Usefulness, by entry. */
  readonly value: Float64Array
  /** Numbers of the entries, the most useful first. */
  readonly byUse: Int32Array
  readonly facts: readonly KeptFacts[]
}

async function inOrderOfCids({ facts, pause }: RefineInput): Promise<readonly KeptFacts[]> {
  const compare = (a: number, b: number): number => ((facts[a]?.cid ?? '') < (facts[b]?.cid ?? '') ? -1 : 1)
  const order = await sortedNumbers(facts.length, compare, pause)
  const ordered: KeptFacts[] = []
  await eachInTurns(facts.length, pause, at => {
    const one = facts[order[at] ?? 0]
    if (one !== undefined) ordered.push(one)
  })
  return ordered
}

/** Own lessons have their places. */
async function startedChoice(
  { budget, nowMs, pause }: RefineInput,
  facts: readonly KeptFacts[],
): Promise<Choice> {
  const value = new Float64Array(facts.length)
  const authors = new Set<PeerId>()
  const own: number[] = []
  await eachInTurns(facts.length, pause, at => {
    const one = facts[at]
    if (one === undefined) return
    value[at] = usefulness(one, nowMs)
    if (one.isOwn) own.push(at)
    else authors.add(one.author)
  })
  const byUse = await sortedNumbers(facts.length, (a, b) => (value[b] ?? 0) - (value[a] ?? 0) || a - b, pause)
  const taken = new Uint8Array(facts.length)
  const choice = { places: new Places(budget), share: quotaShare(authors.size), taken, value, byUse, facts }
  for (const at of own) take(choice, at)
  return choice
}

function take({ facts, places, taken }: Choice, at: number): void {
  const one = facts[at]
  if (one === undefined || taken[at] === 1) return
  taken[at] = 1
  places.take(one)
}

/** Takes what may have a place, the most useful first, as far as there are places. */
async function fill(choice: Choice, mayHaveOne: (one: KeptFacts) => boolean, pause: Pause): Promise<void> {
  await eachInTurns(choice.byUse.length, pause, step => {
    const at = choice.byUse[step] ?? 0
    const one = choice.facts[at]
    if (one === undefined || choice.taken[at] === 1) return
    if (choice.places.hasRoomFor(one) && mayHaveOne(one)) take(choice, at)
  })
}

/** Takes what adds most for its size, again and again, until nothing adds anything or there is no place. */
async function takeByGain(choice: Choice, coverage: Coverage, pause: Pause): Promise<void> {
  const { facts, places, share, taken } = choice
  const served = new Float32Array(coverage.queries)
  const heap = new Heap()
  await eachInTurns(facts.length, pause, at => {
    if (taken[at] === 1) serve(coverage, at, served)
  })
  await eachInTurns(facts.length, pause, at => {
    const gain = taken[at] === 1 ? 0 : gainOf(coverage, at, served)
    if (gain >= gainMin) heap.push(at, gain / costOf(facts[at], places.budget))
  })
  for (let step = 0; heap.size > 0; step++) {
    if (step % lazySteps === 0) await pause(lazySteps)
    const at = heap.pop() ?? 0
    const one = facts[at]
    if (one === undefined || !places.hasRoomFor(one) || !places.isWithinQuota(one, share)) continue
    // What others added since can only have made it less: where it is still first, nothing else is more.
    const gain = gainOf(coverage, at, served)
    if (gain < gainMin) continue
    const key = gain / costOf(one, places.budget)
    if (heap.isFirst(at, key)) {
      take(choice, at)
      serve(coverage, at, served)
    } else heap.push(at, key)
  }
}

function gainOf({ starts, query, value }: Coverage, entry: number, served: Float32Array): number {
  let gain = 0
  for (let at = starts[entry] ?? 0; at < (starts[entry + 1] ?? 0); at++)
    gain += Math.max(0, (value[at] ?? 0) - (served[query[at] ?? 0] ?? 0))
  return gain
}

function serve({ starts, query, value }: Coverage, entry: number, served: Float32Array): void {
  for (let at = starts[entry] ?? 0; at < (starts[entry + 1] ?? 0); at++) {
    const asked = query[at] ?? 0
    served[asked] = Math.max(served[asked] ?? 0, value[at] ?? 0)
  }
}

/** The share of the places that it takes, in places of an average size. */
function costOf(one: KeptFacts | undefined, { entries, bytes }: Budget): number {
  return Math.max(1, ((one?.bytes ?? 0) * entries) / bytes)
}

async function refinedOf(
  { byUse, facts, taken, value }: Choice,
  overQuota: ReadonlySet<PeerId>,
  pause: Pause,
): Promise<Refined> {
  const evicted: EntryCid[] = []
  /** The best of those that had to go, or what would go next; for authors beyond their quota the best of their own. */
  let least: number | undefined
  let next = 0
  const leastOf = new Map<PeerId, number>()
  await eachInTurns(byUse.length, pause, step => {
    const at = byUse[step] ?? 0
    const one = facts[at]
    if (one === undefined || one.isOwn) return
    const worth = value[at] ?? 0
    next = worth
    if (taken[at] === 1) return
    evicted.push(one.cid)
    if (!overQuota.has(one.author)) least ??= worth
    else if (!leastOf.has(one.author)) leastOf.set(one.author, worth)
  })
  const bar = least ?? next
  return {
    evicted: evicted.reverse(),
    isWorth: (unseen, nowMs) =>
      usefulness({ ...unseen, uses: 0 }, nowMs) > Math.max(bar, leastOf.get(unseen.author) ?? 0),
  }
}
