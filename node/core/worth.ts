/**
 * What recall is worth on this node: the share of tasks that were solved with it less the share without it, with the
 * interval in which the true difference lies 95 times of 100. Pure. The interval is Newcombe's hybrid of two Wilson
 * scores (Statistics in Medicine 17, 1998, method 10): it holds for small counts and for shares of nothing and all.
 */

export interface Side {
  readonly solved: number
  readonly failed: number
}

export interface Difference {
  readonly difference: number
  readonly low: number
  readonly high: number
}

/** Of the normal distribution, for 95 %. */
const z = 1.959964

/** Undefined while one of the sides has no outcome. */
export function differenceOf(given: Side, withheld: Side): Difference | undefined {
  const a = wilson(given)
  const b = wilson(withheld)
  if (a === undefined || b === undefined) return undefined
  const difference = a.share - b.share
  return {
    difference,
    low: difference - Math.hypot(a.share - a.low, b.high - b.share),
    high: difference + Math.hypot(a.high - a.share, b.share - b.low),
  }
}

function wilson({ solved, failed }: Side): { share: number; low: number; high: number } | undefined {
  const n = solved + failed
  if (n === 0) return undefined
  const share = solved / n
  const middle = share + z ** 2 / (2 * n)
  const reach = z * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2))
  const scale = 1 + z ** 2 / n
  // Rounding must not leave a share of nothing, or all, outside of its own interval, nor the interval beyond them.
  return {
    share,
    low: Math.max(0, Math.min(share, (middle - reach) / scale)),
    high: Math.min(1, Math.max(share, (middle + reach) / scale)),
  }
}
