/**
 * When the graph of members is built again. With ten thousand members that takes tens of milliseconds, so records
 * that anyone can make must not bring it about.
 */

import { beforeEach, expect, test, vi } from 'vitest'
import { type KeyPair, keyPairFromSeed } from '../../../crypto/keys.ts'
import { signRecord } from '../../../protocol/envelope.ts'
import { pendingRecordsMax } from '../../../protocol/limits.ts'
import { buildMembership } from '../../../protocol/membership.ts'
import { objectiveSet, protocolAllowances } from '../../../protocol/objective.ts'
import { createReplicatedSet } from '../../../protocol/replicated-set.ts'
import { swarmIdOf } from '../../../protocol/swarm.ts'
import { ada, ben, cyd, day0, dee, descriptorWith, founder, liveIds, peer, t0 } from './fixtures.ts'

vi.mock('../../../protocol/membership.ts', { spy: true })

const descriptor = descriptorWith({ by: 'members', depth: 2 })
const swarm = swarmIdOf(descriptor)
const built = vi.mocked(buildMembership)

function letIn(inviter: KeyPair, member: KeyPair, t = t0) {
  const body = { member: peer(member), box: member.box.publicKey, expires: day0 + 365 }
  return signRecord({ swarm, kind: 'member', t, body }, inviter)
}

function stranger(index: number): KeyPair {
  const seed = new Uint8Array(32)
  new DataView(seed.buffer).setUint32(0, 1 + index)
  return keyPairFromSeed(seed)
}

/** Ada, let in by the founder, let Ben in. */
function setOfThree(allowances = protocolAllowances) {
  const set = createReplicatedSet(descriptor, day0, allowances)
  const records = [letIn(founder, ada), letIn(ada, ben)]
  for (const record of records) expect(set.offer(record).status).toBe('live')
  built.mockClear()
  return { set, records }
}

beforeEach(() => {
  built.mockClear()
})

test('a stranger’s word on those who invited others is not worth building everything again', () => {
  const { set } = setOfThree()
  for (const named of [founder, ada, ben]) {
    expect(set.offer(letIn(cyd, named))).toMatchObject({ status: 'pending', changed: [] })
  }
  expect(built).not.toHaveBeenCalled()
  // It was only waiting: with its author let in, it counts.
  expect(set.offer(letIn(founder, cyd)).changed).toHaveLength(3)
})

test('a stranger’s forgotten record, sent again, is not worth it either', () => {
  const { set } = setOfThree()
  const first = letIn(stranger(0), founder)
  set.offer(first)
  for (let i = 1; i <= pendingRecordsMax; i++) set.offer(letIn(stranger(i), founder))
  expect(set.holds(first.id)).toBe(false)
  expect(set.offer(first)).toMatchObject({ status: 'pending' })
  expect(built).not.toHaveBeenCalled()
})

test('a member that uses up its allowance builds again only with an id low enough to push another out', () => {
  const allowances = { ...protocolAllowances, membersOfMember: 2 }
  const { set, records } = setOfThree(allowances)
  const more = Array.from({ length: 20 }, (_, i) => letIn(ada, i % 2 === 0 ? cyd : dee, t0 + i))
  const highestFirst = more.sort((a, b) => (a.id < b.id ? 1 : -1))
  for (const record of highestFirst.toReversed()) set.offer(record)
  expect(built.mock.calls.length).toBeLessThanOrEqual(2)
  const expected = objectiveSet([...records, ...more], { descriptor, today: day0, allowances })
  expect(liveIds(set)).toEqual([...expected.live].sort())
})
