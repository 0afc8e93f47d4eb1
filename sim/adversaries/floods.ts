/** Too much of what is valid: records, lessons, and what everybody has heard long ago. */

import { encodeRecordPage } from '../../protocol/range/page-messages.ts'
import { streamsOf, topicOf } from '../../protocol/swarm.ts'
import type { PeerId, SwarmRecord } from '../../protocol/types.ts'
import { happens, pick } from '../random.ts'
import type { Adversary } from './adversary.ts'
import type { Agent } from './agent.ts'

const pageRecords = 256
/** More than a neighbour's records are looked at in one go. */
const floodPages = 10
const gossipedAtOnce = 50
/** Beyond what a clock may be wrong by: such a record is checked, set aside, and held against nobody. */
const aheadS = 2_000

export const flooder: Adversary = {
  about:
    'sends more records than a node can check: to one neighbour all at once, to all of them again and again',
  strength: 0.02,
  begin: agent => {
    const flood = recordsAhead(agent, floodPages * pageRecords)
    agent.every(30_000, async () => {
      if (agent.victims.length === 0) return
      const victim = pick(agent.random, agent.victims)
      for (const page of pagesOf(flood)) await give(agent, victim, page)
    })
    agent.every(10_000, async () => {
      for (const record of recordsAhead(agent, gossipedAtOnce)) await agent.say(record)
    })
  },
}

export const spammer: Adversary = {
  about: 'publishes one valid and worthless lesson after the other, on every topic',
  strength: 0.02,
  begin: agent =>
    agent.every(1_500, () => {
      const { mark, lesson } = agent.lesson(agent.anyTopic())
      return agent.announce(lesson, mark, 'wrong')
    }),
}

export const replayer: Adversary = {
  about: 'says again what others have said, once it is forgotten that it was heard',
  strength: 0.02,
  begin: agent =>
    agent.every(1_000, async () => {
      const older = agent.heard.slice(0, agent.heard.length / 2)
      if (older.length === 0 || agent.victims.length === 0) return
      const record = pick(agent.random, older)
      if (happens(agent.random, 0.5)) await agent.network?.publish(topicOf(record), record.bytes)
      else await give(agent, pick(agent.random, agent.victims), encodeRecordPage({ records: [record.bytes] }))
    }),
}

/** Each a record of its own, validly signed; `t` tells them apart. */
export function recordsAhead(agent: Agent, count: number): readonly SwarmRecord[] {
  const from = agent.nowS + aheadS + agent.random.below(1_000_000)
  return Array.from({ length: count }, (_, at) =>
    agent.sign({ kind: 'retract', body: { before: agent.nowS } }, from + at),
  )
}

export function* pagesOf(records: readonly SwarmRecord[]): Generator<Uint8Array> {
  for (let from = 0; from < records.length; from += pageRecords)
    yield encodeRecordPage({ records: records.slice(from, from + pageRecords).map(({ bytes }) => bytes) })
}

export async function give(agent: Agent, victim: PeerId, page: Uint8Array): Promise<void> {
  await agent.ask(victim, streamsOf(agent.world.swarm).given, page)
}
