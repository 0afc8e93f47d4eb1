/**
 * The vouching graph of one swarm, as seen from this node: me → those next to me and those whose lessons I tried,
 * inviter → member, attester → subject of whom it speaks well (behaviour.md, "Evidence and trust"). Peers and edges
 * are numbered in the order of their ids, so that equal records give equal sums whatever order they came in.
 */

import type { Day, PeerId } from '../../protocol/types.ts'
import { friendPrior, opinionOf, priorWeight, type Reading } from './opinion.ts'

/** One author's word on another for one day, merged by the greatest of each count. */
export interface Attested {
  readonly author: PeerId
  readonly subject: PeerId
  readonly day: Day
  readonly helped: number
  readonly hurt: number
}

export interface Member {
  readonly peer: PeerId
  /** Who let it in; none for the founder. */
  readonly inviter: PeerId | undefined
}

export interface VouchingInput {
  readonly self: PeerId
  /** Everybody who can be part of it: the members of the swarm. Who is none neither vouches nor is vouched for. */
  readonly members: Iterable<Member>
  /** My own opinion where it makes an edge: the owner's word, those next to me, and whose lessons I tried. */
  readonly ownEdge: (member: Member) => number | undefined
  readonly attested: Iterable<Attested>
  /** `blocked` takes and passes on nothing. `spoken`: the owner has said how far to trust it, so no other's word counts. */
  readonly wordOn: (peer: PeerId) => 'blocked' | 'spoken' | 'none'
  readonly today: Day
  /** Weight of what happened so many days ago. */
  readonly decay: (days: number) => number
  readonly reading: Reading
}

/** Parallel lists, ordered by source, then target. */
export interface Edges {
  readonly from: Uint32Array
  readonly to: Uint32Array
  /** The source's opinion of the target, above 0 and at most 1. */
  readonly opinion: Float64Array
}

/** What one attester says of one subject over all days, decayed, and together at most as much as the prior weighs. */
export interface Statements {
  readonly by: Uint32Array
  readonly of: Uint32Array
  readonly helped: Float64Array
  readonly hurt: Float64Array
}

export interface VouchingGraph {
  /** This node is the first one; the others follow in the order of their ids. */
  readonly peers: readonly PeerId[]
  readonly numberOf: (peer: PeerId) => number | undefined
  readonly edges: Edges
  /** The edges of peer `n` stand at `first[n]` up to, and without, `first[n + 1]`. */
  readonly first: Uint32Array
  readonly statements: Statements
}

export function buildVouching(input: VouchingInput): VouchingGraph {
  const { self } = input
  const members = [...input.members]
    .filter(({ peer }) => peer !== self && input.wordOn(peer) !== 'blocked')
    .sort((a, b) => (a.peer < b.peer ? -1 : 1))
  const peers = [self, ...members.map(({ peer }) => peer)]
  const numbers = new Map(peers.map((peer, number) => [peer, number]))
  const statements = statementsOf(input, numbers)
  const edges = edgesOf(input, members, numbers, statements)
  const first = new Uint32Array(peers.length + 1)
  for (const source of edges.from) first[source + 1] = (first[source + 1] ?? 0) + 1
  for (let n = 0; n < peers.length; n++) first[n + 1] = (first[n + 1] ?? 0) + (first[n] ?? 0)
  return { peers, numberOf: peer => numbers.get(peer), edges, first, statements }
}

function statementsOf(input: VouchingInput, numbers: ReadonlyMap<PeerId, number>): Statements {
  const { today, decay } = input
  const by: number[] = []
  const of: number[] = []
  const age: number[] = []
  const helped: number[] = []
  const hurt: number[] = []
  for (const one of input.attested) {
    const author = numbers.get(one.author)
    const subject = numbers.get(one.subject)
    // My own attestations say what my evidence says, and nobody tells me who I am.
    if (author === undefined || subject === undefined || author === 0 || subject === 0 || author === subject)
      continue
    by.push(author)
    of.push(subject)
    age.push(Math.max(0, today - one.day))
    helped.push(one.helped)
    hurt.push(one.hurt)
  }
  // The most significant key comes last: each sort keeps the order of the one before.
  let order = Uint32Array.from(by.keys())
  for (const keys of [age, of, by]) order = ordered(order, keys)
  const merged = { by: [] as number[], of: [] as number[], helped: [] as number[], hurt: [] as number[] }
  let last = -1
  for (let at = 0; at < order.length; at++) {
    const row = order[at] ?? 0
    const weight = decay(age[row] ?? 0)
    const good = weight * (helped[row] ?? 0)
    const bad = weight * (hurt[row] ?? 0)
    if (last >= 0 && merged.by[last] === by[row] && merged.of[last] === of[row]) {
      merged.helped[last] = (merged.helped[last] ?? 0) + good
      merged.hurt[last] = (merged.hurt[last] ?? 0) + bad
      continue
    }
    last = merged.by.push(by[row] ?? 0) - 1
    merged.of.push(of[row] ?? 0)
    merged.helped.push(good)
    merged.hurt.push(bad)
  }
  for (let at = 0; at <= last; at++) {
    const good = merged.helped[at] ?? 0
    const bad = merged.hurt[at] ?? 0
    const scale = Math.min(1, priorWeight / (good + bad))
    merged.helped[at] = good * scale
    merged.hurt[at] = bad * scale
  }
  return {
    by: Uint32Array.from(merged.by),
    of: Uint32Array.from(merged.of),
    helped: Float64Array.from(merged.helped),
    hurt: Float64Array.from(merged.hurt),
  }
}

/** A stable counting sort: `order` again, by the small whole numbers in `keys`. */
function ordered(order: Uint32Array<ArrayBuffer>, keys: readonly number[]): Uint32Array<ArrayBuffer> {
  let highest = 0
  for (const key of keys) if (key > highest) highest = key
  const starts = new Uint32Array(highest + 2)
  for (const key of keys) starts[key + 1] = (starts[key + 1] ?? 0) + 1
  for (let key = 0; key <= highest; key++) starts[key + 1] = (starts[key + 1] ?? 0) + (starts[key] ?? 0)
  const sorted = new Uint32Array(order.length)
  for (let at = 0; at < order.length; at++) {
    const row = order[at] ?? 0
    const key = keys[row] ?? 0
    const place = starts[key] ?? 0
    starts[key] = place + 1
    sorted[place] = row
  }
  return sorted
}

/** Member records and good words together, each pair once: both lists are walked in the order of their sources. */
function edgesOf(
  input: VouchingInput,
  members: readonly Member[],
  numbers: ReadonlyMap<PeerId, number>,
  { by, of, helped, hurt }: Statements,
): Edges {
  const { ownEdge, reading, wordOn } = input
  const from: number[] = []
  const to: number[] = []
  const opinion: number[] = []
  const add = (source: number, target: number, weight: number): void => {
    from.push(source)
    to.push(target)
    opinion.push(weight)
  }
  const invited = [[], ...members.map((): number[] => [])]
  const isSpoken = new Uint8Array(members.length + 1)
  for (const [at, member] of members.entries()) {
    // This node itself is number 0.
    const number = at + 1
    const weight = ownEdge(member)
    if (weight !== undefined && weight > 0) add(0, number, Math.min(1, weight))
    isSpoken[number] = wordOn(member.peer) === 'spoken' ? 1 : 0
    const inviter = numbers.get(member.inviter ?? member.peer)
    if (inviter !== undefined && inviter > 0 && inviter !== number) invited[inviter]?.push(number)
  }
  let at = 0
  for (let source = 1; source <= members.length; source++) {
    const guests = invited[source] ?? []
    let next = 0
    const admit = (target: number, isGuest: boolean, said: { helped: number; hurt: number }): void => {
      if (isSpoken[target] === 1) return
      const { expected } = isGuest ? opinionOf(said, reading, friendPrior) : opinionOf(said, reading)
      // Who speaks ill of a peer that it has not invited does not vouch for it.
      if (isGuest || expected > 0.5) add(source, target, expected)
    }
    for (; by[at] === source; at++) {
      const target = of[at] ?? 0
      for (; (guests[next] ?? target) < target; next++) admit(guests[next] ?? 0, true, nothingSaid)
      const isGuest = guests[next] === target
      if (isGuest) next++
      admit(target, isGuest, { helped: helped[at] ?? 0, hurt: hurt[at] ?? 0 })
    }
    for (; next < guests.length; next++) admit(guests[next] ?? 0, true, nothingSaid)
  }
  return { from: Uint32Array.from(from), to: Uint32Array.from(to), opinion: Float64Array.from(opinion) }
}

const nothingSaid = { helped: 0, hurt: 0 }
