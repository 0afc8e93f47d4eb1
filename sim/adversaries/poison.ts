/** Lessons that are wrong and look right: behind a good name, about one thing alone, or in another lesson's clothes. */

import type { NewEntry } from '../../node/api.ts'
import type { Entry } from '../../protocol/types.ts'
import { happens, pick } from '../random.ts'
import type { Adversary } from './adversary.ts'
import type { Agent } from './agent.ts'

const publishEveryMs = 15_000
/** Of the run, for which it earns the trust that it then spends. */
const honestShare = 0.4
const daySeconds = 86_400

export const camouflaged: Adversary = {
  about: 'publishes what is right until it is trusted, and what is wrong from then on',
  strength: 0.02,
  begin: (agent, { endMs }) => {
    const turnMs = agent.world.nowMs + honestShare * (endMs - agent.world.nowMs)
    agent.every(publishEveryMs, () => agent.publish(agent.anyTopic(), agent.world.nowMs < turnMs))
  },
}

export const poisoner: Adversary = {
  about: 'is right about everything but the one topic that is asked for most',
  strength: 0.02,
  begin: agent =>
    agent.every(publishEveryMs, () => {
      const [trigger] = agent.workload.topics
      const topic = happens(agent.random, 0.5) ? agent.anyTopic() : (trigger ?? agent.anyTopic())
      return agent.publish(topic, topic !== trigger)
    }),
}

export const plagiarist: Adversary = {
  about: 'announces others’ lessons as its own: the very same, and copies that are dated back',
  strength: 0.02,
  begin: agent =>
    agent.every(5_000, async () => {
      const found = await heardLesson(agent)
      if (found === undefined) return
      const { body } = found.digest.envelope
      // Its author's clock may be ahead.
      await agent.say(agent.sign({ kind: 'digest', body }, Math.max(agent.nowS, body.created)))
      const made = { ...lessonOf(found.entry), created: agent.nowS - daySeconds }
      await agent.announce(made, found.lesson.mark, found.lesson)
    }),
}

export const launderer: Adversary = {
  about: 'says the opposite in nearly the same words, and names the honest lesson as its origin',
  strength: 0.02,
  begin: agent =>
    agent.every(5_000, async () => {
      const found = await heardLesson(agent)
      if (found === undefined) return
      const lesson = lessonOf(found.entry)
      const insight = { ...lesson.insight, action: lesson.insight.action.replace('Use', 'Avoid') }
      const { cid } = found.digest.envelope.body
      const lineage = { parents: [cid], method: found.entry.lineage.method }
      await agent.announce({ ...lesson, insight, lineage, supersedes: cid }, found.lesson.mark, 'wrong')
    }),
}

/** A lesson of a correct node that this machine's own node has. */
async function heardLesson(agent: Agent) {
  const digests = agent.heard.filter(record => record.type === 'digest')
  if (digests.length === 0) return undefined
  const digest = pick(agent.random, digests)
  const { cid } = digest.envelope.body
  const found = await agent.machine.node?.entry(cid)
  const lesson = agent.workload.lessons.get(cid)
  if (!found?.ok || lesson === undefined) return undefined
  return { digest, entry: found.value.entry, lesson }
}

function lessonOf({ kind, domains, situation, insight }: Entry): NewEntry {
  return { kind, domains, situation, insight }
}
