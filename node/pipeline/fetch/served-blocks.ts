/**
 * What the node serves to the peers of a swarm: its own blocks, and those that it is fetching as soon as they are here. A
 * node hears of an entry from one who has only just heard of it, too: told that it is not there yet, it would ask around
 * among others who do not have it either. So an entry goes through the swarm right behind its announcement.
 */

import type { EntryCid } from '../../../protocol/types.ts'
import type { BlockSource, Clock } from '../../ports.ts'

export interface ServedBlocksDeps {
  readonly own: { get(cid: EntryCid): Uint8Array | undefined; has(cid: EntryCid): boolean }
  readonly clock: Clock
  /** The try to fetch it that is under way, where one is. */
  readonly arriving: (cid: EntryCid) => Promise<unknown> | undefined
  /** Ends what is waited for. */
  readonly signal: AbortSignal
}

/** After so long whoever asks is told that it is not here: sooner than it would ask somebody else as well. */
const handOnMs = 1_000
/** Answers that wait at once; whoever asks for more is told at once. */
const waitingMax = 256

export class ServedBlocks implements BlockSource {
  readonly #deps: ServedBlocksDeps
  #waiting = 0

  constructor(deps: ServedBlocksDeps) {
    this.#deps = deps
  }

  get(cid: EntryCid): Uint8Array | undefined {
    return this.#deps.own.get(cid)
  }

  has(cid: EntryCid): boolean {
    return this.#deps.own.has(cid)
  }

  hasSoon(cid: EntryCid): boolean | Promise<boolean> {
    if (this.has(cid)) return true
    const arriving = this.#waiting < waitingMax ? this.#deps.arriving(cid) : undefined
    return arriving === undefined ? false : this.#hasAfter(arriving, cid)
  }

  async #hasAfter(arriving: Promise<unknown>, cid: EntryCid): Promise<boolean> {
    const { clock, own, signal } = this.#deps
    this.#waiting++
    try {
      await clock.within(handOnMs, signal, inTime => endOf(arriving, inTime))
      return !signal.aborted && own.has(cid)
    } finally {
      this.#waiting--
    }
  }
}

/** However it ends, or when the time is up. Never rejects. */
function endOf(work: Promise<unknown>, inTime: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => resolve()
    inTime.addEventListener('abort', end, { once: true })
    work.then(end, end)
  })
}
