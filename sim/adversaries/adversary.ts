/** What a kind of adversary is: what its machines' nodes do otherwise than they should, and what is done past them. */

import type { Network } from '../../node/ports.ts'
import type { Agent } from './agent.ts'

export interface Campaign {
  /** Machines of the same kind, this one included. */
  readonly fellows: readonly Agent[]
  /** When the run's minutes are over. Adversaries go on. */
  readonly endMs: number
}

export interface Adversary {
  /** For people. */
  readonly about: string
  /** Share of all machines, where it is not said. */
  readonly strength: number
  /** Machines without which there is no such attack. */
  readonly least?: number
  /** Its node's network, from when the machine starts: honest as long as the agent is. */
  readonly network?: (network: Network, agent: Agent) => Network
  readonly begin?: (agent: Agent, campaign: Campaign) => void
}
