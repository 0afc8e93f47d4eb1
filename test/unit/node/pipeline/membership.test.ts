import { describe, expect, it } from 'vitest'
import { toHex } from '../../../../crypto/bytes.ts'
import { type KeyPair, keyPairFromSeed } from '../../../../crypto/keys.ts'
import { systemClock } from '../../../../node/adapters/system.ts'
import { createJoinHost } from '../../../../node/pipeline/membership.ts'
import { createInvitation } from '../../../../protocol/invitation.ts'
import { encodeJoinRequest, readJoinResponse } from '../../../../protocol/join.ts'
import type { Invitation, MemberRecord, PeerId } from '../../../../protocol/types.ts'
import type { StoredInvite } from '../../../../store/swarms.ts'
import { ada, ben, cyd, descriptor, filled, founder, peer, swarm, t0 } from '../../protocol/fixtures.ts'

const nonce = filled(16, 3)

function invitation(uses: number): Invitation {
  const made = createInvitation({ descriptor, addresses: [], expires: t0 + 100, uses, nonce }, founder)
  if (!made.ok) throw new Error(made.message)
  return made.value
}

function setUp({ uses = 1, revoked = false, isMember = true } = {}) {
  const redeemedBy: PeerId[] = []
  const records: MemberRecord[] = []
  const invite: StoredInvite = { swarm, id: toHex(nonce), createdAt: 0, expires: t0 + 100, uses, revoked }
  let failsOnce = false
  const host = createJoinHost({
    swarm,
    descriptor,
    self: peer(founder),
    pair: founder,
    clock: { ...systemClock, now: () => t0 * 1000 },
    chain: () => (isMember ? [] : undefined),
    inviteOf: async id => {
      const found = id === invite.id ? { invite, redeemedBy: [...redeemedBy] } : undefined
      // The store takes its time: whoever does not wait its turn sees the same state.
      await new Promise(resolve => setImmediate(resolve))
      return found
    },
    memberOf: who => records.find(record => record.envelope.body.member === who),
    admit: async (_id, record) => {
      await new Promise(resolve => setImmediate(resolve))
      if (failsOnce) {
        failsOnce = false
        throw new Error('the disk is full')
      }
      redeemedBy.push(record.envelope.body.member)
      records.push(record)
    },
  })
  const join = async (who: KeyPair, from = peer(who)) => {
    const answer = await host(encodeJoinRequest(invitation(uses), t0, who), from)
    return readJoinResponse(answer, { descriptor, peer: peer(who), nowS: t0 })
  }
  return {
    join,
    host,
    records,
    redeemedBy,
    failOnce: () => {
      failsOnce = true
    },
  }
}

describe('the last use', () => {
  it('lets one in of two who race for it', async () => {
    const { join, redeemedBy } = setUp()
    const [first, second] = await Promise.all([join(ada), join(ben)])
    expect(first.ok).toBe(true)
    expect(second).toMatchObject({ ok: false, code: 'used-up' })
    expect(redeemedBy).toEqual([peer(ada)])
  })

  it('is not lost when the inviter could not write it down', async () => {
    const { join, failOnce } = setUp()
    failOnce()
    await expect(join(ada)).rejects.toThrow('the disk is full')
    expect((await join(ben)).ok).toBe(true)
  })

  it('is counted once for who asks again, and answered the same', async () => {
    const { join, records } = setUp()
    const first = await join(ada)
    for (let i = 0; i < 5; i++) expect(await join(ada)).toEqual(first)
    expect(records).toHaveLength(1)
  })
})

describe('a redemption is refused', () => {
  it.each([
    ['that was revoked', { revoked: true }, 'revoked'],
    ['by an inviter that is no member any more', { isMember: false }, 'not-allowed'],
  ] as const)('of an invitation %s', async (_name, options, code) => {
    expect(await setUp(options).join(ada)).toMatchObject({ ok: false, code })
  })

  it('for another key than the one that asks', async () => {
    const { join, redeemedBy } = setUp()
    expect(await join(ada, peer(cyd))).toMatchObject({ ok: false, code: 'bad-request' })
    expect(redeemedBy).toEqual([])
  })

  it('of bytes that are no request, without stopping the next one', async () => {
    const { host, join } = setUp()
    const answer = await host(filled(40, 1), peer(ada))
    expect(readJoinResponse(answer, { descriptor, peer: peer(ada), nowS: t0 })).toMatchObject({
      code: 'bad-request',
    })
    expect((await join(ada)).ok).toBe(true)
  })

  it('of an invitation that this node never wrote down', async () => {
    const { host } = setUp()
    const other = createInvitation(
      { descriptor, addresses: [], expires: t0 + 100, uses: 1, nonce: filled(16, 8) },
      founder,
    )
    if (!other.ok) throw new Error(other.message)
    const answer = await host(encodeJoinRequest(other.value, t0, ada), peer(ada))
    expect(readJoinResponse(answer, { descriptor, peer: peer(ada), nowS: t0 })).toMatchObject({
      code: 'revoked',
    })
  })

  it('unless uses are left for each of many who ask at once', async () => {
    const { join, redeemedBy } = setUp({ uses: 3 })
    const guests = Array.from({ length: 6 }, (_, i) => keyPairFromSeed(filled(32, 40 + i)))
    const joined = await Promise.all(guests.map(guest => join(guest)))
    expect(joined.filter(one => one.ok)).toHaveLength(3)
    expect(redeemedBy).toHaveLength(3)
  })
})
