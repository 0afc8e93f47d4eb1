/**
 * What a benchmark measures: figures with a name, a unit and perhaps a goal. A group measures several that share
 * their set-up, and says of each a value, or why there is none; nothing is ever made up.
 */

/** Something measured did not come out as it must: the benchmark ends with this sentence. */
export class BenchFailure extends Error {
  override readonly name = 'BenchFailure'
}

export interface Goal {
  /** As it is printed: the comparison and the figure. */
  readonly text: string
  /** Absent where the group itself says whether it is met. */
  readonly met?: (value: number) => boolean
}

export interface Figure {
  readonly name: string
  readonly unit: string
  readonly goal?: Goal
  /** It takes many minutes: measured when it is asked for by its name, and not with all the others. */
  readonly onlyByName?: true
}

export type Measured =
  | { readonly name: string; readonly value: number; readonly met?: boolean }
  | { readonly name: string; readonly skipped: string }

export interface Bench {
  /** Names asked for: what only serves others need not be done. */
  readonly wanted: ReadonlySet<string>
  /** Tells a person who watches what is going on. */
  readonly say: (line: string) => void
}

export interface Group {
  readonly figures: readonly Figure[]
  /** Yields at least the wanted ones, each as soon as it is known. */
  measure(bench: Bench): AsyncIterable<Measured>
}

export function atMost(limit: number): Goal {
  return { text: `≤ ${limit.toLocaleString('en')}`, met: value => value <= limit }
}

export function atLeast(limit: number): Goal {
  return { text: `≥ ${limit.toLocaleString('en')}`, met: value => value >= limit }
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

/** The smallest sample that at least this share of all do not exceed. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const found = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  if (found === undefined) throw new RangeError('a quantile of nothing')
  return found
}
