/** Where a part of many values lies, as every figure of a simulation has it: nearest rank, nothing between two values. */

/** @param sorted from the least to the most. Undefined where there is none. */
export function quantile(sorted: readonly number[], part: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
}
