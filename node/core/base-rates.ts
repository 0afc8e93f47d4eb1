/**
 * What outcomes of lessons are read against here: the node's own rate of success, and that of the situations for which
 * the withheld control has seen tasks without a lesson. Only there is it known what a task without one would have been
 * handed out; a run without a recall is in no cluster, and one that a draft rests on did what the lesson says.
 */

import type { Day, EntryCid, PeerId } from '../../protocol/types.ts'
import type { Evidence } from '../../store/evidence.ts'
import type { StoredRecall } from '../../store/recalls.ts'
import type { Ports } from '../ports.ts'
import { clusterRate, meanRate } from '../trust/cluster-rate.ts'
import { baseRateOf } from './base-rate.ts'
import { today } from './today.ts'

export interface BaseRatesDeps {
  readonly ports: Ports
  readonly evidence: Evidence
}

interface Tasks {
  solved: number
  all: number
}

export class BaseRates {
  readonly #deps: BaseRatesDeps
  #ofNode = 0.5
  #readOn: Day = -1
  /** Tasks of recalls that were withheld, by the lessons on what they asked about. */
  readonly #unaided = new Map<PeerId, Map<EntryCid, Tasks>>()

  constructor(deps: BaseRatesDeps) {
    this.#deps = deps
  }

  get ofNode(): number {
    return this.#ofNode
  }

  /** In the situation of this lesson. */
  ofEntry(cid: EntryCid, author: PeerId): number {
    const unaided = this.#unaided.get(author)?.get(cid)
    return unaided === undefined ? this.#ofNode : clusterRate(unaided, this.#ofNode)
  }

  /** Over the outcomes that its lessons had here. */
  ofAuthor(author: PeerId): number {
    const cids = this.#unaided.get(author)
    if (cids === undefined) return this.#ofNode
    const { evidence, ports } = this.#deps
    const day = today(ports.clock)
    const parts = [...cids.keys()].map(cid => {
      const { helped, hurt } = evidence.ofEntry(cid, day)
      return { rate: this.ofEntry(cid, author), outcomes: helped + hurt }
    })
    const { helped, hurt } = evidence.ofAuthor(author, day)
    return meanRate(parts, helped + hurt, this.#ofNode)
  }

  /** Reads the node's own once a day: outcomes of a whole month do not change faster. Whether it was read. */
  async read(signal: AbortSignal): Promise<boolean> {
    const day = today(this.#deps.ports.clock)
    if (this.#readOn === day) return false
    this.#ofNode = await baseRateOf(this.#deps.ports, signal)
    this.#readOn = day
    return true
  }

  /** How a task ended for which these lessons were there and none was handed out; -1 takes back what was told before. */
  count(lessons: NonNullable<StoredRecall['withheld']>, solved: boolean, by: 1 | -1): void {
    for (const { author, cid } of lessons) {
      const ofAuthor = this.#unaided.get(author) ?? new Map<EntryCid, Tasks>()
      const tasks = ofAuthor.get(cid) ?? { solved: 0, all: 0 }
      tasks.all += by
      if (solved) tasks.solved += by
      this.#unaided.set(author, ofAuthor.set(cid, tasks))
    }
  }

  /** All that was counted: it is counted anew from what is stored. */
  forget(): void {
    this.#unaided.clear()
  }
}
