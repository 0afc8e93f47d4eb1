/**
 * How often tasks of one kind succeed without a lesson: what the outcomes of lessons on that situation are read against
 * (behaviour.md, "Evidence and trust"). A cluster with few outcomes says little, so its rate is drawn towards the node's
 * own: the mean of a beta posterior whose prior has the node's rate as its mean.
 */

/** Tasks of one kind in which no lesson was handed out. */
export interface Unaided {
  readonly solved: number
  readonly all: number
}

/** What the node's own rate weighs, in outcomes: as many of the cluster's own count as much. */
const nodeWeight = 20

export function clusterRate({ solved, all }: Unaided, nodeRate: number): number {
  return (solved + nodeWeight * nodeRate) / (all + nodeWeight)
}

/**
 * What all outcomes of an author are read against: the mean over them. The successes beyond it are as many as those beyond
 * the rates one by one, so nothing is lost by adding up first. `outcomes`: all of them, those in no known cluster too.
 */
export function meanRate(
  parts: Iterable<{ readonly rate: number; readonly outcomes: number }>,
  outcomes: number,
  nodeRate: number,
): number {
  let all = 0
  let beyond = 0
  for (const { rate, outcomes: some } of parts) {
    all += some
    beyond += some * (rate - nodeRate)
  }
  // What is told of an author alone is in no cluster; decayed sums may differ in their last bit.
  const among = Math.max(all, outcomes)
  return among === 0 ? nodeRate : Math.min(1, Math.max(0, nodeRate + beyond / among))
}
