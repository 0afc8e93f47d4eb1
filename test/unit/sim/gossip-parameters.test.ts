import { type GossipsubOpts, gossipsub } from '@libp2p/gossipsub'
import { expect, it } from 'vitest'
import { floodPeersMax, gossipParameters, graylistScore } from '../../../node/adapters/gossip-parameters.ts'
import * as simulated from '../../../sim/network/gossip-parameters.ts'

/** What the real one makes of its parameters, with what it takes where they name nothing: no exported type has it. */
function gossipsubOptions(parameters: Partial<GossipsubOpts>): unknown {
  const components: unknown = { logger: { forComponent: () => () => undefined } }
  const service = gossipsub(parameters)(components as Parameters<ReturnType<typeof gossipsub>>[0])
  return (service as unknown as { readonly opts: unknown }).opts
}

it('simulated gossip has the figures of the real one', () => {
  const real = gossipParameters(
    ['a'],
    () => new Uint8Array(),
    () => 0,
  )
  const topic = real.scoreParams?.topics?.a
  const { meshDegree, ...own } = simulated
  expect(gossipsubOptions(real)).toMatchObject({
    D: meshDegree.wanted,
    Dlo: meshDegree.low,
    Dhi: meshDegree.high,
    Dlazy: own.lazyDegree,
    gossipFactor: own.lazyShare,
    heartbeatInterval: own.heartbeatMs,
    mcacheLength: own.historyLength,
    mcacheGossip: own.historyGossip,
    seenTTL: own.seenMs,
    pruneBackoff: own.backoffMs,
    gossipsubIWantFollowupMs: own.promiseMs,
  })
  const { score, thresholds, topicScoreCap } = simulated
  expect([simulated.floodPeersMax, thresholds.graylist]).toEqual([floodPeersMax, graylistScore])
  expect(real.scoreThresholds).toMatchObject({
    gossipThreshold: thresholds.gossip,
    publishThreshold: thresholds.publish,
    graylistThreshold: thresholds.graylist,
  })
  expect(real.scoreParams).toMatchObject({
    topicScoreCap,
    behaviourPenaltyWeight: score.behaviour.weight,
    behaviourPenaltyThreshold: score.behaviour.threshold,
    behaviourPenaltyDecay: score.behaviour.decay,
    decayToZero: score.decayToZero,
    retainScore: score.retainMs,
  })
  expect(topic).toMatchObject({
    timeInMeshWeight: score.timeInMesh.weight,
    timeInMeshQuantum: score.timeInMesh.quantumMs,
    timeInMeshCap: score.timeInMesh.cap,
    firstMessageDeliveriesWeight: score.firstDeliveries.weight,
    firstMessageDeliveriesDecay: score.firstDeliveries.decay,
    firstMessageDeliveriesCap: score.firstDeliveries.cap,
    invalidMessageDeliveriesWeight: score.invalid.weight,
    invalidMessageDeliveriesDecay: score.invalid.decay,
  })
})
