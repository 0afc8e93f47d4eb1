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

/** Weight of the prior, in outcomes. */
const priorWeight = 2
/** Base rate of the prior of a stranger: nothing known is neither good nor bad. */
const strangerBaseRate = 0.5
/** Base rate of a peer next to the owner (pinned, inviter, invitee): it starts with a good name. */
export const friendBaseRate = 0.75

/** `hurtWeight`: how many successes one failure outweighs, 1 to 3. */
export function opinionOf(counts: Counts, hurtWeight: number, baseRate = strangerBaseRate): Opinion {
  const r = Math.max(0, counts.helped)
  const s = Math.max(0, counts.hurt) * hurtWeight
  const total = r + s + priorWeight
  return { expected: (r + baseRate * priorWeight) / total, uncertainty: priorWeight / total / 2 }
}
