/**
 * More than one connection from one hostile machine: puppets, each with a key of its own that the machine has let in. They
 * surround a node, or speak to it before others do.
 */

import type { KeyPair } from '../../crypto/keys.ts'
import type { Network, SwarmLink } from '../../node/ports.ts'
import { decodeTaken } from '../../protocol/range/page-messages.ts'
import { streamsOf, topicOf } from '../../protocol/swarm.ts'
import type { PeerId, SwarmRecord } from '../../protocol/types.ts'
import { draw, pick } from '../random.ts'
import type { Adversary } from './adversary.ts'
import type { Agent } from './agent.ts'
import { pagesOf, recordsAhead } from './floods.ts'

/** With its other neighbours more than a node keeps. */
const puppetsMax = 60
const tendMs = 5_000
const racedVictims = 1
const floodRecords = 2_560

export const eclipse: Adversary = {
  about: `surrounds one node with ${puppetsMax} connections over which nothing comes`,
  strength: 0.02,
  begin: agent => {
    const victim = pick(agent.random, agent.world.correct)
    const puppets = new Puppets(agent, puppetsMax)
    agent.every(tendMs, () => puppets.tend([agent.world.peerOf(victim)]))
  },
}

export const racer: Adversary = {
  about:
    'fills its own queue at others, then says first what honest nodes say: it is set aside unread, and seen',
  strength: 0.02,
  begin: agent => {
    const victims = draw(agent.random, agent.world.correct, racedVictims).map(one => agent.world.peerOf(one))
    const puppets = new Puppets(agent, 1)
    const flood = [...pagesOf(recordsAhead(agent, floodRecords))]
    agent.every(tendMs, () => puppets.tend(victims))
    agent.every(1_000, async () => {
      for (const victim of victims) await fill(puppets, victim, flood)
    })
    agent.onHeard = record => agent.attempt(() => puppets.say(record))
  },
}

/** Until the victim looks at no more of what this puppet sends. */
async function fill(puppets: Puppets, victim: PeerId, flood: readonly Uint8Array[]): Promise<void> {
  for (const page of flood) {
    const answer = await puppets.give(victim, page)
    const taken = answer === undefined ? undefined : decodeTaken(answer)
    if (!taken?.ok || taken.value < 256) return
  }
}

class Puppets {
  readonly #agent: Agent
  readonly #count: number
  readonly #pairs: KeyPair[] = []
  #links: SwarmLink[] = []
  /** The machine's life in which they were opened: they end with it. */
  #boot = -1

  constructor(agent: Agent, count: number) {
    this.#agent = agent
    this.#count = count
  }

  /** Opens what is missing, and dials the victims where it is not connected with them. */
  async tend(victims: readonly PeerId[]): Promise<void> {
    const agent = this.#agent
    if (this.#boot !== agent.machine.boots) {
      this.#boot = agent.machine.boots
      for (const link of this.#links.splice(0)) await link.close()
    }
    while (this.#pairs.length < this.#count) this.#pairs.push(await agent.letIn())
    while (this.#links.length < this.#count) {
      const pair = this.#pairs[this.#links.length]
      const link = pair === undefined ? undefined : await agent.openPuppet(pair)
      if (link === undefined) return
      this.#links.push(link)
      this.#swallow(link.network)
    }
    for (const { network } of this.#links)
      for (const victim of victims)
        if (!network.peers().includes(victim)) agent.attempt(() => this.#dial(network, victim))
  }

  async say(record: SwarmRecord): Promise<void> {
    for (const { network } of this.#links) await network.publish(topicOf(record), record.bytes)
  }

  async give(victim: PeerId, page: Uint8Array): Promise<Uint8Array | undefined> {
    const [link] = this.#links
    if (link === undefined) return undefined
    return this.#agent.ask(victim, streamsOf(this.#agent.world.swarm).given, page, link.network)
  }

  /** Subscribed as a neighbour should be; nothing goes on from here. */
  #swallow(network: Network): void {
    for (const topic of this.#agent.topics)
      network.subscribe(topic, async () => ({ verdict: 'ignore', reason: 'swallowed' }))
  }

  async #dial(network: Network, victim: PeerId): Promise<void> {
    const machine = this.#agent.world.machineOf(victim)
    const addresses = machine === undefined ? undefined : this.#agent.world.view(machine)?.addresses
    if (addresses === undefined) return
    const patience = new AbortController()
    await network.dial(addresses, patience.signal)
  }
}
