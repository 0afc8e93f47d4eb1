/** Getting into a swarm, and being kept out of it with the reason. */

import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../node/adapters/system.ts'
import { readInvitation } from '../../protocol/invitation.ts'
import { encodeJoinRequest } from '../../protocol/join.ts'
import { streamsOf } from '../../protocol/swarm.ts'
import { nowS, rawPeer } from './raw-peer.ts'
import {
  allKept,
  endAll,
  lesson,
  letIn,
  must,
  refusal,
  startedNode,
  type TestNode,
  until,
  untilKept,
} from './real-nodes.ts'

afterEach(endAll)

/** What a refused node has: its own swarm, and nothing of the other. */
async function expectOutside(host: TestNode, guest: TestNode): Promise<void> {
  expect(guest.node.swarms()).toHaveLength(1)
  expect(host.home.members).toBe(1)
  expect(await allKept(guest)).toEqual([])
  await guest.restart()
  expect(guest.node.swarms()).toHaveLength(1)
  expect(await allKept(guest)).toEqual([])
}

describe('an invitation that is refused', () => {
  it('because it has expired, and whether the guest or the host sees it', async () => {
    const host = await startedNode()
    const guest = await startedNode()
    const { text } = must(await host.node.invite({ expiresInS: 1 }))
    await until('it has expired', () => !readInvitation(text, nowS()).ok)
    expect(refusal(await guest.node.join(text)).code).toBe('invitation-expired')
    // A guest whose clock is behind asks all the same.
    const late = await startedNode({
      ports: { clock: { ...systemClock, now: () => Date.now() - 60_000 } },
    })
    expect(refusal(await late.node.join(text)).code).toBe('expired')
    await expectOutside(host, guest)
  })

  it('because it was altered, or is none', async () => {
    const host = await startedNode()
    const guest = await startedNode()
    const { text } = must(await host.node.invite({}))
    const middle = text.length >> 1
    const other = text[middle] === 'a' ? 'b' : 'a'
    const slipped = text.slice(0, middle) + other + text.slice(middle + 1)
    expect(refusal(await guest.node.join(slipped)).code).toBe('invitation-altered')
    expect(refusal(await guest.node.join(text.slice(0, -9))).code).toBe('invitation-altered')
    expect(refusal(await guest.node.join('hello')).code).toBe('invitation-malformed')
    expect(refusal(await guest.node.join('')).code).toBe('invitation-malformed')
    await expectOutside(host, guest)
  })

  it('because it is used up', async () => {
    const host = await startedNode()
    const { text } = must(await host.node.invite({ uses: 2 }))
    const guests = [await startedNode(), await startedNode(), await startedNode()]
    const joined = await Promise.all(guests.map(guest => guest.node.join(text)))
    expect(joined.filter(result => result.ok)).toHaveLength(2)
    const refused = joined.find(result => !result.ok)
    expect(refused).toMatchObject({ code: 'used-up', message: expect.stringContaining('new one') })
    expect(host.home.members).toBe(3)
    expect((await host.node.invites())[0]).toMatchObject({ uses: 2, used: 2 })
  })

  it('because it was revoked', async () => {
    const host = await startedNode()
    must(await host.node.addEntry(lesson('The gate is shut.', 'Ring.')))
    const guest = await startedNode()
    const { text, invite } = must(await host.node.invite({}))
    must(await host.node.revokeInvite(invite.id))
    expect(refusal(await guest.node.join(text)).code).toBe('revoked')
    await expectOutside(host, guest)
    const second = must(await host.node.invite({}))
    must(await guest.node.join(second.text))
  })

  it('because its inviter is not there', async () => {
    const host = await startedNode()
    const guest = await startedNode()
    const { text } = must(await host.node.invite({}))
    await host.stop()
    expect(refusal(await guest.node.join(text))).toMatchObject({
      code: 'inviter-unreachable',
      message: expect.stringContaining('/ip4/127.0.0.1/tcp/'),
    })
    expect(guest.node.swarms()).toHaveLength(1)
  })

  it('because it is one’s own, or one is a member already', async () => {
    const host = await startedNode()
    const guest = await startedNode()
    await letIn(host, guest)
    const { text } = must(await host.node.invite({}))
    expect(refusal(await host.node.join(text)).code).toBe('already-member')
    expect(refusal(await guest.node.join(text)).code).toBe('already-member')
    expect((await host.node.invites()).map(invite => invite.used).sort()).toEqual([0, 1])
  })

  it('because a host is asked about another swarm’s invitation', async () => {
    const host = await startedNode()
    const other = await startedNode()
    const peer = await rawPeer(host, { member: false })
    const foreign = must(readInvitation(must(await other.node.invite({})).text, nowS()))
    const answer = await peer.link.network.request(
      host.home.self,
      streamsOf(peer.swarm).join,
      encodeJoinRequest(foreign, nowS(), peer.pair),
      { maxBytes: 2_048, signal: AbortSignal.timeout(5_000) },
    )
    expect(Buffer.from(answer).toString('latin1')).toContain('foreign')
    expect(host.home.members).toBe(1)
  })
})

it('only the founder invites, unless the swarm says otherwise', async () => {
  const host = await startedNode()
  const guest = await startedNode()
  await letIn(host, guest)
  expect(refusal(await guest.node.invite({ swarm: host.home.id }))).toMatchObject({
    code: 'invitation-not-allowed',
    message: expect.stringContaining('founder'),
  })
})

it('members invite as far as the swarm allows, and no further', async () => {
  const host = await startedNode({ invite: { by: 'members', depth: 1 } })
  const first = await startedNode()
  const second = await startedNode()
  const third = await startedNode()
  await letIn(host, first)
  await letIn(first, second, host.home)
  await until('all know all', () => host.home.members === 3 && second.viewOf(host.home).members === 3)
  const { cid } = must(await second.node.addEntry(lesson('Far away.', 'Walk.', { swarm: host.home.id })))
  await untilKept(host, cid)
  const { text } = must(await second.node.invite({ swarm: host.home.id }))
  expect(refusal(await third.node.join(text)).code).toBe('not-allowed')
})

it('an invitation made before the node runs says that it leads nowhere', async () => {
  const host = await startedNode()
  const guest = await startedNode()
  await host.stop()
  await host.load()
  const { text } = must(await host.node.invite({}))
  expect(refusal(await guest.node.join(text)).code).toBe('no-address')
})

it('joining again after a lost answer uses the invitation once', async () => {
  const host = await startedNode()
  const peer = await rawPeer(host, { member: false })
  const ask = () =>
    peer.link.network.request(
      host.home.self,
      streamsOf(peer.swarm).join,
      encodeJoinRequest(peer.invitation, nowS(), peer.pair),
      { maxBytes: 2_048, signal: AbortSignal.timeout(5_000) },
    )
  const first = await ask()
  const { records } = host.home
  const firstAt = nowS()
  await until('a second has passed', () => nowS() > firstAt)
  for (let i = 0; i < 20; i++) expect(await ask()).toEqual(first)
  expect(host.home.records).toBe(records)
  expect((await host.node.invites())[0]).toMatchObject({ uses: 1, used: 1 })
  const other = await rawPeer(host, { member: false })
  const stolen = await other.link.network.request(
    host.home.self,
    streamsOf(peer.swarm).join,
    encodeJoinRequest(peer.invitation, nowS(), other.pair),
    { maxBytes: 2_048, signal: AbortSignal.timeout(5_000) },
  )
  expect(Buffer.from(stolen).toString('latin1')).toContain('used-up')
})

it('a private swarm cannot be entered without its key', async () => {
  const host = await startedNode()
  const { cid } = must(await host.node.addEntry(lesson('It is private.', 'Knock.')))
  const wrong = [undefined, new Uint8Array(32).fill(7)]
  for (const psk of wrong) {
    const peer = await rawPeer(host, { psk, connect: false })
    const dialled = peer.link.network.dial(host.home.addresses, AbortSignal.timeout(1_000))
    await expect(dialled).rejects.toThrow()
    expect(peer.link.network.peers()).toEqual([])
    const fetched = peer.link.blocks.fetch(cid, {
      providers: [{ peer: host.home.self, addresses: host.home.addresses }],
      maxBytes: 4_096,
      signal: AbortSignal.timeout(1_000),
    })
    await expect(fetched).rejects.toThrow()
  }
  expect(host.home.peers).toBe(0)
})

it('a member finds its swarm again after both were restarted', async () => {
  const host = await startedNode()
  const guest = await startedNode()
  await letIn(host, guest)
  await until('the guest is connected', () => guest.viewOf(host.home).peers === 1)
  const before = guest.viewOf(host.home)
  await guest.stop()
  await host.restart()
  await guest.load()
  await guest.node.start()
  await until('they are connected again', () => guest.viewOf(host.home).peers === 1)
  const { self, members, addresses } = guest.viewOf(host.home)
  expect({ self, members, addresses }).toEqual({
    self: before.self,
    members: 2,
    addresses: before.addresses,
  })
})
