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

export interface SwarmMembershipInit {
  readonly self: PeerId
  readonly founder: PeerId
  /** Whose invitation brought this node in, where that is known. */
  readonly redeemedOf: PeerId | undefined
  readonly ledger: Ledger
  readonly clock: Clock
}

export class SwarmMembership implements Membership {
  readonly self: PeerId
  readonly #init: SwarmMembershipInit

  constructor(init: SwarmMembershipInit) {
    this.self = init.self
    this.#init = init
  }

  /** The one whose invitation this node has redeemed; no record that somebody signs later makes another one of it. */
  get inviter(): PeerId | undefined {
    return this.#init.redeemedOf ?? this.inviterOf(this.self)
  }

  /**
   * Who stands for a peer by having let it in. Nobody does for a peer that was put out, itself or with who let it in;
   * a membership that only ran out takes no good name with it.
   */
  readonly inviterOf = (peer: PeerId): PeerId | undefined => {
    const { founder, ledger } = this.#init
    if (peer === founder) return undefined
    const { set } = ledger
    const nowS = this.#nowS()
    const all = set.memberships(peer).filter(record => !set.isTakenBack(record))
    const inForce = all.filter(record => isInForce(record, nowS))
    if (inForce.length === 0) return this.#inviterAmong(all)
    return this.#inviterAmong(inForce.filter(({ envelope }) => set.isMember(envelope.author, nowS)))
  }

  /**
   * Of those who let it in: this node itself, or who let this node in, or else the first. So nobody becomes a peer's
   * inviter by signing for it once more, and a record that is dated back moves none of one's friends.
   */
  #inviterAmong(memberships: readonly MemberRecord[]): PeerId | undefined {
    const authors = memberships.map(({ envelope }) => envelope.author)
    const next = [this.self, this.#init.redeemedOf].find(one => one !== undefined && authors.includes(one))
    return next ?? authors[0]
  }

  /** The longest membership that this node itself has given the peer, taken back or not. */
  readonly givenTo = (peer: PeerId): MemberRecord | undefined => {
    const own = this.#init.ledger.set
      .memberships(peer)
      .filter(({ envelope }) => envelope.author === this.self)
    return own.sort((a, b) => b.envelope.body.expires - a.envelope.body.expires)[0]
  }

  readonly members = (): readonly Member[] => {
    return this.#init.ledger.members().map(peer => ({ peer, inviter: this.inviterOf(peer) }))
  }

  readonly attested = (): Iterable<Attested> => this.#init.ledger.set.attested()

  get records(): number {
    return this.#init.ledger.set.ranges.size
  }

  readonly isMember = (peer: PeerId): boolean => this.#init.ledger.set.isMember(peer, this.#nowS())

  /** This node's chain, founder first; undefined when it is no member. */
  readonly chain = (): readonly MemberRecord[] | undefined =>
    this.#init.ledger.set.chainTo(this.self, this.#nowS())

  /** Milliseconds: when this node's membership runs out; undefined for a founder, and for who is no member. */
  get untilMs(): number | undefined {
    const record = this.isMember(this.self) ? this.#init.ledger.set.member(this.self) : undefined
    return record && (record.envelope.body.expires + 1) * secondsPerDay * 1000
  }

  #nowS(): Seconds {
    return Math.floor(this.#init.clock.now() / 1000) as Seconds
  }
}
