import fc from 'fast-check'
import { expect, it } from 'vitest'
import { branchesOf, nobody } from '../../../../node/trust/dominators.ts'
import type { VouchingGraph } from '../../../../node/trust/vouching.ts'
import { peer } from '../entry-samples.ts'

type Edge = readonly [from: number, to: number]

function graphOf(count: number, given: readonly Edge[]): VouchingGraph {
  const edges = given.filter(([from, to]) => from !== to && to !== 0).sort(([a, b], [c, d]) => a - c || b - d)
  const peers = Array.from({ length: count }, (_, number) => peer(String(number)))
  const first = Uint32Array.from({ length: count + 1 }, (_, number) => {
    return edges.filter(([from]) => from < number).length
  })
  const none = {
    by: new Uint32Array(),
    of: new Uint32Array(),
    helped: new Float64Array(),
    hurt: new Float64Array(),
  }
  return {
    peers,
    numberOf: id => peers.indexOf(id),
    edges: {
      from: Uint32Array.from(edges, ([from]) => from),
      to: Uint32Array.from(edges, ([, to]) => to),
      opinion: Float64Array.from(edges, () => 1),
    },
    first,
    statements: none,
  }
}

/** Who is reached from 0, without going through `without`, within so many steps. */
function reached(edges: readonly Edge[], without: number, stepsMax: number): ReadonlySet<number> {
  const found = new Set([0])
  for (let step = 0; step < stepsMax; step++) {
    for (const [from, to] of [...found].flatMap(one => edges.filter(([source]) => source === one))) {
      if (from !== without && to !== without) found.add(to)
    }
  }
  return found
}

/** By the definition: who is on every way to a peer, and on every way to whom nobody else is. */
function branchesByDefinition(count: number, given: readonly Edge[]): readonly number[] {
  const near = reached(given, nobody, 2)
  const edges = given.filter(([from, to]) => near.has(from) && from !== to && to !== 0)
  const all = reached(edges, nobody, count)
  const dominators = Array.from({ length: count }, (_, target) =>
    Array.from({ length: count }, (_unused, other) => other).filter(
      other => other !== 0 && (other === target || !reached(edges, other, count).has(target)),
    ),
  )
  return Array.from({ length: count }, (_, target) => {
    if (target === 0 || !all.has(target)) return nobody
    return dominators[target]?.find(one => dominators[one]?.length === 1) ?? nobody
  })
}

it('finds for every peer the one next to me that is on every way to it, as the definition does', () => {
  const count = 9
  const number = fc.nat(count - 1)
  const edges = fc.array(fc.tuple(number, number), { maxLength: 24 })
  fc.assert(
    fc.property(edges, given => {
      expect([...branchesOf(graphOf(count, given))]).toEqual(branchesByDefinition(count, given))
    }),
    { numRuns: 500 },
  )
})

it('is not stopped by a chain longer than the stack, of which only the beginning carries influence', () => {
  const count = 200_000
  const peers = Array.from({ length: count }, (_, number) => peer(String(number)))
  const graph: VouchingGraph = {
    ...graphOf(1, []),
    peers,
    edges: {
      from: Uint32Array.from({ length: count - 1 }, (_, number) => number),
      to: Uint32Array.from({ length: count - 1 }, (_, number) => number + 1),
      opinion: new Float64Array(count - 1).fill(1),
    },
    first: Uint32Array.from({ length: count + 1 }, (_, number) => Math.min(number, count - 1)),
  }
  const branches = branchesOf(graph)
  expect([...branches.subarray(0, 5)]).toEqual([nobody, 1, 1, 1, nobody])
})
