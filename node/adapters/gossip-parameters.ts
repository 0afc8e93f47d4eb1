/**
 * The parameters of gossipsub, as documented data. SPEC section "Gossip" gives the same figures. Scoring is set for
 * each topic, for the library's defaults never punish a peer that sends junk.
 */

import type { GossipsubOpts } from '@libp2p/gossipsub'

/** Below it, nothing of the peer is read any more, and its connection is closed. */
export const graylistScore = -80
/** A publisher sends to every subscriber it knows up to so many, and to its mesh alone above. */
export const floodPeersMax = 30

export function gossipParameters(
  topics: readonly string[],
  messageId: (bytes: Uint8Array) => Uint8Array,
  applicationScore: (libp2pId: string) => number,
): Partial<GossipsubOpts> {
  return {
    // The envelope carries the one signature that counts.
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: message => messageId(message.data),
    allowedTopics: [...topics],
    fallbackToFloodsub: false,
    emitSelf: false,
    // Peers are exchanged by a protocol of the swarm's own (SPEC, "Peers"): gossipsub does it only when it prunes.
    doPX: false,
    floodPublish: true,
    // A node alone publishes too; whoever comes later catches up.
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    runOnLimitedConnection: true,
    maxInboundDataLength: 1024 * 1024,
    maxOutboundBufferSize: 4 * 1024 * 1024,
    // 256 messages of 512 bytes are four times what a neighbour sends in a heartbeat at full load.
    decodeRpcLimits: {
      maxSubscriptions: 64,
      maxMessages: 256,
      maxIhaveMessageIDs: 5_000,
      maxIwantMessageIDs: 5_000,
      maxIdontwantMessageIDs: 5_000,
      maxControlMessages: 64,
      maxPeerInfos: 16,
    },
    scoreParams: scoreParameters(topics, applicationScore),
    scoreThresholds: {
      gossipThreshold: -10,
      publishThreshold: -50,
      graylistThreshold: graylistScore,
      // gossipsub would dial whatever a neighbour of good standing names when it prunes, unsigned and without a bound.
      acceptPXThreshold: Number.MAX_VALUE,
    },
  }
}

function scoreParameters(topics: readonly string[], applicationScore: (libp2pId: string) => number) {
  const topic = {
    topicWeight: 1,
    // P1: 0.01 for each second in the mesh, up to 3.
    timeInMeshWeight: 0.01,
    timeInMeshQuantum: 1_000,
    timeInMeshCap: 300,
    // P2: 0.2 for each message it was first with, up to 10.
    firstMessageDeliveriesWeight: 0.2,
    firstMessageDeliveriesDecay: 0.99,
    firstMessageDeliveriesCap: 50,
    // P3 and P3b: a quiet swarm is no fault of a neighbour.
    meshMessageDeliveriesWeight: 0,
    meshFailurePenaltyWeight: 0,
    // P4: −20 for the square of rejected messages: the third one within minutes graylists.
    invalidMessageDeliveriesWeight: -20,
    invalidMessageDeliveriesDecay: 0.9995,
  }
  return {
    topics: Object.fromEntries(topics.map(name => [name, createTopic(topic)])),
    // What P1 and P2 of two topics can give; many topics must not buy off rejected messages.
    topicScoreCap: 26,
    // P5: the owner's word. How useful an author's lessons are says nothing about it as a forwarder.
    appSpecificScore: applicationScore,
    appSpecificWeight: 1,
    // P6: off. An office has one address for fifty honest nodes, and the square of their number would graylist them all.
    // What it is for is done where connections are counted: strangers from a crowded address go first (crowd.ts).
    IPColocationFactorWeight: 0,
    IPColocationFactorThreshold: 1,
    // P7: broken promises and grafts out of turn.
    behaviourPenaltyWeight: -10,
    behaviourPenaltyThreshold: 6,
    behaviourPenaltyDecay: 0.9,
    decayInterval: 1_000,
    decayToZero: 0.01,
    retainScore: 3_600_000,
  }
}

/** gossipsub wants every field; those that the weights above switch off hold its own defaults. */
function createTopic<T extends object>(set: T) {
  return {
    meshMessageDeliveriesDecay: 0.5,
    meshMessageDeliveriesCap: 100,
    meshMessageDeliveriesThreshold: 20,
    meshMessageDeliveriesWindow: 10,
    meshMessageDeliveriesActivation: 5_000,
    meshFailurePenaltyDecay: 0.5,
    ...set,
  }
}
