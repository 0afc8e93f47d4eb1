/** The swarms of a node: taken up, left, and what is done with what happens in them. */

import type { Descriptor, PeerId } from '../../protocol/types.ts'
import { removeSwarmOps, type StoredSwarm } from '../../store/swarms.ts'
import type { NodeEvent } from '../api.ts'
import type { NodeConfig } from '../config.ts'
import type { Ports } from '../ports.ts'
import type { Authors } from '../trust/authors.ts'
import type { Intake } from './intake.ts'
import type { KeptSet } from './kept-set.ts'
import type { StrangersRoom } from './strangers-room.ts'
import { Swarm } from './swarm.ts'
import type { SwarmEvents } from './swarm-events.ts'

export interface NodeSwarmsDeps {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly kept: KeptSet
  readonly authors: Authors
  readonly intake: Intake
  readonly strangersRoom: StrangersRoom
  readonly emit: (event: NodeEvent) => void
}

export class NodeSwarms {
  readonly #deps: NodeSwarmsDeps
  readonly #all: Swarm[] = []
  readonly #rejected = new Map<string, number>()

  constructor(deps: NodeSwarmsDeps) {
    this.#deps = deps
  }

  get all(): readonly Swarm[] {
    return this.#all
  }

  /** Records of peers that were not taken, by reason. */
  get rejected(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#rejected)
  }

  /** Reads a swarm back; it is not open yet. */
  async add(stored: StoredSwarm, descriptor: Descriptor): Promise<Swarm> {
    const { config, intake, kept, ports } = this.#deps
    const events = (added: Swarm): SwarmEvents => this.#events(added)
    const swarm = new Swarm({ ports, config, stored, descriptor, events })
    await swarm.load()
    this.#all.push(swarm)
    // What has left the replicated set while the node was off.
    const gone = [...kept.all()].filter(
      meta => meta.swarm === swarm.id && meta.shared && !swarm.announces(meta.author, meta.cid),
    )
    await ports.store.batch(intake.drop(swarm, gone))
    return swarm
  }

  async drop(swarm: Swarm): Promise<void> {
    const { intake, kept, ports } = this.#deps
    this.#all.splice(this.#all.indexOf(swarm), 1)
    await swarm.close()
    // While it waited for the answer it may have heard some of the swarm.
    const heard = [...kept.all()].filter(meta => meta.swarm === swarm.id)
    const ops = [...intake.drop(swarm, heard), ...(await removeSwarmOps(ports.store, swarm.id))]
    await ports.store.batch(ops)
  }

  #events(swarm: Swarm): SwarmEvents {
    const { authors, emit, intake, kept, strangersRoom } = this.#deps
    return {
      isKept: cid => kept.get(cid) !== undefined,
      hasRoomFor: author => strangersRoom.admitOrTurnAway(swarm, author),
      worth: digest => intake.worth(swarm, digest),
      onEntry: (entry, bytes, wanted) => intake.take(swarm, entry, bytes, wanted),
      onKnown: digest => intake.recheck(swarm, digest),
      onGone: (gone, retraction) => {
        // It may have ended a membership.
        if (retraction !== undefined) authors.changed()
        return intake.drop(swarm, gone)
      },
      onMismatch: (digest, reason) => intake.mismatch(swarm, digest, reason),
      onPeer: (peer, state) => {
        if (state === 'member') authors.changed()
        emit({ type: 'peer', peer, state })
      },
      onAttested: () => authors.attestedAnew(),
      onRefused: reason => {
        this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
      },
      score: peer => this.#gossipScore(swarm, peer),
    }
  }

  /** The application's part of the gossip score: a good forwarder whose lessons do not help is a good forwarder. */
  #gossipScore(swarm: Swarm, peer: PeerId): number {
    const { authors } = this.#deps
    const word = authors.wordOn(peer)
    if (word.blocked && word.blockedSince === undefined) return -100
    return authors.tierOf(peer, swarm.membership) === 'trusted' ? 5 : 0
  }
}
