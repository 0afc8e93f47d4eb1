/**
 * What a policy of refining is (behaviour.md, "Refine"): of the kept entries it says which go, so that the rest stays
 * within a budget of entries and bytes, and which of those that are not here would be worth a place. The policies are
 * interchangeable, and pure: equal inputs, in any order, give equal answers.
 */

import type { EntryCid, PeerId } from '../../../protocol/types.ts'
import type { Pause } from '../../../store/ports.ts'

/** What is known of an entry that a peer announces. */
export interface EntryFacts {
  readonly cid: EntryCid
  readonly author: PeerId
  /** Trust of its author, 0 to 1; 0 for a blocked one. */
  readonly trust: number
  /** Decayed outcomes of this entry here. */
  readonly helped: number
  readonly hurt: number
  /** Milliseconds. */
  readonly createdAt: number
}

export interface KeptFacts extends EntryFacts {
  /** Length of its block. */
  readonly bytes: number
  /** Own lessons never go: no peer has them for this node. They count towards the budget. */
  readonly isOwn: boolean
  /** How often it was handed out, and when last (milliseconds). */
  readonly uses: number
  readonly lastUsedAt?: number
}

export interface Budget {
  readonly entries: number
  readonly bytes: number
}

/** What this node asked for of late, and how near its entries are to that. */
export interface Demand {
  readonly queries: readonly Float32Array[]
  /** Writes the sketch of an entry's vector, as words; false where the entry has no vector in this space. */
  readonly copySketch: (cid: EntryCid, into: Uint32Array, at: number) => boolean
  readonly cosine: (cid: EntryCid, query: Float32Array) => number
}

export interface RefineInput {
  readonly facts: readonly KeptFacts[]
  readonly budget: Budget
  readonly nowMs: number
  readonly demand: Demand
  /** Chance as a value: the same one gives the same order. */
  readonly seed: number
  /** Told how many units of some microsecond were done; gives others their turn. */
  readonly pause: Pause
}

export interface Refined {
  /** The least worth a place first. */
  readonly evicted: readonly EntryCid[]
  /** Whether an entry that is not here would have been kept before those that went, or that would go next. */
  readonly isWorth: (unseen: EntryFacts, nowMs: number) => boolean
}

export type RefinePolicy = (input: RefineInput) => Promise<Refined>
