/**
 * Tries again what could not be fetched, when it is due (`failed-fetches.ts`), and so many at a time. What the neighbours
 * did not deliver is then asked of its author, too, who need not be one of them.
 */

import type { PeerId, RecordId } from '../../../protocol/types.ts'
import type { Clock, Log } from '../../ports.ts'
import { AuthorCalls, type Callable } from './author-calls.ts'
import { FailedFetches, failedMax, type TryAgain, type Wanted } from './failed-fetches.ts'

export interface RetriesDeps {
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  readonly tryAgain: TryAgain
  /** Whether it waits in the queue, or is under way. */
  readonly isPending: (id: RecordId) => boolean
  /** Those of these authors who may be called, and need be: they are no neighbours. */
  readonly callable: (authors: readonly PeerId[]) => readonly Callable[]
  /** Asks the author alone, over a connection made for it. Resolves with whether the entry came; never rejects. */
  readonly askAuthor: (wanted: Wanted) => Promise<boolean>
}

const soonTickMs = 100
/** What was tried often: some at a time. */
const rareAtOnce = 8
const rareTickMs = 5_000
/** From one try of all to the next: else a peer that comes and goes would have thousands of fetches tried all the time. */
const roundMs = 30_000

export class Retries {
  readonly #deps: RetriesDeps
  readonly #failed = new FailedFetches()
  readonly #calls = new AuthorCalls()
  readonly #soon: Repeated
  readonly #rarely: Repeated
  /** Apart from the rest, which does not wait until a call that nobody answers is given up. */
  readonly #calling: Repeated
  #roundAt = Number.NEGATIVE_INFINITY
  #isRoundDue = false

  constructor(deps: RetriesDeps) {
    this.#deps = deps
    const isAnyLeft = (): boolean => this.size > 0
    this.#soon = new Repeated(deps, {
      everyMs: soonTickMs,
      goesOn: () => this.#failed.isAnyWaitingSoon(),
      work: () => this.#failed.tryDue('soon', failedMax, deps.clock.now(), deps.tryAgain),
    })
    this.#rarely = new Repeated(deps, {
      everyMs: rareTickMs,
      goesOn: isAnyLeft,
      work: () => {
        this.#tryAllInTime()
        this.#failed.tryDue('rarely', rareAtOnce, deps.clock.now(), deps.tryAgain)
      },
    })
    this.#calling = new Repeated(deps, {
      everyMs: rareTickMs,
      goesOn: isAnyLeft,
      work: () => this.#callAuthor(),
    })
  }

  /** How many failed, and are remembered. */
  get size(): number {
    return this.#failed.size
  }

  /** How often it was tried since it is known. */
  tries(id: RecordId): number {
    return this.#failed.tries(id)
  }

  /** It failed, or failed again. */
  postpone(wanted: Wanted): void {
    if (this.#failed.postpone(wanted, this.#deps.clock.now())) this.#start()
  }

  /** It came, and could not be kept. */
  notKept(wanted: Wanted): void {
    if (this.#failed.notKept(wanted, this.#deps.clock.now())) this.#start()
  }

  /** It is here, or wanted no more. */
  settled(id: RecordId): void {
    this.#failed.forget(id)
  }

  /** All are tried, and soon again; at once, unless that was done a moment ago. */
  peerCameUp(): void {
    this.#isRoundDue = this.size > 0
    this.#tryAllInTime()
  }

  /** After the signal. */
  async ended(): Promise<void> {
    await Promise.all([this.#soon.ended(), this.#rarely.ended(), this.#calling.ended()])
  }

  #start(): void {
    this.#soon.start()
    this.#rarely.start()
    this.#calling.start()
  }

  #tryAllInTime(): void {
    const nowMs = this.#deps.clock.now()
    // A clock that was set back is no reason to wait.
    if (!this.#isRoundDue || Math.abs(nowMs - this.#roundAt) < roundMs) return
    this.#roundAt = nowMs
    this.#isRoundDue = false
    this.#failed.tryAll(nowMs, this.#deps.tryAgain)
    this.#soon.start()
  }

  async #callAuthor(): Promise<void> {
    const { askAuthor, callable, clock, isPending } = this.#deps
    const inVain = this.#failed.inVain(isPending)
    const author = this.#calls.next(callable([...inVain.keys()]), clock.now())
    const wanted = author && inVain.get(author)
    if (wanted !== undefined && (await askAuthor(wanted)))
      this.#calls.delivered(wanted.digest.envelope.author)
  }
}

interface Repetition {
  readonly everyMs: number
  readonly goesOn: () => boolean
  readonly work: () => void | Promise<void>
}

/** One timer for all of a kind: thousands of them, each listening to the same signal, would hold the loop for seconds. */
class Repeated {
  readonly #deps: Pick<RetriesDeps, 'clock' | 'log' | 'signal'>
  readonly #repetition: Repetition
  #isRunning = false
  #last = Promise.resolve()

  constructor(deps: Pick<RetriesDeps, 'clock' | 'log' | 'signal'>, repetition: Repetition) {
    this.#deps = deps
    this.#repetition = repetition
  }

  /** Unless it goes on already. */
  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    this.#last = this.#run()
  }

  ended(): Promise<void> {
    return this.#last
  }

  async #run(): Promise<void> {
    const { clock, log, signal } = this.#deps
    const { everyMs, goesOn, work } = this.#repetition
    try {
      while (goesOn()) {
        await clock.sleep(everyMs, signal)
        await work()
      }
    } catch (cause) {
      if (!signal.aborted) log('error', 'Postponed fetches failed.', { cause: String(cause) })
    } finally {
      this.#isRunning = false
    }
  }
}
