/**
 * What came of recalls: remembers what each handed out, or withheld, and counts what is told of it later, for the entries
 * and authors that it was about.
 */

import { secondsPerDay } from '../../protocol/body.ts'
import type { Day, EntryCid, Result } from '../../protocol/types.ts'
import type { Evidence, Feedback } from '../../store/evidence.ts'
import type { StoreOp } from '../../store/ports.ts'
import {
  forgetRecallsOps,
  getRecall,
  putRecallOps,
  type RecallSide,
  type StoredRecall,
} from '../../store/recalls.ts'
import type { FeedbackOutcome, FeedbackReport, NodeEvent, Worth } from '../api.ts'
import type { NodeConfig } from '../config.ts'
import type { Ports } from '../ports.ts'
import { createTurns } from '../queue.ts'
import type { Authors } from '../trust/authors.ts'
import type { BaseRates } from './base-rates.ts'
import { Control } from './control.ts'
import type { KeptSet } from './kept-set.ts'
import type { Swarm } from './swarm.ts'
import { today } from './today.ts'

export interface RecallOutcomesDeps {
  readonly ports: Ports
  readonly config: NodeConfig
  readonly kept: KeptSet
  readonly evidence: Evidence
  readonly authors: Authors
  readonly baseRates: BaseRates
  readonly swarms: () => readonly Swarm[]
  readonly emit: (event: NodeEvent) => void
}

/** Recalls are forgotten after this many days; the evidence from them stays. */
const recallDays = 30

export class RecallOutcomes {
  readonly #deps: RecallOutcomesDeps
  /** Recalls on their way to the disk. */
  readonly #unwritten = new Map<string, StoredRecall>()
  readonly #writes = new Set<Promise<void>>()
  /** Counts are read, changed and written: two changes at once would lose one. */
  readonly #inTurn = createTurns()
  readonly #control: Control

  constructor(deps: RecallOutcomesDeps) {
    this.#deps = deps
    const { baseRates, config, ports } = deps
    this.#control = new Control({ ports, baseRates, share: config.controlShare, days: recallDays })
  }

  load(): Promise<void> {
    return this.#control.load()
  }

  worth(): Worth | undefined {
    return this.#control.worth()
  }

  /** In which side the next recall is; undefined where nothing is ever withheld. */
  drawSide(): RecallSide | undefined {
    return this.#control.draw()
  }

  /** So that it is found again; the answer does not wait for the disk. */
  remember(recall: StoredRecall, ops: readonly StoreOp[]): void {
    const { store, log } = this.#deps.ports
    this.#unwritten.set(recall.id, recall)
    const writing = store
      .batch(ops)
      .catch((cause: unknown) =>
        log('error', 'A recall could not be noted; feedback on it is lost.', { cause: String(cause) }),
      )
      .finally(() => {
        this.#unwritten.delete(recall.id)
        this.#writes.delete(writing)
      })
    this.#writes.add(writing)
  }

  /** Outcomes for what was handed out; without `item`, for the one item that it had. */
  feedback(recallId: string, outcome: FeedbackOutcome, item?: EntryCid): Promise<Result<FeedbackReport>> {
    return this.#inTurn(() => this.#feedback(recallId, outcome, item))
  }

  /** How the task of a recall ended. */
  outcome(recallId: string, solved: boolean): Promise<Result<{ readonly counted: boolean }>> {
    return this.#inTurn(async () => {
      const recall = this.#recallOf(recallId)
      if (recall === undefined) return unknownRecall(recallId)
      const told = await this.#control.tell(recall, solved)
      if (recall.withheld !== undefined) this.#deps.authors.changed()
      return told
    })
  }

  /** Evidence of another kind than an owner's feedback. */
  note(told: Feedback): Promise<void> {
    return this.#inTurn(() => this.#note(told))
  }

  async forgetOld(): Promise<void> {
    const { store, clock } = this.#deps.ports
    const today = this.#today()
    await store.batch(this.#deps.evidence.pruneOps(today))
    for (let before = clock.now() - recallDays * secondsPerDay * 1000, found = 0; ; found++) {
      const ops = await forgetRecallsOps(store, before, 200)
      await store.batch(ops)
      if (ops.length > 0) continue
      if (found === 0) return
      await this.#inTurn(() => this.#control.load())
      this.#deps.authors.changed()
      return
    }
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => undefined)
    await Promise.all(this.#writes)
  }

  async #feedback(
    recallId: string,
    outcome: FeedbackOutcome,
    item?: EntryCid,
  ): Promise<Result<FeedbackReport>> {
    const { authors, kept, ports } = this.#deps
    const recall = this.#recallOf(recallId)
    if (recall === undefined) return unknownRecall(recallId)
    const only = recall.items.length === 1 ? recall.items[0]?.cid : undefined
    const cid = item ?? only
    if (cid === undefined) {
      return {
        ok: false,
        code: 'which-item',
        message: `That recall handed out ${recall.items.length} lessons. Say which one the answer used: --item CID.`,
      }
    }
    const handed = recall.items.find(one => one.cid === cid)
    if (handed === undefined)
      return {
        ok: false,
        code: 'not-handed-out',
        message: `${cid} was not among the lessons of that recall.`,
      }
    const { author } = handed
    const own = this.#deps.swarms().some(swarm => swarm.self === author)
    await this.#note({ recallId, cid, author, outcome, day: this.#today() })
    const swarm = this.#deps.swarms().find(one => one.id === handed.swarm)
    const standing = swarm === undefined ? undefined : authors.standing(author, swarm.membership)
    if (standing !== undefined && !own)
      this.#deps.emit({ type: 'trust', peer: author, tier: standing.tier, trust: standing.trust })
    ports.log('debug', 'Feedback.', { recallId, cid, outcome, kept: kept.get(cid) !== undefined })
    return { ok: true, value: { counted: [{ cid, author, trust: standing?.trust ?? 0 }] } }
  }

  #recallOf(id: string): StoredRecall | undefined {
    return this.#unwritten.get(id) ?? getRecall(this.#deps.ports.store, id)
  }

  async #note(told: Feedback): Promise<void> {
    const { authors, evidence, ports } = this.#deps
    const change = evidence.feedback(told)
    // Evidence that no recall stands behind is forgotten like one.
    const ops =
      told.authorOnly || told.shadow
        ? putRecallOps({ id: told.recallId, at: ports.clock.now(), items: [] }, '')
        : []
    await ports.store.batch([...change.ops, ...ops])
    change.apply()
    authors.changed()
  }

  #today(): Day {
    return today(this.#deps.ports.clock)
  }
}

function unknownRecall(id: string): Result<never> {
  return {
    ok: false,
    code: 'unknown-recall',
    message: `There is no recall ${id}: feedback is possible for ${recallDays} days, on what was handed out.`,
  }
}
