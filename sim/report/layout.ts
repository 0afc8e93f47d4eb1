/**
 * Where the nodes of a graph stand, so that those who are connected for long stand near each other: springs along the
 * links, and everybody keeps a distance. Begun on a circle and without chance, it is the same for the same graph.
 */

import type { Snapshot } from '../recorder.ts'

const rounds = 160

/** Between 0 and 1 on both axes, by the nodes' places. */
export function layout(
  nodes: number,
  snapshots: readonly Snapshot[],
): readonly (readonly [x: number, y: number])[] {
  const x = Float64Array.from({ length: nodes }, (_, at) => Math.cos((2 * Math.PI * at) / nodes))
  const y = Float64Array.from({ length: nodes }, (_, at) => Math.sin((2 * Math.PI * at) / nodes))
  const springs = weights(nodes, snapshots)
  const apart = 1 / Math.sqrt(Math.max(1, nodes))
  for (let round = 0; round < rounds; round++) {
    const stepMax = 0.2 * (1 - round / rounds)
    const dx = new Float64Array(nodes)
    const dy = new Float64Array(nodes)
    const push = (a: number, b: number, force: (distance: number) => number): void => {
      const awayX = (x[a] ?? 0) - (x[b] ?? 0)
      const awayY = (y[a] ?? 0) - (y[b] ?? 0)
      const distance = Math.max(1e-3, Math.hypot(awayX, awayY))
      const strength = force(distance) / distance
      dx[a] = (dx[a] ?? 0) + awayX * strength
      dy[a] = (dy[a] ?? 0) + awayY * strength
      dx[b] = (dx[b] ?? 0) - awayX * strength
      dy[b] = (dy[b] ?? 0) - awayY * strength
    }
    for (let a = 0; a < nodes; a++)
      for (let b = a + 1; b < nodes; b++) push(a, b, distance => (apart * apart) / distance)
    for (const [pair, weight] of springs)
      push(Math.floor(pair / nodes), pair % nodes, distance => (-weight * distance * distance) / apart)
    for (let at = 0; at < nodes; at++) {
      const length = Math.hypot(dx[at] ?? 0, dy[at] ?? 0)
      const share = length > stepMax ? stepMax / length : 1
      x[at] = (x[at] ?? 0) + (dx[at] ?? 0) * share
      y[at] = (y[at] ?? 0) + (dy[at] ?? 0) * share
    }
  }
  return fitted(x, y)
}

/** How much of the time two nodes were connected. A spring weighs less where a node has many. */
function weights(nodes: number, snapshots: readonly Snapshot[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  const degree = new Float64Array(nodes)
  for (const { links, mesh } of snapshots)
    for (const [pairs, worth] of [
      [mesh, 1],
      [links, 0.25],
    ] as const)
      for (let at = 0; at + 1 < pairs.length; at += 2) {
        const a = pairs[at] ?? 0
        const b = pairs[at + 1] ?? 0
        counts.set(a * nodes + b, (counts.get(a * nodes + b) ?? 0) + worth / snapshots.length)
        degree[a] = (degree[a] ?? 0) + worth / snapshots.length
        degree[b] = (degree[b] ?? 0) + worth / snapshots.length
      }
  for (const [pair, weight] of counts) {
    const most = Math.max(degree[Math.floor(pair / nodes)] ?? 1, degree[pair % nodes] ?? 1)
    counts.set(pair, weight / Math.max(1, most / 3))
  }
  return counts
}

function fitted(x: Float64Array, y: Float64Array): readonly (readonly [x: number, y: number])[] {
  const scale = (values: Float64Array): ((value: number) => number) => {
    const least = values.reduce((min, value) => Math.min(min, value), Number.POSITIVE_INFINITY)
    const most = values.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY)
    return value => (most > least ? Math.round((1_000 * (value - least)) / (most - least)) / 1_000 : 0.5)
  }
  const [placeX, placeY] = [scale(x), scale(y)]
  return Array.from(x, (value, at) => [placeX(value), placeY(y[at] ?? 0)] as const)
}
