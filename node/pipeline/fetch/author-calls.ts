/**
 * Whom to dial for entries that no neighbour has: their authors, one at a time and not often, whatever is announced. Whoever
 * announces entries under many names and lets nobody have them shall neither make a node dial all the time nor keep other
 * authors from being called: those behind one invitation take turns with those behind each other one. Pure.
 */

import type { PeerId } from '../../../protocol/types.ts'

export interface Callable {
  readonly author: PeerId
  /** Who let it in; whose names take turns. */
  readonly inviter: PeerId | undefined
}

interface Call {
  readonly group: PeerId
  readonly atMs: number
  /** In a row, without an entry. */
  readonly count: number
}

/** From one call in vain to the next of the same author; it doubles up to as long as a peer is not dialled again on another's word. */
const waitMsMin = 60_000
const waitMsMax = 600_000
/** Authors whose calls are remembered; the one called longest ago is forgotten, long after its wait is over. */
const rememberedMax = 1_024

export class AuthorCalls {
  /** Last called last. */
  readonly #calls = new Map<PeerId, Call>()

  /** The one to call now: of who was let in by whom it is longest ago that anybody was called, who was not for longest. */
  next(callable: Iterable<Callable>, nowMs: number): PeerId | undefined {
    const lastMs = new Map<PeerId, number>()
    for (const { atMs, group } of this.#calls.values()) lastMs.set(group, atMs)
    let next: Callable | undefined
    const isBefore = (a: Callable, b: Callable): boolean => {
      const groups = (lastMs.get(groupOf(a)) ?? 0) - (lastMs.get(groupOf(b)) ?? 0)
      return groups < 0 || (groups === 0 && this.#calledMs(a) < this.#calledMs(b))
    }
    for (const one of callable)
      if (this.#mayCall(one.author, nowMs) && (next === undefined || isBefore(one, next))) next = one
    if (next === undefined) return undefined
    this.#remember(next, nowMs)
    return next.author
  }

  /** It delivered: it may be called again as soon as it is its turn and something else is missing. */
  delivered(author: PeerId): void {
    const call = this.#calls.get(author)
    // That it was called stands: whoever delivers one entry a call would else be first each time.
    if (call !== undefined) this.#calls.set(author, { ...call, count: 0 })
  }

  #mayCall(author: PeerId, nowMs: number): boolean {
    const call = this.#calls.get(author)
    if (call === undefined || call.count === 0) return true
    // A clock that was set back makes nobody wait for it to come round again.
    return Math.abs(nowMs - call.atMs) >= Math.min(waitMsMin * 2 ** (call.count - 1), waitMsMax)
  }

  #calledMs({ author }: Callable): number {
    return this.#calls.get(author)?.atMs ?? 0
  }

  #remember(called: Callable, atMs: number): void {
    const count = (this.#calls.get(called.author)?.count ?? 0) + 1
    this.#calls.delete(called.author)
    const [oldest] = this.#calls.keys()
    if (this.#calls.size >= rememberedMax && oldest !== undefined) this.#calls.delete(oldest)
    this.#calls.set(called.author, { group: groupOf(called), atMs, count })
  }
}

function groupOf({ author, inviter }: Callable): PeerId {
  return inviter ?? author
}
