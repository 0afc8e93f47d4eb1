/**
 * The withheld control: of the recalls for a model a share is withheld at random, and how their tasks ended is held
 * against the others. Only recalls that had something to hand out are drawn, so that both arms are of the same kind.
 */

import type { Result } from '../../protocol/types.ts'
import { getRecall, outcomeOps, outcomes, type RecallArm, type StoredRecall } from '../../store/recalls.ts'
import type { Worth } from '../api.ts'
import type { Ports } from '../ports.ts'
import { type Arm, differenceOf } from './worth.ts'

export interface ControlDeps {
  readonly ports: Pick<Ports, 'random' | 'store'>
  readonly share: number
  /** Recalls, and what was told of them, are forgotten after so many days. */
  readonly days: number
}

const drawn = 1_000_000

export class Control {
  readonly #deps: ControlDeps
  #given: Arm = { solved: 0, failed: 0 }
  #withheld: Arm = { solved: 0, failed: 0 }

  constructor(deps: ControlDeps) {
    this.#deps = deps
  }

  /** Counts what is stored: at start, and when old recalls were forgotten. */
  async load(): Promise<void> {
    this.#given = { solved: 0, failed: 0 }
    this.#withheld = { solved: 0, failed: 0 }
    for await (const { arm, solved } of outcomes(this.#deps.ports.store)) this.#count(arm, solved, 1)
  }

  /** In which arm the next recall is; undefined where nothing is ever withheld. */
  draw(): RecallArm | undefined {
    const { ports, share } = this.#deps
    if (share === 0) return undefined
    return ports.random.below(drawn) < share * drawn ? 'withheld' : 'given'
  }

  /** How the task of a recall ended; told again, the last word counts. Not at the same time as another. */
  async tell(recall: StoredRecall, solved: boolean): Promise<Result<{ readonly counted: boolean }>> {
    const { store } = this.#deps.ports
    const { arm, id } = recall
    if (arm === undefined) return { ok: true, value: { counted: false } }
    const before = getRecall(store, id)?.solved
    await store.batch(outcomeOps(id, { arm, solved }))
    if (before !== undefined) this.#count(arm, before, -1)
    this.#count(arm, solved, 1)
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

  #count(arm: RecallArm, solved: boolean, by: 1 | -1): void {
    const before = arm === 'given' ? this.#given : this.#withheld
    const after = solved
      ? { ...before, solved: before.solved + by }
      : { ...before, failed: before.failed + by }
    if (arm === 'given') this.#given = after
    else this.#withheld = after
  }
}
