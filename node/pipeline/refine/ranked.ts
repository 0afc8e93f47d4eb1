/**
 * Policies that look at each entry by itself: the first that came goes first, the longest unused, or any. What they are
 * good for is to be held against: none of them knows what is asked for.
 */

import { eachInTurns, sortedNumbers } from './in-turns.ts'
import { isOver, Places } from './places.ts'
import type { EntryFacts, KeptFacts, RefineInput, RefinePolicy } from './policy.ts'

/** Higher stays longer. Of what is not here it says what it would say on its arrival, so that nothing is fetched in circles. */
type Rank = (facts: EntryFacts & Partial<KeptFacts>, seed: number) => number

export const fifo: RefinePolicy = input => refineByRank(input, facts => facts.createdAt)

export const lru: RefinePolicy = input =>
  refineByRank(input, facts => Math.max(facts.lastUsedAt ?? 0, facts.createdAt))

/** A fixed draw for each entry: what went does not come back, and what stays is a fair sample of all there was. */
export const random: RefinePolicy = input => refineByRank(input, (facts, seed) => drawOf(facts.cid, seed))

async function refineByRank(input: RefineInput, rank: Rank) {
  const { facts, budget, seed, pause } = input
  const ranks = new Float64Array(facts.length)
  await eachInTurns(facts.length, pause, at => {
    const one = facts[at]
    if (one !== undefined) ranks[at] = rank(one, seed)
  })
  const order = await sortedNumbers(
    facts.length,
    (a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0) || ((facts[a]?.cid ?? '') < (facts[b]?.cid ?? '') ? -1 : 1),
    pause,
  )
  const places = new Places(budget)
  for (const one of facts) places.take(one)
  const evicted: KeptFacts[] = []
  let least = Number.NEGATIVE_INFINITY
  for (const index of order) {
    const one = facts[index]
    if (one === undefined || one.isOwn) continue
    if (evicted.length === 0 || isOver(places)) least = ranks[index] ?? 0
    if (!isOver(places)) break
    places.giveBack(one)
    evicted.push(one)
  }
  return {
    evicted: evicted.map(({ cid }) => cid),
    isWorth: (unseen: EntryFacts) => rank(unseen, seed) > least,
  }
}

/** FNV-1a of the seed and the CID: spread evenly, and the same everywhere. */
function drawOf(cid: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (let at = 0; at < cid.length; at++) hash = Math.imul(hash ^ cid.charCodeAt(at), 0x01000193)
  // The last characters change the low bits most: mixed once more (Murmur3's finaliser).
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
