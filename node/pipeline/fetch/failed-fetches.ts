/**
 * Fetches that failed, how often, and when each is due again: a few times soon, and then rarely, so that what nobody has
 * costs little, however much of it is announced, and still is had when somebody has it again. Bounded, and the bound is
 * shared among authors. Pure: the time, and whether a try finds room, arrive as arguments.
 */

import type { DigestRecord, PeerId, RecordId } from '../../../protocol/types.ts'

export interface Wanted {
  readonly digest: DigestRecord
  /** The neighbour that announced it. */
  readonly from: PeerId | undefined
}

/** Queues it once more; false when there is no room now. */
export type TryAgain = (wanted: Wanted) => boolean

export type Pace = 'soon' | 'rarely'

interface Failed {
  readonly wanted: Wanted
  readonly tries: number
  /** Of these, since a peer came up last. */
  recent: number
  /** Milliseconds; infinite while it is tried. */
  dueAt: number
}

/** Failed digests that are remembered for another try. When there are more, who has most of them makes room for who has fewer. */
export const failedMax = 10_000
/** Tries that follow soon; and in vain, before an author is called. */
const soonMax = 8
const soonMs = 100
/** No peer brings another try when it was this node's own disk: room may be made at any time. */
const diskMs = 30_000
/** What was tried often is tried again after a minute at the soonest. */
const rareMs = 60_000

export class FailedFetches {
  /** Tried last, last. */
  readonly #failed = new Map<RecordId, Failed>()
  readonly #counts = new Map<PeerId, number>()

  get size(): number {
    return this.#failed.size
  }

  /** How often it was tried since it is known. */
  tries(id: RecordId): number {
    return this.#failed.get(id)?.tries ?? 0
  }

  /** It failed, or failed again. False when there is no room to remember it. */
  postpone(wanted: Wanted, nowMs: number): boolean {
    const before = this.#failed.get(wanted.digest.id)
    const tries = (before?.tries ?? 0) + 1
    const recent = (before?.recent ?? 0) + 1
    const waitMs = recent < soonMax ? soonMs * 2 ** (recent - 1) : rareMs
    return this.#remember({ wanted, tries, recent, dueAt: nowMs + waitMs })
  }

  /** It came, and could not be kept. False when there is no room to remember it. */
  notKept(wanted: Wanted, nowMs: number): boolean {
    return this.#remember({ wanted, tries: 1, recent: 1, dueAt: nowMs + diskMs })
  }

  /** Whether it was there. */
  forget(id: RecordId): boolean {
    const author = this.#failed.get(id)?.wanted.digest.envelope.author
    if (author === undefined) return false
    const left = this.#countOf(author) - 1
    if (left > 0) this.#counts.set(author, left)
    else this.#counts.delete(author)
    return this.#failed.delete(id)
  }

  /** Whether any waits for a try that follows soon. Asked ten times a second: it copies nothing. */
  isAnyWaitingSoon(): boolean {
    for (const one of this.#failed.values()) if (paceOf(one) === 'soon' && isWaiting(one)) return true
    return false
  }

  /** Tries up to so many of what is due at this pace, who waited longest first. */
  tryDue(pace: Pace, atOnce: number, nowMs: number, tryAgain: TryAgain): void {
    let left = atOnce
    for (const one of this.#failed.values()) {
      if (left === 0) return
      // What does not fit into the queue is tried again the next time.
      if (!isDue(one, nowMs) || paceOf(one) !== pace || !tryAgain(one.wanted)) continue
      one.dueAt = Number.POSITIVE_INFINITY
      left--
    }
  }

  /** Tries all, due or not, and what fails again is tried again soon. */
  tryAll(nowMs: number, tryAgain: TryAgain): void {
    for (const one of this.#failed.values()) {
      one.recent = 0
      one.dueAt = tryAgain(one.wanted) ? Number.POSITIVE_INFINITY : nowMs
    }
  }

  /** Of each author, what was tried in vain so often that the author is to be called; of several, what was tried longest ago. */
  inVain(isPending: (id: RecordId) => boolean): ReadonlyMap<PeerId, Wanted> {
    const byAuthor = new Map<PeerId, Wanted>()
    for (const { tries, wanted } of this.#failed.values()) {
      const { author } = wanted.digest.envelope
      if (tries >= soonMax && !byAuthor.has(author) && !isPending(wanted.digest.id))
        byAuthor.set(author, wanted)
    }
    return byAuthor
  }

  #remember(failed: Failed): boolean {
    const { envelope, id } = failed.wanted.digest
    this.forget(id)
    if (this.size >= failedMax && !this.#makeRoomFor(envelope.author)) return false
    this.#failed.set(id, failed)
    this.#counts.set(envelope.author, this.#countOf(envelope.author) + 1)
    return true
  }

  /** What is forgotten is wanted again when a peer is met. */
  #makeRoomFor(author: PeerId): boolean {
    let greediest = author
    for (const [one, count] of this.#counts) if (count > this.#countOf(greediest)) greediest = one
    if (this.#countOf(greediest) <= this.#countOf(author) + 1) return false
    for (const [id, { wanted }] of this.#failed)
      if (wanted.digest.envelope.author === greediest) return this.forget(id)
    return false
  }

  #countOf(author: PeerId): number {
    return this.#counts.get(author) ?? 0
  }
}

function paceOf({ recent }: Failed): Pace {
  return recent < soonMax ? 'soon' : 'rarely'
}

function isWaiting({ dueAt }: Failed): boolean {
  return dueAt < Number.POSITIVE_INFINITY
}

/** What seems to wait for longer than anything does waits for a clock that was set back: it is due, too. */
function isDue(failed: Failed, nowMs: number): boolean {
  return failed.dueAt <= nowMs || (isWaiting(failed) && failed.dueAt > nowMs + rareMs)
}
