/**
 * Whose word is independent of whose (behaviour.md, "corroborated"). A peer dominates another when every way of vouching
 * from this node to the other leads through it. Two authors are independent when nobody but this node dominates both: so
 * identities that one voucher let in never corroborate each other. Immediate dominators by the iterative algorithm of
 * Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001), on what influence can reach.
 */

import type { VouchingGraph } from './vouching.ts'

/** Influence takes three rounds: edges of peers farther away than this carry none. */
const stepsMax = 2
export const nobody = 0xffffffff

/**
 * For each peer by its number the one of those right below this node in the tree of dominators behind which it stands
 * (perhaps itself); `nobody` for this node and for whom no influence reaches. Equal means not independent.
 */
export function branchesOf(graph: VouchingGraph): Uint32Array {
  const reach = reachOf(graph)
  const order = reversePostorder(reach)
  const dominators = immediateDominators(reach, order)
  const branches = new Uint32Array(graph.peers.length).fill(nobody)
  for (const [place, peer] of order.entries()) {
    if (place === 0) continue
    const above = dominators[place] ?? 0
    branches[peer] = above === 0 ? peer : (branches[order[above] ?? 0] ?? nobody)
  }
  return branches
}

/** The edges that carry influence: those of peer `n` stand in `to` from `first[n]` up to, and without, `end[n]`. */
interface Reach {
  readonly peers: number
  readonly to: Uint32Array
  readonly first: Uint32Array
  readonly end: Uint32Array
}

function reachOf({ peers, edges, first }: VouchingGraph): Reach {
  const end = first.slice(0, peers.length)
  const steps = new Uint8Array(peers.length)
  const queue = [0]
  for (const peer of queue) {
    if ((steps[peer] ?? 0) > stepsMax) continue
    end[peer] = first[peer + 1] ?? 0
    for (const target of edges.to.subarray(first[peer], end[peer])) {
      if (steps[target] !== 0) continue
      steps[target] = (steps[peer] ?? 0) + 1
      queue.push(target)
    }
  }
  return { peers: peers.length, to: edges.to, first, end }
}

/** Depth first without recursion: a chain of vouchers may be longer than the stack. This node comes first. */
function reversePostorder({ peers, to, first, end }: Reach): Uint32Array {
  const isSeen = new Uint8Array(peers)
  const next = first.slice()
  const done: number[] = []
  const path = [0]
  isSeen[0] = 1
  for (let peer = path.at(-1); peer !== undefined; peer = path.at(-1)) {
    const at = next[peer] ?? 0
    if (at >= (end[peer] ?? 0)) {
      done.push(peer)
      path.pop()
      continue
    }
    next[peer] = at + 1
    const target = to[at] ?? 0
    if (isSeen[target] === 1) continue
    isSeen[target] = 1
    path.push(target)
  }
  return Uint32Array.from(done.reverse())
}

/** By place in the reverse postorder: the place of the immediate dominator. */
function immediateDominators(reach: Reach, order: Uint32Array): Uint32Array {
  const before = predecessors(reach, order)
  const dominators = new Uint32Array(order.length).fill(nobody)
  dominators[0] = 0
  for (let changed = true; changed; ) {
    changed = false
    for (let place = 1; place < order.length; place++) {
      let found = nobody
      const end = before.first[place + 1] ?? 0
      for (let at = before.first[place] ?? 0; at < end; at++) {
        const from = before.places[at] ?? 0
        if (dominators[from] === nobody) continue
        found = found === nobody ? from : nearestCommon(dominators, from, found)
      }
      if (dominators[place] === found) continue
      dominators[place] = found
      changed = true
    }
  }
  return dominators
}

/** A dominator's place comes before those of all that it dominates. */
function nearestCommon(dominators: Uint32Array, a: number, b: number): number {
  let left = a
  let right = b
  while (left !== right) {
    while (left > right) left = dominators[left] ?? 0
    while (right > left) right = dominators[right] ?? 0
  }
  return left
}

/** The same edges turned around, by places: those that lead to `p` stand from `first[p]` up to `first[p + 1]`. */
function predecessors(
  { peers, to, first, end }: Reach,
  order: Uint32Array,
): { readonly first: Uint32Array; readonly places: Uint32Array } {
  const placeOf = new Uint32Array(peers)
  for (const [place, peer] of order.entries()) placeOf[peer] = place
  const starts = new Uint32Array(order.length + 1)
  const eachTarget = (visit: (from: number, to: number) => void): void => {
    for (const [place, peer] of order.entries()) {
      for (let at = first[peer] ?? 0; at < (end[peer] ?? 0); at++) visit(place, placeOf[to[at] ?? 0] ?? 0)
    }
  }
  eachTarget((_from, target) => {
    starts[target + 1] = (starts[target + 1] ?? 0) + 1
  })
  for (let place = 0; place < order.length; place++)
    starts[place + 1] = (starts[place + 1] ?? 0) + (starts[place] ?? 0)
  const free = starts.slice()
  const places = new Uint32Array(starts.at(-1) ?? 0)
  eachTarget((from, target) => {
    const at = free[target] ?? 0
    places[at] = from
    free[target] = at + 1
  })
  return { first: starts, places }
}
