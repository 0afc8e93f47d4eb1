/** What the properties in `test/property/protocol-objective.test.ts` do not show: each rule by example, look-ups, bounds. */

import { describe, expect, test } from 'vitest'
import { type KeyPair, keyPairFromSeed } from '../../../crypto/keys.ts'
import { signRecord } from '../../../protocol/envelope.ts'
import { pendingPerAuthorMax, pendingRecordsMax } from '../../../protocol/limits.ts'
import { protocolAllowances } from '../../../protocol/objective.ts'
import { createReplicatedSet } from '../../../protocol/replicated-set.ts'
import { cidOfRecord } from '../../../protocol/retraction.ts'
import { swarmIdOf } from '../../../protocol/swarm.ts'
import type { DigestBody } from '../../../protocol/types.ts'
import {
  ada,
  ben,
  cidNumber,
  cyd,
  day0,
  dee,
  descriptorWith,
  digestBody,
  filled,
  founder,
  peer,
  t0,
} from './fixtures.ts'

const descriptor = descriptorWith({ by: 'founder' })
const swarm = swarmIdOf(descriptor)

function joined(member: KeyPair, t = t0, expires = day0 + 365, inviter = founder) {
  const body = { member: peer(member), box: member.box.publicKey, expires }
  return signRecord({ swarm, kind: 'member', t, body }, inviter)
}

function digest(author: KeyPair, body: Partial<DigestBody> = {}, t = t0) {
  return signRecord({ swarm, kind: 'digest', t, body: digestBody(body) }, author)
}

function retraction(author: KeyPair, body: Parameters<typeof retractWith>[1], t = t0 + 10) {
  return retractWith(author, body, t)
}

function retractWith(
  author: KeyPair,
  body: { cid: ReturnType<typeof cidNumber> } | { before: number },
  t: number,
) {
  return signRecord({ swarm, kind: 'retract', t, body }, author)
}

function setWith(...members: readonly KeyPair[]) {
  const set = createReplicatedSet(descriptor, day0)
  for (const member of members) expect(set.offer(joined(member)).status).toBe('live')
  return set
}

test('records wait for their author’s membership, and come in with it', () => {
  const set = setWith()
  const early = digest(ada)
  expect(set.offer(early)).toMatchObject({ status: 'pending', reason: 'not-member' })
  expect(set.digests(cidNumber(1))).toEqual([])
  expect(set.offer(joined(ada))).toMatchObject({ status: 'live', changed: [{ id: early.id, live: true }] })
  expect(set.digests(cidNumber(1))).toMatchObject([{ id: early.id, author: peer(ada) }])
  expect(set.ranges.size).toBe(2)
})

test('a member record by someone who may not invite lets nobody in', () => {
  const set = setWith(ada)
  expect(set.offer(joined(ben, t0, day0 + 9, ada))).toMatchObject({ status: 'pending' })
  expect(set.isMember(peer(ben), t0)).toBe(false)
})

test('only the author retracts an entry; the digest leaves and the retraction stays', () => {
  const set = setWith(ada, ben)
  const announced = digest(ada)
  set.offer(announced)
  expect(set.offer(retraction(ben, { cid: cidNumber(1) }))).toMatchObject({ status: 'live', changed: [] })
  expect(set.isRetracted(cidNumber(1), peer(ada), t0)).toBe(false)
  const own = retraction(ada, { cid: cidNumber(1) })
  expect(set.offer(own).changed).toEqual([{ id: announced.id, live: false }])
  expect(set.isRetracted(cidNumber(1), peer(ada), t0)).toBe(true)
  expect(set.has(own.id)).toBe(true)
  expect(set.offer(digest(ada, {}, t0 + 50))).toMatchObject({ status: 'excluded', reason: 'retracted' })
})

test('a retraction of all before a time spares what was created then and later', () => {
  const set = setWith(ada)
  const [older, younger] = [digest(ada, { created: t0 - 1 }), digest(ada, { cid: cidNumber(2), created: t0 })]
  set.offer(older)
  set.offer(younger)
  expect(set.offer(retraction(ada, { before: t0 })).changed).toEqual([{ id: older.id, live: false }])
  expect(set.has(younger.id)).toBe(true)
})

test('a removed member keeps what it signed before, and nothing it signs after', () => {
  const set = createReplicatedSet(descriptor, day0)
  const membership = joined(ada)
  set.offer(membership)
  const [before, after] = [digest(ada), digest(ada, { cid: cidNumber(2) }, t0 + 100)]
  set.offer(before)
  set.offer(after)
  const removal = retraction(founder, { cid: cidOfRecord(membership.id) }, t0 + 50)
  expect(set.offer(removal).changed).toEqual([{ id: after.id, live: false }])
  expect(set.has(before.id)).toBe(true)
  expect(set.isMember(peer(ada), t0 + 49)).toBe(true)
  expect(set.isMember(peer(ada), t0 + 50)).toBe(false)
  expect(set.offer(joined(ada, t0 + 60)).changed).toEqual([{ id: after.id, live: true }])
})

test('a member removed by someone else than its inviter stays', () => {
  const set = setWith(ada, ben)
  const membership = joined(cyd)
  set.offer(membership)
  set.offer(retraction(ben, { cid: cidOfRecord(membership.id) }))
  expect(set.isMember(peer(cyd), t0 + 100)).toBe(true)
})

test('successors are named by their own author only, and several are alternatives', () => {
  const set = setWith(ada, ben)
  set.offer(digest(ada))
  set.offer(digest(ada, { cid: cidNumber(2), supersedes: cidNumber(1) }))
  set.offer(digest(ada, { cid: cidNumber(3), supersedes: cidNumber(1) }))
  set.offer(digest(ben, { cid: cidNumber(4), supersedes: cidNumber(1) }))
  expect([...set.successors(cidNumber(1), peer(ada))].sort()).toEqual([cidNumber(2), cidNumber(3)].sort())
  expect(set.digests(cidNumber(1))).toHaveLength(1)
})

test('attested counts are the greatest of the day, whatever order and restores', () => {
  const set = setWith(ada, ben)
  const attest = (helped: number, hurt: number) =>
    signRecord({ swarm, kind: 'attest', t: t0, body: { subject: peer(ben), day: day0, helped, hurt } }, ada)
  for (const record of [attest(3, 1), attest(1, 2), attest(2, 1)]) set.offer(record)
  expect([...set.attested()]).toEqual([
    { author: peer(ada), subject: peer(ben), day: day0, helped: 3, hurt: 2 },
  ])
  expect(set.ranges.size).toBe(4)
})

test('the calendar takes out what is old, for good', () => {
  const set = setWith(ada)
  const brief = digest(ada, { expires: day0 + 2 })
  const lasting = digest(ada, { cid: cidNumber(2) })
  set.offer(brief)
  set.offer(lasting)
  expect(set.advance(day0 + 2)).toEqual([])
  expect(set.advance(day0 + 3)).toEqual([{ id: brief.id, live: false }])
  expect(set.offer(brief)).toMatchObject({ status: 'excluded', reason: 'expired' })
  expect(set.advance(day0 + 180)).toEqual([])
  expect(set.advance(day0 + 181)).toEqual([{ id: lasting.id, live: false }])
  expect(set.offer(digest(ada, { shard: 1 }, t0 + 181 * 86_400))).toMatchObject({ reason: 'wrong-shard' })
})

test('a record that was placed far from the founder stays there, however near its author comes later', () => {
  const deep = descriptorWith({ by: 'members', depth: 3 })
  const letIn = (member: KeyPair, inviter: KeyPair, t: number) => {
    const body = { member: peer(member), box: member.box.publicKey, expires: day0 + 365 }
    return signRecord({ swarm: swarmIdOf(deep), kind: 'member', t, body }, inviter)
  }
  const set = createReplicatedSet(deep, day0)
  const line = [letIn(ada, founder, t0), letIn(ben, ada, t0), letIn(cyd, ben, t0), letIn(dee, cyd, t0)]
  for (const record of line) expect(set.offer(record).status).toBe('live')
  const eve = keyPairFromSeed(filled(32, 66))
  expect(set.offer(letIn(eve, dee, t0)).status).toBe('pending')
  set.offer(letIn(cyd, founder, t0 + 5_000))
  expect(set.isMember(peer(dee), t0 + 6_000)).toBe(true)
  expect(set.offer(letIn(eve, dee, t0 + 6_000)).status).toBe('pending')
})

describe('bounds', () => {
  test('a retraction beyond the allowance retracts nothing', () => {
    const set = createReplicatedSet(descriptor, day0, { ...protocolAllowances, retractions: 1 })
    set.offer(joined(ada))
    const numbers = [1, 2, 3]
    for (const n of numbers) set.offer(digest(ada, { cid: cidNumber(n) }))
    const made = numbers.map(n => ({ n, record: retraction(ada, { cid: cidNumber(n) }) }))
    for (const { record } of made) set.offer(record)
    const lowest = made.sort((a, b) => (a.record.id < b.record.id ? -1 : 1))[0]
    const isRetracted = numbers.filter(n => set.isRetracted(cidNumber(n), peer(ada), t0))
    expect(isRetracted).toEqual([lowest?.n])
    expect(numbers.filter(n => set.digests(cidNumber(n)).length === 0)).toEqual(isRetracted)
  })

  test('the lowest ids win, and a place that is given up goes to the next', () => {
    const set = createReplicatedSet(descriptor, day0, { ...protocolAllowances, digests: 2 })
    set.offer(joined(ada))
    const ordered = [1, 2, 3]
      .map(n => digest(ada, { cid: cidNumber(n) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    for (const record of ordered.toReversed()) set.offer(record)
    expect(ordered.map(record => set.has(record.id))).toEqual([true, true, false])
    const [first] = ordered
    if (first === undefined) throw new RangeError('three were made')
    set.offer(retraction(ada, { cid: first.envelope.body.cid }))
    expect(ordered.map(record => set.has(record.id))).toEqual([false, true, true])
  })

  test('one stranger cannot fill the pool of those who wait', () => {
    const set = setWith()
    const early = digest(ada)
    set.offer(early)
    for (let n = 0; n < pendingPerAuthorMax + 20; n++) set.offer(digest(ben, { size: n + 1 }))
    expect(set.offer(joined(ada)).changed).toEqual([{ id: early.id, live: true }])
    expect(set.offer(joined(ben)).changed).toHaveLength(pendingPerAuthorMax)
  })

  test('many strangers together are bounded, the oldest forgotten first', () => {
    const set = setWith()
    const records = Array.from({ length: 70 }, (_, n) => {
      const stranger = keyPairFromSeed(filled(32, 100 + n))
      return Array.from({ length: 60 }, (_, i) => digest(stranger, { size: i + 1 }))
    })
    for (const record of records.flat()) expect(set.offer(record).status).toBe('pending')
    const cameIn = (n: number) => set.offer(joined(keyPairFromSeed(filled(32, 100 + n)))).changed.length
    expect(records.flat().length).toBeGreaterThan(pendingRecordsMax)
    expect(cameIn(0)).toBe(0)
    expect(cameIn(69)).toBe(60)
  })
})
