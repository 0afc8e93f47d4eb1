/** What outcomes say of a lesson, alone and together with what its author is worth: beta posteriors. */

export interface Outcomes {
  /** Decayed outcomes of this entry here. */
  readonly helped: number
  readonly hurt: number
}

/** What an author's trust says of an untried lesson weighs as much as so many outcomes. */
const priorOutcomes = 2

/** By outcomes alone, with one of each before the first: the share that helped, and how sure that is. */
export function shareHelped({ helped, hurt }: Outcomes): {
  readonly mean: number
  readonly variance: number
} {
  const total = helped + hurt + 2
  const mean = (helped + 1) / total
  return { mean, variance: (mean * (1 - mean)) / (total + 1) }
}

/** What is expected of it: its author's trust, corrected by its own outcomes. */
export function expectedHelp({ helped, hurt, trust }: Outcomes & { readonly trust: number }): number {
  return (helped + priorOutcomes * trust) / (helped + hurt + priorOutcomes)
}
