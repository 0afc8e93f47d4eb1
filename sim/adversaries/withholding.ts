/** Machines that take part and keep to themselves what others need of them. */

import type { Network } from '../../node/ports.ts'
import { decodeRecord } from '../../protocol/envelope.ts'
import { decodeRecordPage, encodeRecordPage } from '../../protocol/range/page-messages.ts'
import { streamsOf } from '../../protocol/swarm.ts'
import { altered } from '../altered.ts'
import { NetworkFailure } from '../network/failure.ts'
import { blockProtocol } from '../network/link.ts'
import { pick } from '../random.ts'
import type { Adversary } from './adversary.ts'
import type { Agent } from './agent.ts'

type Handler = Parameters<Network['serve']>[2]

export const freeRider: Adversary = {
  about: 'takes what others give, and passes on, hands out and serves nothing',
  strength: 0.02,
  network: (network, agent) =>
    altered(network, {
      subscribe: (topic, handler) =>
        network.subscribe(topic, async (bytes, from) => {
          const verdict = await handler(bytes, from)
          return agent.isHostile ? { verdict: 'ignore', reason: 'not my business' } : verdict
        }),
      serve: (protocol, options, handler) => {
        // Who does not even say who it is is no member to anybody.
        if (protocol === streamsOf(agent.world.swarm).hello) return network.serve(protocol, options, handler)
        return network.serve(protocol, options, unlessHostile(agent, handler))
      },
    }),
  begin: agent => refuseBlocks(agent),
}

export const announcer: Adversary = {
  about: 'announces lessons and never serves them: whoever asks waits in vain',
  strength: 0.02,
  begin: agent => {
    refuseBlocks(agent)
    agent.every(5_000, async () => {
      const { mark, lesson } = agent.lesson(agent.anyTopic())
      const { cid } = await agent.announce(lesson, mark, 'wrong')
      agent.blocks.delete(cid)
    })
  },
}

export const hider: Adversary = {
  about: 'passes on nothing of one node, and says that its records are missing',
  strength: 0.02,
  network: (network, agent) =>
    altered(network, {
      subscribe: (topic, handler) =>
        network.subscribe(topic, async (bytes, from) => {
          const verdict = await handler(bytes, from)
          return isHidden(agent, bytes) ? { verdict: 'ignore', reason: 'hidden' } : verdict
        }),
      serve: (protocol, options, handler) => {
        if (protocol !== streamsOf(agent.world.swarm).wants) return network.serve(protocol, options, handler)
        return network.serve(protocol, options, async (bytes, from, signal) => {
          const answer = await handler(bytes, from, signal)
          const page = decodeRecordPage(answer)
          if (!page.ok) return answer
          const records = page.value.records.filter(record => !isHidden(agent, record))
          return encodeRecordPage({ ...page.value, records })
        })
      },
    }),
  begin: agent => {
    agent.target = agent.world.peerOf(pick(agent.random, agent.world.correct))
  },
}

function isHidden(agent: Agent, bytes: Uint8Array): boolean {
  if (!agent.isHostile || agent.target === undefined) return false
  const read = decodeRecord(bytes, agent.world.swarm)
  return read.ok && read.author === agent.target
}

function unlessHostile(agent: Agent, handler: Handler): Handler {
  return async (bytes, from, signal) => {
    if (agent.isHostile) throw new NetworkFailure('peer-refused', 'It answers to nobody.')
    return handler(bytes, from, signal)
  }
}

/** Now, and each time its node has started anew. */
function refuseBlocks(agent: Agent): void {
  const refuse = (network: Network): void => {
    network.serve(blockProtocol, { maxBytes: 100, perPeer: 256 }, (_bytes, _from, gone) => never(gone))
  }
  const { network } = agent
  if (network !== undefined) refuse(network)
  agent.onOpened = refuse
}

function never(gone: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    gone.addEventListener('abort', () => reject(gone.reason), { once: true })
  })
}
