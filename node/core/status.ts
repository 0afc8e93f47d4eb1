/** What a node says of itself and of its swarms. */

import type { NodeStatus, SwarmView } from '../api.ts'
import type { NodeConfig } from '../config.ts'
import type { Ports } from '../ports.ts'
import type { Answering } from './answering.ts'
import type { Catalogue } from './catalogue.ts'
import type { KeptSet } from './kept-set.ts'
import type { Learning } from './learning.ts'
import type { NodeSwarms } from './node-swarms.ts'
import type { Publishing } from './publishing.ts'
import type { RecallOutcomes } from './recall-outcomes.ts'
import type { Room } from './room.ts'
import type { Swarm } from './swarm.ts'

export interface StatusDeps {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly kept: KeptSet
  readonly answering: Answering
  readonly catalogue: Catalogue
  readonly learning: Learning
  readonly outcomes: RecallOutcomes
  readonly publishing: Publishing
  readonly room: Room
  readonly nodeSwarms: NodeSwarms
  readonly startedAt: number
}

export function statusOf(deps: StatusDeps): NodeStatus {
  const { config, kept, nodeSwarms, ports } = deps
  const { clock, distiller, embedder } = ports
  const worth = deps.outcomes.worth()
  return {
    startedAt: deps.startedAt,
    now: clock.now(),
    swarms: nodeSwarms.all.map(swarm => swarmViewOf(deps, swarm)),
    episodes: deps.learning.counts,
    entries: {
      ...deps.catalogue.counts(),
      capacity: config.capacityEntries,
      bytes: kept.bytes,
      capacityBytes: config.capacityBytes,
      evicted: deps.room.evicted,
    },
    fetch: {
      waiting: nodeSwarms.all.reduce((sum, swarm) => sum + swarm.waiting, 0),
      failed: nodeSwarms.all.reduce((sum, swarm) => sum + swarm.failed, 0),
    },
    rejected: nodeSwarms.rejected,
    recalls: deps.answering.recalls,
    ...(worth === undefined ? {} : { worth }),
    embedder: { space: embedder.space, dimensions: embedder.dimensions },
    distiller: distiller.id,
    ...(distiller.llm === undefined ? {} : { llm: distiller.llm() }),
  }
}

export function swarmViewOf(
  { kept, publishing }: Pick<StatusDeps, 'kept' | 'publishing'>,
  swarm: Swarm,
): SwarmView {
  const { name, visibility, founder, invite } = swarm.descriptor
  const { signedElsewhere } = swarm
  const memberUntil = swarm.membership.untilMs
  const entries = [...kept.authors(swarm.id).values()].reduce((sum, count) => sum + count, 0)
  const alone = swarm.alone()
  return {
    id: swarm.id,
    name,
    visibility,
    founder,
    self: swarm.self,
    invite,
    share: publishing.shareMode(swarm),
    members: swarm.members().length,
    peers: swarm.peers().length,
    records: swarm.set.ranges.size,
    entries,
    addresses: swarm.addresses(),
    ...(memberUntil === undefined ? {} : { memberUntil }),
    ...(signedElsewhere === 0 ? {} : { signedElsewhere }),
    ...(alone === undefined ? {} : { alone }),
  }
}
