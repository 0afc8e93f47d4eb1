/**
 * The withheld control: of the recalls for a model a share is withheld at random, and how their tasks ended is held
 * against the others. Only recalls that had something to hand out are drawn, so that both sides are of the same kind.
 */

import type { Result } from '../../protocol/types.ts'
import {
  getRecall,
  outcomeOps,
  outcomes,
  type RecallOutcome,
  type RecallSide,
  type StoredRecall,
} from '../../store/recalls.ts'
import type { Worth } from '../api.ts'
import type { Ports } from '../ports.ts'
import type { BaseRates } from './base-rates.ts'
import { differenceOf, type Side } from './worth.ts'

export interface ControlDeps {
  readonly ports: Pick<Ports, 'random' | 'store'>
  /** Learns from the tasks of withheld recalls how such tasks end without a lesson. */
  readonly baseRates: BaseRates
  readonly share: number
  /** Recalls, and what was told of them, are forgotten after so many days. */
  readonly days: number
}

const drawn = 1_000_000

export class Control {
  readonly #deps: ControlDeps
  #given: Side = { solved: 0, failed: 0 }
  #withheld: Side = { solved: 0, failed: 0 }

  constructor(deps: ControlDeps) {
    this.#deps = deps
  }

  /** Counts what is stored: at start, and when old recalls were forgotten. */
  async load(): Promise<void> {
    this.#given = { solved: 0, failed: 0 }
    this.#withheld = { solved: 0, failed: 0 }
    this.#deps.baseRates.forget()
    for await (const one of outcomes(this.#deps.ports.store)) this.#count(one, 1)
  }

  /** In which side the next recall is; undefined where nothing is ever withheld. */
  draw(): RecallSide | undefined {
    const { ports, share } = this.#deps
    if (share === 0) return undefined
    return ports.random.below(drawn) < share * drawn ? 'withheld' : 'given'
  }

  /** How the task of a recall ended; told again, the last word counts. Not at the same time as another. */
  async tell(recall: StoredRecall, solved: boolean): Promise<Result<{ readonly counted: boolean }>> {
    const { store } = this.#deps.ports
    const { side, id } = recall
    if (side === undefined) return { ok: true, value: { counted: false } }
    const before = getRecall(store, id)?.solved
    await store.batch(outcomeOps(id, { side, solved }))
    if (before !== undefined) this.#count({ ...recall, side, solved: before }, -1)
    this.#count({ ...recall, side, solved }, 1)
    return { ok: true, value: { counted: true } }
  }

  /** Undefined where nothing is withheld, and nothing was. */
  worth(): Worth | undefined {
    const { days, share } = this.#deps
    const given = this.#given
    const withheld = this.#withheld
    if (share === 0 && withheld.solved + withheld.failed === 0) return undefined
    return { share, days, given, withheld, ...differenceOf(given, withheld) }
  }

  #count({ side, solved, withheld = [] }: RecallOutcome, by: 1 | -1): void {
    this.#deps.baseRates.count(withheld, solved, by)
    const before = side === 'given' ? this.#given : this.#withheld
    const after = solved
      ? { ...before, solved: before.solved + by }
      : { ...before, failed: before.failed + by }
    if (side === 'given') this.#given = after
    else this.#withheld = after
  }
}
