/** Questions and records that cost whoever answers far more than whoever asks. */

import { rangeSaltBytes, rangeSumBytes, secondsMax, situationCharsMax } from '../../protocol/limits.ts'
import { boundAt, spansUntil } from '../../protocol/range/bound.ts'
import { encodeRangeRequest } from '../../protocol/range/messages.ts'
import { decodeRecordPage, encodeWants } from '../../protocol/range/page-messages.ts'
import { packSegments, type Segment } from '../../protocol/range/segments.ts'
import { streamsOf } from '../../protocol/swarm.ts'
import { pick } from '../random.ts'
import type { Adversary } from './adversary.ts'
import type { Agent } from './agent.ts'
import { give, pagesOf, recordsAhead } from './floods.ts'

/** As many ranges as one request may name, nearly. */
const rangesAsked = 2_000
const floodRecords = 512
/** Pages of one neighbour, one after the other. */
const pagesTaken = 4

export const syncExhaustion: Adversary = {
  about: 'has all records handed out to it again and again',
  strength: 0.02,
  begin: agent =>
    agent.every(1_000, async () => {
      if (agent.victims.length === 0) return
      const victim = pick(agent.random, agent.victims)
      const salt = agent.random.bytes(rangeSaltBytes)
      const until = agent.nowS
      const { ranges, wants } = streamsOf(agent.world.swarm)
      const all = spansUntil(until).map((span): Segment => ({ ...span, mode: 'ids', ids: [] }))
      await agent.ask(victim, ranges, encodeRangeRequest({ salt, until, sample: true }, packSegments(all)))
      let from = boundAt(0)
      for (let page = 0; page < pagesTaken; page++) {
        const rest: Segment = { from, to: boundAt(2 * (secondsMax + 1)), mode: 'all' }
        const answer = await agent.ask(victim, wants, encodeWants(salt, packSegments([rest])))
        const read = answer === undefined ? undefined : decodeRecordPage(answer)
        if (!read?.ok || read.value.next === undefined) return
        from = read.value.next
      }
    }),
}

export const cpuExhaustion: Adversary = {
  about: 'asks for thousands of fingerprints at once, and sends what takes longest to check',
  strength: 0.02,
  begin: agent => {
    const costly = [...pagesOf(recordsAhead(agent, floodRecords))]
    agent.every(4_000, async () => {
      if (agent.victims.length === 0) return
      const victim = pick(agent.random, agent.victims)
      await agent.ask(victim, streamsOf(agent.world.swarm).ranges, manyFingerprints(agent))
      for (const page of costly) await give(agent, victim, page)
    })
    agent.every(10_000, () => longLesson(agent))
  },
}

function manyFingerprints(agent: Agent): Uint8Array {
  const until = agent.nowS
  const sum = new Uint8Array(rangeSumBytes).fill(1)
  const segments = Array.from({ length: rangesAsked }, (_, at): Segment => {
    const place = secondsMax + 1 + until - rangesAsked + at
    return { from: boundAt(place), to: boundAt(place + 1), mode: 'sum', sum }
  })
  const salt = agent.random.bytes(rangeSaltBytes)
  return encodeRangeRequest({ salt, until, sample: true }, packSegments(segments))
}

async function longLesson(agent: Agent): Promise<void> {
  const { mark, lesson } = agent.lesson(agent.anyTopic())
  let situation = lesson.situation
  while (situation.length < situationCharsMax - 10)
    situation += ` ${agent.random.below(2 ** 30).toString(36)}`
  await agent.announce({ ...lesson, situation: situation.slice(0, situationCharsMax).trim() }, mark, 'wrong')
}
