/**
 * What the node serves to the peers of a swarm: its own blocks, and those that it is fetching as soon as they are here. A
 * node hears of an entry from one who has only just heard of it, too: told that it is not there yet, it would ask around
 * among others who do not have it either. So an entry goes through the swarm right behind its announcement.
 */

import type { EntryCid } from '../../../protocol/types.ts'
import type { BlockSource, Clock } from '../../ports.ts'

export interface Arriving {
  /** Ends when the entry is kept, or does not come. */
  readonly fetching: Promise<unknown>
  /** Milliseconds: when it was first asked for. */
  readonly sinceMs: number
}

export interface ServedBlocksDeps {
  readonly own: { get(cid: EntryCid): Uint8Array | undefined; has(cid: EntryCid): boolean }
  readonly clock: Clock
  readonly arriving: (cid: EntryCid) => Arriving | undefined
  /** Ends what is waited for. */
  readonly signal: AbortSignal
}

/**
 * What has not come so long after it was first asked for is not waited for. Reckoned from there and not from each question,
 * or nodes that fetch what nobody has would wait for each other in turn.
 */
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
    const { arriving, clock, signal } = this.#deps
    const one = this.#waiting < waitingMax && !signal.aborted ? arriving(cid) : undefined
    if (one === undefined) return false
    // A clock that was set back makes nobody wait for longer.
    const leftMs = handOnMs - Math.abs(clock.now() - one.sinceMs)
    return leftMs > 0 && this.#hasWithin(leftMs, one, cid)
  }

  async #hasWithin(ms: number, { fetching }: Arriving, cid: EntryCid): Promise<boolean> {
    const { clock, signal } = this.#deps
    this.#waiting++
    try {
      await clock.within(ms, signal, inTime => endOf(fetching, inTime))
      return !signal.aborted && this.has(cid)
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
