/**
 * When a swarm catches up: with every peer that it meets, now and then with a few of its neighbours, and once more
 * where something new came. Bounded in how many sessions run, and in how many follow.
 */

import type { PeerId } from '../../protocol/types.ts'
import type { CatchUp, Gains, SessionOptions } from '../pipeline/catch-up.ts'
import {
  catchUpWaitMs,
  FollowUps,
  followUpPartners,
  partnersOf,
  randomPartners,
  untilOf,
} from '../pipeline/catch-up-plan.ts'
import type { Clock, Log, Random } from '../ports.ts'

export interface CatchingUpDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly peers: () => readonly PeerId[]
  readonly score: (peer: PeerId) => number
  /** Shows each other who they are. Rejects when the peer is not ready. */
  readonly meet: (peer: PeerId) => Promise<void>
  readonly session: CatchUp
  /** The peer was met, and what it had is here. */
  readonly onMet: (peer: PeerId) => Promise<void>
  readonly inBackground: (work: Promise<void>) => void
  readonly signal: AbortSignal
}

/** A peer is asked a second time what this node lacks: what it published while gossip was still being set up. */
const greetAgainMs = 2_000
const greetingsMax = 4
/** What was refused as one of too many is asked for after this: until then what floods may have passed. */
const missedMs = 3_000
/** What one peer hands out need not be asked of the next: so few are asked at once. */
const sessionsMax = 2
/** But nobody waits long for a slow one. */
const turnMs = 5_000

export class CatchingUp {
  readonly #deps: CatchingUpDeps
  /** None of these rejects. */
  readonly #sessions = new Map<PeerId, Promise<void>>()
  readonly #followUps = new FollowUps()
  #isMissing = false

  constructor(deps: CatchingUpDeps) {
    this.#deps = deps
  }

  /** Introduces itself, and takes over what the peer has: twice, and again when the peer is not ready yet. */
  async greet(peer: PeerId): Promise<void> {
    const { clock, log, signal } = this.#deps
    let done = 0
    for (let tries = 0; tries < greetingsMax && done < 2; tries++) {
      if (tries > 0) await clock.sleep(greetAgainMs, signal)
      if (signal.aborted || !this.#isHere(peer)) return
      try {
        await this.#deps.meet(peer)
        // It greets this node as well and takes what it lacks by itself; the second time it is given what is left.
        await this.#catchUp(peer, 'met', done > 0)
      } catch (cause) {
        log('debug', 'A peer could not be greeted.', { peer, cause: String(cause) })
        continue
      }
      if (++done === 1) await this.#deps.onMet(peer)
    }
  }

  /** Now and then a few neighbours are asked for what gossip has lost. */
  async keepUp(): Promise<void> {
    const { clock, random, signal } = this.#deps
    while (!signal.aborted) {
      await clock.sleep(
        catchUpWaitMs(n => random.below(n)),
        signal,
      )
      for (const peer of this.#draw(this.#deps.peers(), randomPartners)) await this.#tryLater(peer, 'later')
    }
  }

  /** What a few neighbours have heard is asked for at once, the latest too: this node was asleep, or did not listen. */
  async resume(): Promise<void> {
    for (const peer of this.#draw(this.#deps.peers(), randomPartners)) await this.#tryLater(peer, 'met')
  }

  /**
   * A message was refused unread, as one of too many. Gossip remembers it as seen and would not take it from anybody else:
   * who fills its own queue here and then says first what others say could keep that from this node.
   */
  async missed(): Promise<void> {
    if (this.#isMissing) return
    this.#isMissing = true
    try {
      await this.#deps.clock.sleep(missedMs, this.#deps.signal)
    } finally {
      this.#isMissing = false
    }
    await this.resume()
  }

  async #tryLater(peer: PeerId, when: 'met' | 'later'): Promise<void> {
    const { log, signal } = this.#deps
    if (signal.aborted || !this.#isHere(peer)) return
    try {
      await this.#catchUp(peer, when, true)
    } catch (cause) {
      log('debug', 'A neighbour could not be caught up with.', { peer, cause: String(cause) })
    }
  }

  async #catchUp(peer: PeerId, when: 'met' | 'later', gives: boolean): Promise<void> {
    const until = untilOf(this.#deps.clock.now(), when)
    const { came, isPartial } = await this.#inTurn(peer, { until, gives })
    if (came === 0) return
    const others = this.#draw(
      this.#deps.peers().filter(one => one !== peer),
      followUpPartners,
    )
    // What did not come by gossip: there may be more of it, and younger.
    for (const next of isPartial ? [peer, ...others] : others) {
      if (!this.#followUps.take(this.#deps.clock.now())) return
      this.#deps.inBackground(this.#tryLater(next, 'met'))
    }
  }

  /** One session with a peer at a time, and few in all. */
  async #inTurn(peer: PeerId, options: SessionOptions): Promise<Gains> {
    const { clock, signal } = this.#deps
    const { session } = await clock.within(turnMs, signal, inTime => this.#begin(peer, options, inTime))
    try {
      return await session
    } finally {
      this.#sessions.delete(peer)
    }
  }

  /** Nothing is waited for between finding room and taking it, or two would take the same. */
  async #begin(peer: PeerId, options: SessionOptions, inTime: AbortSignal) {
    const late = new Promise<void>(done => inTime.addEventListener('abort', () => done(), { once: true }))
    while ((this.#sessions.size >= sessionsMax || this.#sessions.has(peer)) && !inTime.aborted) {
      await Promise.race([late, ...this.#sessions.values()])
    }
    this.#deps.signal.throwIfAborted()
    if (this.#sessions.has(peer)) throw new TypeError('A session with this peer is under way.')
    const session = this.#deps.session(peer, options)
    const ended = session.then(
      () => undefined,
      () => undefined,
    )
    this.#sessions.set(peer, ended)
    return { session }
  }

  #draw(peers: readonly PeerId[], count: number): readonly PeerId[] {
    return partnersOf(peers, count, this.#deps.score, n => this.#deps.random.below(n))
  }

  #isHere(peer: PeerId): boolean {
    return this.#deps.peers().includes(peer)
  }
}
