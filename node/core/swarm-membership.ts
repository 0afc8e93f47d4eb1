/**
 * Who is in a swarm and who let whom in, as its replicated set says now: what trust is weighed from, and whether this
 * node is a member itself.
 */

import { secondsPerDay } from '../../protocol/body.ts'
import { isInForce } from '../../protocol/chain.ts'
import type { MemberRecord, PeerId, Seconds } from '../../protocol/types.ts'
import type { Clock } from '../ports.ts'
import type { Membership } from '../trust/authors.ts'
import type { Attested, Member } from '../trust/vouching.ts'
import type { Ledger } from './ledger.ts'

export class SwarmMembership implements Membership {
  readonly self: PeerId
  readonly #ledger: Ledger
  readonly #clock: Clock

  constructor(self: PeerId, ledger: Ledger, clock: Clock) {
    this.self = self
    this.#ledger = ledger
    this.#clock = clock
  }

  get inviter(): PeerId | undefined {
    return this.#ledger.set.member(this.self)?.envelope.author
  }

  /**
   * Who stands for a peer by having let it in. Nobody does for a peer that was put out, itself or with who let it in;
   * a membership that only ran out takes no good name with it.
   */
  readonly inviterOf = (peer: PeerId): PeerId | undefined => {
    const { set } = this.#ledger
    const record = set.member(peer)
    if (record === undefined) return undefined
    const nowS = this.#nowS()
    const isPutOut = isInForce(record, nowS) && !set.isMember(peer, nowS)
    return isPutOut ? undefined : record.envelope.author
  }

  readonly members = (): readonly Member[] => {
    const { set } = this.#ledger
    return this.#ledger.members().map(peer => ({ peer, inviter: set.member(peer)?.envelope.author }))
  }

  readonly attested = (): Iterable<Attested> => this.#ledger.set.attested()

  get records(): number {
    return this.#ledger.set.ranges.size
  }

  readonly isMember = (peer: PeerId): boolean => this.#ledger.set.isMember(peer, this.#nowS())

  /** This node's chain, founder first; undefined when it is no member. */
  readonly chain = (): readonly MemberRecord[] | undefined =>
    this.#ledger.set.chainTo(this.self, this.#nowS())

  /** Milliseconds: when this node's membership runs out; undefined for a founder, and for who is no member. */
  get untilMs(): number | undefined {
    const record = this.isMember(this.self) ? this.#ledger.set.member(this.self) : undefined
    return record && (record.envelope.body.expires + 1) * secondsPerDay * 1000
  }

  #nowS(): Seconds {
    return Math.floor(this.#clock.now() / 1000) as Seconds
  }
}
