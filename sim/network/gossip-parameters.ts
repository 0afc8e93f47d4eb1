/**
 * The figures of gossip, as the real one has them: `node/adapters/gossip-parameters.ts`, and gossipsub's own defaults
 * where that names none. A test holds the two to each other.
 */

export const meshDegree = { wanted: 6, low: 4, high: 12 }
/** Neighbours outside the mesh that are told what there is: at least so many, and this share. */
export const lazyDegree = 6
export const lazyShare = 0.25
export const heartbeatMs = 1_000
/** Heartbeats for which a message can be asked for, and for which it is told of. */
export const historyLength = 5
export const historyGossip = 3
export const seenMs = 120_000
/** A peer that was pruned, or that pruned this node, is not grafted for so long. */
export const backoffMs = 60_000
/** What was asked for must come within this. */
export const promiseMs = 3_000
export const floodPeersMax = 30
/** Of one id in an offer or a wish. */
export const idBytes = 20
/** Ids in one offer. */
export const offeredMax = 5_000
export const topicScoreCap = 26
export const score = {
  timeInMesh: { weight: 0.01, quantumMs: 1_000, cap: 300 },
  firstDeliveries: { weight: 0.2, decay: 0.99, cap: 50 },
  invalid: { weight: -20, decay: 0.9995 },
  behaviour: { weight: -10, threshold: 6, decay: 0.9 },
  decayToZero: 0.01,
  retainMs: 3_600_000,
}
export const thresholds = { gossip: -10, publish: -50, graylist: -80 }
