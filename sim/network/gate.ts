/**
 * Who may be connected, by the rules of the real adapter (`peers.ts`, `crowd.ts`): not whom the owner blocked, for a while
 * not whom gossip sent away, and no more than so many, of whom strangers go first.
 */

import type { Clock, Network } from '../../node/ports.ts'
import type { PeerId } from '../../protocol/types.ts'
import type { Line, LineEnd } from './line.ts'

const shutOutMs = 10 * 60_000
const blockedScore = -100
/** How long the node's word on a peer is remembered before it is asked again. */
const scoreMs = 5_000

/** That are kept, and beyond that until it is known whom to let go, both as `libp2p-options.ts` has them: who calls then is refused. */
export const connectionsMax = 60
export const newcomersMax = 20

export class Gate {
  readonly graceMs = 10_000
  readonly #clock: Clock
  readonly #shutUntil = new Map<PeerId, number>()
  readonly #scores = new Map<PeerId, { readonly score: number; readonly atMs: number }>()
  #score: (peer: PeerId) => number = () => 0
  #isMember: (peer: PeerId) => boolean = () => false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  weigh(...[score, isMember]: Parameters<Network['weigh']>): void {
    this.#score = score
    this.#isMember = isMember
    this.#scores.clear()
  }

  /** The node's part of a peer's score. */
  scoreOf(peer: PeerId): number {
    const nowMs = this.#clock.now()
    const known = this.#scores.get(peer)
    if (known !== undefined && nowMs - known.atMs < scoreMs) return known.score
    const score = this.#score(peer)
    this.#scores.set(peer, { score, atMs: nowMs })
    return score
  }

  isShut(peer: PeerId): boolean {
    return (this.#shutUntil.get(peer) ?? 0) > this.#clock.now() || this.#score(peer) <= blockedScore
  }

  /** Whom the owner blocked is kept out as long as the block stands, and not a moment longer. */
  shut(peer: PeerId): void {
    if (this.#score(peer) > blockedScore) this.#shutUntil.set(peer, this.#clock.now() + shutOutMs)
  }

  /** The connections to close, so that no more are left than are kept. */
  surplus(lines: readonly Line[], link: LineEnd): readonly Line[] {
    const nowMs = this.#clock.now()
    const rank = (line: Line): number => {
      const { self } = line.laneFrom(link).to
      return this.#isMember(self) ? (this.scoreOf(self) > 0 ? 2 : 1) : 0
    }
    return lines
      .filter(line => nowMs - line.openedMs >= this.graceMs)
      .sort(
        (a, b) =>
          rank(a) - rank(b) ||
          Number(a.dialler === link) - Number(b.dialler === link) ||
          b.openedMs - a.openedMs,
      )
      .slice(0, Math.max(0, lines.length - connectionsMax))
  }
}
