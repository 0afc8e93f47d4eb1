/**
 * The inviter's side of joining (SPEC, "Join"): checks a redemption against the invitations that this node issued,
 * and signs the new member in. Redemptions run one after the other, so that the last use cannot be used twice.
 */

import { toHex } from '../../crypto/bytes.ts'
import type { KeyPair } from '../../crypto/keys.ts'
import { secondsPerDay } from '../../protocol/body.ts'
import { isInForce } from '../../protocol/chain.ts'
import { signRecord } from '../../protocol/envelope.ts'
import {
  encodeJoinAccepted,
  encodeJoinRefused,
  type JoinRefusal,
  readJoinRequest,
} from '../../protocol/join.ts'
import { chainMax } from '../../protocol/limits.ts'
import { chainLengthMax } from '../../protocol/swarm.ts'
import type { Descriptor, MemberRecord, PeerId, SwarmId } from '../../protocol/types.ts'
import type { StoredInvite } from '../../store/swarms.ts'
import type { Clock } from '../ports.ts'
import { createTurns } from '../queue.ts'

export interface JoinHostDeps {
  readonly swarm: SwarmId
  readonly descriptor: Descriptor
  readonly self: PeerId
  readonly pair: KeyPair
  readonly clock: Clock
  /** This node's own chain, founder first; undefined when it is no member (any more). */
  readonly chain: () => readonly MemberRecord[] | undefined
  readonly inviteOf: (
    id: string,
  ) => Promise<{ invite: StoredInvite; redeemedBy: readonly PeerId[] } | undefined>
  /** The standing record by which this node let the peer in. */
  readonly memberOf: (peer: PeerId) => MemberRecord | undefined
  /** Stores the use and the new member's record in one batch, and gossips it. */
  readonly admit: (inviteId: string, record: MemberRecord) => Promise<void>
}

/**
 * A membership lasts half a year, and is renewed before it ends: what outlives a record's age in the replicated set would
 * be forgotten anyway.
 */
export const membershipDays = 180

export function createJoinHost(deps: JoinHostDeps): (bytes: Uint8Array, from: PeerId) => Promise<Uint8Array> {
  const inTurn = createTurns()

  const redeem = async (bytes: Uint8Array, from: PeerId): Promise<Uint8Array> => {
    const nowS = Math.floor(deps.clock.now() / 1000)
    const refuse = (reason: JoinRefusal): Uint8Array => encodeJoinRefused(reason)
    const read = readJoinRequest(bytes, { swarm: deps.swarm, self: deps.self, nowS })
    if (!read.ok) return refuse(read.code)
    const { invitation, member, box } = read.value
    if (member !== from) return refuse('bad-request')
    const id = toHex(invitation.nonce)
    const issued = await deps.inviteOf(id)
    if (issued === undefined || issued.invite.revoked) return refuse('revoked')
    const again = issued.redeemedBy.includes(member)
    if (!again && issued.redeemedBy.length >= issued.invite.uses) return refuse('used-up')
    const chain = deps.chain()
    if (chain === undefined || chain.length + 1 > Math.min(chainMax, chainLengthMax(deps.descriptor))) {
      return refuse('not-allowed')
    }
    // Whoever asks again (the answer was lost) is told the same, and costs the swarm no second record.
    const standing = again ? deps.memberOf(member) : undefined
    if (standing !== undefined && isInForce(standing, nowS)) return encodeJoinAccepted([...chain, standing])
    const expires = Math.floor(nowS / secondsPerDay) + membershipDays
    const record = signRecord(
      { swarm: deps.swarm, kind: 'member', t: nowS, body: { member, box, expires } },
      deps.pair,
    )
    await deps.admit(id, record)
    return encodeJoinAccepted([...chain, record])
  }

  return (bytes, from) => inTurn(() => redeem(bytes, from))
}
