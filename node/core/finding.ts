/**
 * How a swarm finds more of its members once it knows one: by rendezvous in the DHT, and by asking neighbours for theirs.
 * Both stop at the same number of neighbours.
 */

import type { PeerId, SwarmId } from '../../protocol/types.ts'
import { createPeerExchange, type PeerExchange } from '../pipeline/peer-exchange.ts'
import { keepRendezvous } from '../pipeline/rendezvous.ts'
import type { Clock, Discovery, Log, Network, Random } from '../ports.ts'

export interface FindingDeps {
  readonly swarm: SwarmId
  readonly shards: number
  readonly network: Network
  readonly discovery: Discovery | undefined
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly isMember: (peer: PeerId) => boolean
  readonly signal: AbortSignal
}

/** Enough neighbours for gossip's mesh, and as many connections as a node should have opened itself. */
const enoughPeers = 8

export class Finding {
  readonly #deps: FindingDeps
  readonly #exchange: PeerExchange | undefined

  constructor(deps: FindingDeps) {
    this.#deps = deps
    const { discovery } = deps
    this.#exchange = discovery && createPeerExchange({ ...deps, discovery, enoughPeers })
  }

  /** Asks a member that was just met for others. */
  async ask(peer: PeerId): Promise<void> {
    await this.#exchange?.ask(peer)
  }

  /** Goes on until the signal aborts. */
  async keepOn(): Promise<void> {
    const { signal } = this.#deps
    await Promise.all([keepRendezvous({ ...this.#deps, enoughPeers }, signal), this.#exchange?.keepAsking()])
  }

  readonly stop = (): void => this.#exchange?.stop()
}
