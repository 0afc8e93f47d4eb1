/** Many names for one machine: identities that it lets in itself, at once or one after the other. */

import type { KeyPair } from '../../crypto/keys.ts'
import { peerOf } from '../../protocol/identity.ts'
import type { Adversary } from './adversary.ts'
import { attest } from './attesting.ts'

const identities = 8
/** Identities that say the same, as if they bore each other out. */
const agreeing = 3

export const sybil: Adversary = {
  about: `lets in ${identities} identities of its own, which say the same and praise each other`,
  strength: 0.02,
  begin: agent => {
    const names: KeyPair[] = []
    agent.every(3_000, async () => {
      if (names.length >= identities) return
      const added = await agent.letIn()
      for (const other of names) {
        await attest(agent, peerOf(other.publicKey), 'helped', added)
        await attest(agent, peerOf(added.publicKey), 'helped', other)
      }
      names.push(added)
    })
    agent.every(20_000, async () => {
      if (names.length < agreeing) return
      const { mark, lesson } = agent.lesson(agent.anyTopic())
      const from = agent.random.below(names.length)
      for (let at = 0; at < agreeing; at++)
        await agent.announce(lesson, mark, 'wrong', names[(from + at) % names.length])
    })
  },
}

export const whitewasher: Adversary = {
  about: 'publishes what is wrong, and comes back under a new name every minute',
  strength: 0.02,
  begin: agent => {
    let name = agent.pair
    agent.every(60_000, async () => {
      name = await agent.letIn()
    })
    agent.every(15_000, () => {
      const { mark, lesson } = agent.lesson(agent.anyTopic())
      return agent.announce(lesson, mark, 'wrong', name)
    })
  },
}
