/** What a node is made of, tied together: nothing here is open or read yet, and nothing has begun. */

import { decay, type Evidence } from '../../store/evidence.ts'
import type { allWords } from '../../store/words.ts'
import type { NodeEvent } from '../api.ts'
import type { NodeConfig } from '../config.ts'
import type { RedactionRules } from '../pipeline/redact.ts'
import type { Ports } from '../ports.ts'
import { Authors } from '../trust/authors.ts'
import { Answering } from './answering.ts'
import { BaseRates } from './base-rates.ts'
import { Catalogue } from './catalogue.ts'
import { Intake } from './intake.ts'
import { Joining } from './joining.ts'
import type { KeptSet } from './kept-set.ts'
import { Learning } from './learning.ts'
import { Listeners } from './listeners.ts'
import { NodeSwarms } from './node-swarms.ts'
import { Owner } from './owner.ts'
import { Publishing } from './publishing.ts'
import { RecallOutcomes } from './recall-outcomes.ts'
import { RecentQueries } from './recent-queries.ts'
import { Room } from './room.ts'
import { OwnLessons } from './shadow.ts'
import { StrangersRoom } from './strangers-room.ts'
import type { Swarm } from './swarm.ts'
import { TakingBack } from './taking-back.ts'
import { today } from './today.ts'

export interface PartsInput {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly rules: RedactionRules
  readonly kept: KeptSet
  readonly evidence: Evidence
  readonly words: Awaited<ReturnType<typeof allWords>>
  /** Aborts when the node stops. */
  readonly signal: AbortSignal
}

export type Parts = ReturnType<typeof createParts>

export function createParts({ ports, config, rules, kept, evidence, words, signal }: PartsInput) {
  const listeners = new Listeners(ports.log)
  // What asks for the swarms does so later, when they are there.
  const swarms = (): readonly Swarm[] => nodeSwarms.all
  const emit = (event: NodeEvent): void => listeners.tell(event)
  const baseRates = new BaseRates({ ports, evidence })
  const authors = new Authors(words, {
    reading: author => ({
      hurtWeight: config.hurtWeight,
      baseRate: author === undefined ? baseRates.ofNode : baseRates.ofAuthor(author),
    }),
    countsOf: (author, day) => evidence.ofAuthor(author, day),
    decay,
    now: () => ports.clock.now(),
    today: () => today(ports.clock),
  })
  const queries = new RecentQueries(ports.random.fork('recent queries'))
  const { capacityEntries, retentionDays } = config
  const strangersRoom = new StrangersRoom({ capacityEntries, kept, authors, swarms })
  const shared = { ports, config, kept, evidence, authors, queries, baseRates, strangersRoom, swarms, emit }
  const room = new Room(shared)
  const outcomes = new RecallOutcomes(shared)
  const ownLessons = new OwnLessons({ ...shared, outcomes, signal })
  const takingBack = new TakingBack(shared)
  const publishing = new Publishing({
    ...shared,
    takingBack,
    emit: event => {
      emit(event)
      if (event.type === 'entry') ownLessons.found(event.cid)
    },
    onKept: () => room.make(),
  })
  const learning = new Learning({ ...shared, rules, retentionDays, publishing, takingBack })
  const intake = new Intake({ ...shared, outcomes, room, queueLimit: capacityEntries })
  const nodeSwarms = new NodeSwarms({ ...shared, intake })
  return {
    ...shared,
    listeners,
    room,
    outcomes,
    ownLessons,
    publishing,
    learning,
    intake,
    nodeSwarms,
    answering: new Answering({ ...shared, outcomes }),
    owner: new Owner(shared),
    catalogue: new Catalogue({ ...shared, learning, publishing }),
    joining: new Joining({
      ports,
      swarms,
      open: async (found, descriptor) => {
        const swarm = await nodeSwarms.add(found, descriptor)
        await swarm.open()
        return swarm
      },
      drop: swarm => nodeSwarms.drop(swarm),
    }),
    startedAt: ports.clock.now(),
  }
}
