/** The value before which such a part of all lies, as every figure of a simulation has it: none that did not occur. */

/** @param sorted from the least to the most. Undefined where there is none. */
export function quantile(sorted: readonly number[], part: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
}
