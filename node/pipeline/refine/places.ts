/** The places there are, in entries and bytes, and how many of them each author has. */

import type { PeerId } from '../../../protocol/types.ts'
import type { Budget, KeptFacts } from './policy.ts'

/** However many authors there are, one of them may have this share of the places before others go for it. */
const leastQuotaShare = 0.1

export class Places {
  readonly #budget: Budget
  readonly #ofAuthor = new Map<PeerId, { entries: number; bytes: number }>()
  #entries = 0
  #bytes = 0

  constructor(budget: Budget) {
    this.#budget = budget
  }

  get entries(): number {
    return this.#entries
  }

  get bytes(): number {
    return this.#bytes
  }

  get budget(): Budget {
    return this.#budget
  }

  hasRoomFor({ bytes }: KeptFacts): boolean {
    return this.#entries < this.#budget.entries && this.#bytes + bytes <= this.#budget.bytes
  }

  /** Whether its author would stay within this share of the budget. */
  isWithinQuota({ author, bytes }: KeptFacts, share: number): boolean {
    const has = this.#ofAuthor.get(author) ?? { entries: 0, bytes: 0 }
    const entriesMax = Math.max(1, this.#budget.entries * share)
    return has.entries + 1 <= entriesMax && has.bytes + bytes <= this.#budget.bytes * share
  }

  take(facts: KeptFacts): void {
    this.#add(facts, 1)
  }

  giveBack(facts: KeptFacts): void {
    this.#add(facts, -1)
  }

  #add({ author, bytes }: KeptFacts, sign: 1 | -1): void {
    this.#entries += sign
    this.#bytes += sign * bytes
    const has = this.#ofAuthor.get(author) ?? { entries: 0, bytes: 0 }
    this.#ofAuthor.set(author, { entries: has.entries + sign, bytes: has.bytes + sign * bytes })
  }
}

export function isOver({ entries, bytes, budget }: Places): boolean {
  return entries > budget.entries || bytes > budget.bytes
}

/** The share of one of so many authors: an equal one, but never less than a tenth. */
export function quotaShare(authors: number): number {
  return Math.max(leastQuotaShare, 1 / Math.max(1, authors))
}
