/**
 * Fetches that failed, and when each is tried again: a few times soon, and then rarely, so many at a time, so that what
 * nobody has costs little, however much of it is announced, and still is had when somebody has it again. What the
 * neighbours did not deliver is then asked of its author, too, who need not be one of them.
 */

import type { DigestRecord, PeerId, RecordId } from '../../../protocol/types.ts'
import type { Clock, Log } from '../../ports.ts'
import { AuthorCalls, type Callable } from './author-calls.ts'

export interface Wanted {
  readonly digest: DigestRecord
  /** The neighbour that announced it. */
  readonly from: PeerId | undefined
}

export interface RetriesDeps {
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** Queues it once more; false when there is no room now. */
  readonly again: (wanted: Wanted) => boolean
  /** Whether it waits in the queue, or is under way. */
  readonly isPending: (id: RecordId) => boolean
  /** Those of these authors who may be called, and need be: they are no neighbours. */
  readonly callable: (authors: readonly PeerId[]) => readonly Callable[]
  /** Asks the author alone, over a connection made for it. Resolves with whether the entry came; never rejects. */
  readonly askAuthor: (wanted: Wanted) => Promise<boolean>
}

export interface Retries {
  /** It failed, or failed again. */
  postpone(wanted: Wanted): void
  /** It came, and could not be kept. */
  unkept(wanted: Wanted): void
  settled(id: RecordId): void
  /** A peer came up: all are tried, and soon again; at once, unless that was done a moment ago. */
  now(): void
  /** How often it was tried since it is known. */
  tries(id: RecordId): number
  readonly size: number
  /** After the signal. */
  ended(): Promise<void>
}

interface Failed {
  readonly wanted: Wanted
  readonly tries: number
  /** Of these, since a peer came up last. */
  recent: number
  /** Milliseconds; infinite while it is tried. */
  dueAt: number
}

/** Failed digests that are remembered for another try. When there are more, who has most of them makes room for who has fewer. */
const failedLimit = 10_000
/** Tries that follow soon; and in vain, before an author is called. */
const soonMax = 8
const soonMs = 100
/** No peer brings another try when it was this node's own disk: room may be made at any time. */
const diskMs = 30_000
/** What was tried often is tried again after a minute at the soonest: some at a time, who waited longest first. */
const rareMs = 60_000
const rareAtOnce = 8
const rareTickMs = 5_000
/** From one try of all to the next: else a peer that comes and goes would have thousands of fetches tried all the time. */
const roundMs = 30_000

export function createRetries(deps: RetriesDeps): Retries {
  const { clock, log, signal } = deps
  /** Tried last, last. */
  const failed = new Map<RecordId, Failed>()
  const counts = new Map<PeerId, number>()
  const calls = new AuthorCalls()
  let roundAt = Number.NEGATIVE_INFINITY
  let isRoundDue = false

  const remember = (wanted: Wanted, tries: number, recent: number, waitMs: number): void => {
    const { envelope, id } = wanted.digest
    const isNew = !forget(id)
    if (isNew && failed.size >= failedLimit && !makeRoomFor(envelope.author)) return
    failed.set(id, { wanted, tries, recent, dueAt: clock.now() + waitMs })
    counts.set(envelope.author, countOf(envelope.author) + 1)
    soon.start()
    rarely.start()
    calling.start()
  }

  const countOf = (author: PeerId): number => counts.get(author) ?? 0

  const forget = (id: RecordId): boolean => {
    const author = failed.get(id)?.wanted.digest.envelope.author
    if (author === undefined) return false
    const left = countOf(author) - 1
    if (left > 0) counts.set(author, left)
    else counts.delete(author)
    return failed.delete(id)
  }

  /** What is forgotten is wanted again when a peer is met. */
  const makeRoomFor = (author: PeerId): boolean => {
    let greediest = author
    for (const [one, count] of counts) if (count > countOf(greediest)) greediest = one
    if (countOf(greediest) <= countOf(author) + 1) return false
    for (const [id, { wanted }] of failed) if (wanted.digest.envelope.author === greediest) return forget(id)
    return false
  }

  const tryDue = (isOneOf: (one: Failed) => boolean, atOnce: number): void => {
    const now = clock.now()
    let left = atOnce
    for (const one of failed.values()) {
      if (left === 0) return
      // Nothing waits so long: the clock was set back. What does not fit into the queue is tried again the next time.
      const isDue = one.dueAt <= now || (isWaiting(one) && one.dueAt > now + rareMs)
      if (!isDue || !isOneOf(one) || !deps.again(one.wanted)) continue
      one.dueAt = Number.POSITIVE_INFINITY
      left--
    }
  }

  const callAuthor = async (): Promise<void> => {
    const missing = new Map<PeerId, Wanted>()
    for (const { tries, wanted } of failed.values()) {
      const { author } = wanted.digest.envelope
      if (tries >= soonMax && !missing.has(author) && !deps.isPending(wanted.digest.id))
        missing.set(author, wanted)
    }
    const author = calls.next(deps.callable([...missing.keys()]), clock.now())
    const wanted = author && missing.get(author)
    if (wanted !== undefined && (await deps.askAuthor(wanted))) calls.delivered(wanted.digest.envelope.author)
  }

  /** One timer for all of a kind: thousands of them, each listening to the same signal, would hold the loop for seconds. */
  const repeat = (tickMs: number, goesOn: () => boolean, work: () => void | Promise<void>) => {
    let isRunning = false
    let last = Promise.resolve()
    const run = async (): Promise<void> => {
      try {
        while (goesOn()) {
          await clock.sleep(tickMs, signal)
          await work()
        }
      } catch (cause) {
        if (!signal.aborted) log('error', 'Postponed fetches failed.', { cause: String(cause) })
      } finally {
        isRunning = false
      }
    }
    return {
      start: (): void => {
        if (isRunning) return
        isRunning = true
        last = run()
      },
      ended: (): Promise<void> => last,
    }
  }

  const soon = repeat(
    soonMs,
    () => [...failed.values()].some(one => isSoon(one) && isWaiting(one)),
    () => tryDue(isSoon, failedLimit),
  )
  const tryAll = (): void => {
    const now = clock.now()
    // A clock that was set back is no reason to wait.
    if (!isRoundDue || Math.abs(now - roundAt) < roundMs) return
    roundAt = now
    isRoundDue = false
    for (const one of failed.values()) {
      one.recent = 0
      one.dueAt = deps.again(one.wanted) ? Number.POSITIVE_INFINITY : now
    }
    soon.start()
  }

  const rarely = repeat(
    rareTickMs,
    () => failed.size > 0,
    () => {
      tryAll()
      tryDue(one => !isSoon(one), rareAtOnce)
    },
  )
  // Apart from the rest, which does not wait until a call that nobody answers is given up.
  const calling = repeat(rareTickMs, () => failed.size > 0, callAuthor)

  return {
    postpone(wanted) {
      const before = failed.get(wanted.digest.id)
      const recent = (before?.recent ?? 0) + 1
      remember(
        wanted,
        (before?.tries ?? 0) + 1,
        recent,
        recent < soonMax ? soonMs * 2 ** (recent - 1) : rareMs,
      )
    },
    unkept: wanted => remember(wanted, 1, 1, diskMs),
    settled: id => void forget(id),
    now() {
      isRoundDue = failed.size > 0
      tryAll()
    },
    tries: id => failed.get(id)?.tries ?? 0,
    get size() {
      return failed.size
    },
    async ended() {
      await Promise.all([soon.ended(), rarely.ended(), calling.ended()])
    },
  }
}

function isSoon({ recent }: Failed): boolean {
  return recent < soonMax
}

function isWaiting({ dueAt }: Failed): boolean {
  return dueAt < Number.POSITIVE_INFINITY
}
