/**
 * This node's opinion of an author, from how often its entries helped and hurt here (behaviour.md,
 * "Evidence and trust"): a beta posterior with a prior of one half that weighs as much as two outcomes.
 */

export interface Counts {
  /** Decayed counts, with a half-life of 30 days: not whole numbers. */
  readonly helped: number
  readonly hurt: number
}

export interface Opinion {
  /** The expectation E in [0, 1]. */
  readonly expected: number
  /** Half the width of what is still unknown: (W / (r + s + W)) / 2. */
  readonly uncertainty: number
}

/** How outcomes are read. */
export interface Reading {
  /** How many successes one failure outweighs, 1 to 3, once there are more of them than base rate and chance explain. */
  readonly hurtWeight: number
  /** This node's own success rate: what befalls its tasks anyway is no one's merit or fault. One half when absent. */
  readonly baseRate?: number
}

export const noCounts: Counts = { helped: 0, hurt: 0 }
/** Weight of the prior, in outcomes. Nobody else's word moves an opinion further than this. */
export const priorWeight = 2
/** Base rate of the prior of a stranger: nothing known is neither good nor bad. */
const strangerPrior = 0.5
/** Base rate of a peer next to the owner (pinned, inviter, invitee): it starts with a good name. */
export const friendPrior = 0.75
/**
 * Standard deviations by which failures may exceed the base rate before they weigh more. Without them an author whose
 * lessons change nothing would lose by being used: bad luck would count more than good luck (mean E down to 0.43).
 */
const chanceDeviations = 2
/** Beyond it a node that nearly always succeeds, or fails, could learn nothing from half of its outcomes. */
const baseRateBounds = [0.2, 0.8] as const

export function opinionOf(counts: Counts, reading: Reading, prior = strangerPrior): Opinion {
  const { r, s } = credit(counts, reading)
  const total = r + s + priorWeight
  return { expected: (r + prior * priorWeight) / total, uncertainty: priorWeight / total / 2 }
}

/**
 * Outcomes relative to the base rate. The rarer an outcome is here, the more it says: at the base rate itself both
 * sides are equal, so that who changes nothing keeps E = 1/2, however often it was tried. Only failures that chance does
 * not explain either weigh more than successes: where nothing changes, `r + failed` is the variance of their difference.
 */
function credit({ helped, hurt }: Counts, { hurtWeight, baseRate = 0.5 }: Reading): { r: number; s: number } {
  const [lowest, highest] = baseRateBounds
  const rate = Math.min(highest, Math.max(lowest, baseRate))
  const r = 2 * (1 - rate) * Math.max(0, helped)
  const failed = 2 * rate * Math.max(0, hurt)
  const explained = Math.min(failed, r + chanceDeviations * Math.sqrt(r + failed))
  return { r, s: explained + hurtWeight * (failed - explained) }
}

export function sumOf(a: Counts, b: Counts): Counts {
  return { helped: a.helped + b.helped, hurt: a.hurt + b.hurt }
}
