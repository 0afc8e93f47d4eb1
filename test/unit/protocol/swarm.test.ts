import { describe, expect, test } from 'vitest'
import { keyPairFromSeed } from '../../../crypto/keys.ts'
import { isInForce, readChain } from '../../../protocol/chain.ts'
import { signRecord } from '../../../protocol/envelope.ts'
import { entryCidOf, multiformatsCidOf, parseEntryCid, parsePeerId } from '../../../protocol/identity.ts'
import { createInvitation, invitationToText, readInvitation } from '../../../protocol/invitation.ts'
import { encodeJoinRequest, readJoinRequest } from '../../../protocol/join.ts'
import {
  chainLengthMax,
  createDescriptor,
  founderSeed,
  shardOf,
  swarmIdOf,
  swarmSeed,
  topicsOf,
} from '../../../protocol/swarm.ts'
import type { Descriptor } from '../../../protocol/types.ts'
import { ada, ben, cidNumber, cyd, day0, descriptorWith, filled, founder, peer, t0 } from './fixtures.ts'

const depth1 = descriptorWith({ by: 'members', depth: 1 })

function letIn(descriptor: Descriptor, inviter: typeof ada, member: typeof ada, expires = day0 + 9, t = t0) {
  const body = { member: peer(member), box: member.box.publicKey, expires }
  return signRecord({ swarm: swarmIdOf(descriptor), kind: 'member', t, body }, inviter)
}

describe('a swarm', () => {
  const root = filled(32, 77)
  const draft = { name: 'Lab', visibility: 'open', invite: { by: 'founder' }, shards: 1 } as const

  test('stays the same when it moves to other addresses, and is another with any other change', () => {
    const made = (changes: object) => {
      const result = createDescriptor({ ...draft, nonce: filled(16, 1), addresses: [], ...changes }, founder)
      if (!result.ok) throw new TypeError(result.message)
      return swarmIdOf(result.value)
    }
    expect(made({ addresses: ['/ip4/10.0.0.1/tcp/1'] })).toBe(made({}))
    const others = [{ name: 'Lob' }, { shards: 2 }, { visibility: 'private' }, { nonce: filled(16, 2) }]
    for (const change of others) expect(made(change)).not.toBe(made({}))
  })

  test('has its own key for each node, and the founder finds its own again', () => {
    const nonce = filled(16, 5)
    const asFounder = keyPairFromSeed(founderSeed(root, nonce))
    const made = createDescriptor({ ...draft, nonce, addresses: [] }, asFounder)
    if (!made.ok) throw new TypeError(made.message)
    expect(swarmSeed(root, made.value)).toEqual(asFounder.seed)
    const elsewhere = swarmSeed(filled(32, 78), made.value)
    expect(elsewhere).not.toEqual(swarmSeed(filled(32, 78), depth1))
    expect(elsewhere).not.toEqual(filled(32, 78))
  })

  test('with a name or shards out of their limits is refused, and the field named', () => {
    const wrong = [
      { name: '' },
      { name: 'x'.repeat(65) },
      { name: 'a\u202eb' },
      { shards: 0 },
      { shards: 65 },
    ]
    for (const change of wrong) {
      const made = createDescriptor({ ...draft, nonce: filled(16, 1), addresses: [], ...change }, founder)
      expect(made).toMatchObject({ ok: false, code: 'descriptor-malformed' })
      expect(!made.ok && made.message).toContain(Object.keys(change)[0])
    }
  })

  test('has one topic for all and one for each shard, and spreads domains over them', () => {
    const id = swarmIdOf(depth1)
    expect(topicsOf(id, 2)).toEqual(['common', '0', '1'].map(end => `/swarmlore/1/${id}/${end}`))
    const met = new Set(Array.from({ length: 100 }, (_, i) => shardOf(`domain ${i}`, 4)))
    expect([...met].sort()).toEqual([0, 1, 2, 3])
  })
})

describe('a chain of members', () => {
  const ends = { descriptor: depth1, peer: peer(ben), nowS: t0 }
  const founderAda = letIn(depth1, founder, ada)
  const adaBen = letIn(depth1, ada, ben)
  const bytes = (...records: readonly { bytes: Uint8Array }[]) => records.map(record => record.bytes)

  test('leads from the founder over members to a peer', () => {
    expect(chainLengthMax(depth1)).toBe(2)
    expect(readChain(bytes(founderAda, adaBen), ends)).toMatchObject({ ok: true })
    expect(readChain([], { ...ends, peer: peer(founder) })).toEqual({ ok: true, value: [] })
  })

  test('is broken when a link is missing, swapped or leads elsewhere', () => {
    for (const chain of [[adaBen], [adaBen, founderAda], [founderAda], []]) {
      expect(readChain(bytes(...chain), ends)).toMatchObject({ code: 'chain-broken' })
    }
  })

  test('is not longer than the swarm allows', () => {
    const benCyd = letIn(depth1, ben, cyd)
    const long = readChain(bytes(founderAda, adaBen, benCyd), { ...ends, peer: peer(cyd) })
    expect(long).toMatchObject({ code: 'chain-too-long' })
  })

  test('holds only while each membership is in force', () => {
    const ending = letIn(depth1, founder, ada, day0)
    expect(readChain(bytes(ending, adaBen), { ...ends, nowS: t0 + 86_399 })).toMatchObject({ ok: true })
    expect(readChain(bytes(ending, adaBen), { ...ends, nowS: t0 + 86_400 })).toMatchObject({
      code: 'chain-not-in-force',
    })
    expect(isInForce(founderAda, t0 - 900)).toBe(true)
    expect(isInForce(founderAda, t0 - 901)).toBe(false)
  })

  test('of another swarm is refused', () => {
    const there = letIn(descriptorWith({ by: 'founder' }), founder, ben)
    expect(readChain(bytes(there), ends)).toMatchObject({ code: 'chain-bad-record' })
  })
})

describe('an invitation', () => {
  const onlyFounder = descriptorWith({ by: 'founder' })
  const draft = { addresses: ['/ip4/127.0.0.1/tcp/1'], expires: t0 + 9, uses: 1, nonce: filled(16, 1) }

  test('by a member is refused where only the founder invites', () => {
    expect(createInvitation({ ...draft, descriptor: onlyFounder }, ada)).toMatchObject({
      code: 'invitation-not-allowed',
    })
    expect(createInvitation({ ...draft, descriptor: depth1 }, ada)).toMatchObject({ ok: true })
  })

  test('carries the key of a private swarm, and of no other', () => {
    const hidden = descriptorWith({ by: 'founder' }, 1, 'private')
    const psk = filled(32, 1)
    expect(createInvitation({ ...draft, descriptor: hidden }, founder)).toMatchObject({
      code: 'invitation-malformed',
    })
    expect(createInvitation({ ...draft, descriptor: hidden, psk }, founder)).toMatchObject({ ok: true })
    expect(createInvitation({ ...draft, descriptor: onlyFounder, psk }, founder)).toMatchObject({ ok: false })
  })

  test('with a field changed and a right checksum is told as altered', () => {
    const made = createInvitation({ ...draft, descriptor: onlyFounder }, founder)
    if (!made.ok) throw new TypeError(made.message)
    const longer = invitationToText({ ...made.value, expires: t0 + 999_999 })
    expect(readInvitation(longer, t0)).toMatchObject({ code: 'invitation-altered' })
    const renamed = invitationToText({ ...made.value, descriptor: { ...onlyFounder, name: 'Lob' } })
    expect(readInvitation(renamed, t0)).toMatchObject({ code: 'invitation-altered' })
  })

  test('altered on its way to the inviter is refused there', () => {
    const made = createInvitation({ ...draft, descriptor: onlyFounder }, founder)
    if (!made.ok) throw new TypeError(made.message)
    const host = { swarm: swarmIdOf(onlyFounder), self: peer(founder), nowS: t0 }
    const stretched = encodeJoinRequest({ ...made.value, uses: 1000 }, t0, cyd)
    expect(readJoinRequest(stretched, host)).toMatchObject({ ok: false, code: 'altered' })
    const own = encodeJoinRequest(made.value, t0, founder)
    expect(readJoinRequest(own, host)).toMatchObject({ ok: false, code: 'bad-request' })
  })
})

describe('ids from text', () => {
  test('a CID in its one spelling only', () => {
    const cid = cidNumber(1)
    expect(parseEntryCid(cid)).toBe(cid)
    expect(entryCidOf(multiformatsCidOf(cid))).toBe(cid)
    const wrong = [
      '',
      cid.toUpperCase(),
      `z${cid.slice(1)}`,
      cid.slice(0, -1),
      `${cid}a`,
      `bafybei${cid.slice(7)}`,
    ]
    for (const text of wrong) expect(parseEntryCid(text), text).toBeUndefined()
  })

  test('a peer id, and nothing that looks like one', () => {
    expect(parsePeerId(peer(ada))).toBe(peer(ada))
    expect(parsePeerId(`${peer(ada)}x`)).toBeUndefined()
  })
})
