/** Words about others that are not so: praise among accomplices, and slander. */

import { attestCountMax } from '../../protocol/limits.ts'
import type { PeerId } from '../../protocol/types.ts'
import { pick } from '../random.ts'
import type { Adversary } from './adversary.ts'
import type { Agent } from './agent.ts'

/** Days that are spoken of: today and those before. */
const days = 10

export const colluder: Adversary = {
  about: 'publishes what is wrong, and attests that its fellows’ lessons have always helped',
  strength: 0.02,
  least: 2,
  begin: (agent, { fellows }) => {
    const others = fellows.filter(fellow => fellow !== agent)
    agent.every(5_000, () => attest(agent, pick(agent.random, others).self, 'helped'))
    agent.every(15_000, () => agent.publish(agent.anyTopic(), false))
  },
}

export const slanderer: Adversary = {
  about: 'attests that others’ lessons did nothing but harm, day for day',
  strength: 0.02,
  begin: agent =>
    agent.every(1_000, () =>
      attest(agent, agent.world.peerOf(pick(agent.random, agent.world.correct)), 'hurt'),
    ),
}

export async function attest(
  agent: Agent,
  subject: PeerId,
  said: 'helped' | 'hurt',
  pair = agent.pair,
): Promise<void> {
  const day = Math.floor(agent.nowS / 86_400) - agent.random.below(days)
  const none = { helped: 0, hurt: 0 }
  const body = { subject, day, ...none, [said]: attestCountMax }
  await agent.say(agent.sign({ kind: 'attest', body }, agent.nowS, pair))
}
