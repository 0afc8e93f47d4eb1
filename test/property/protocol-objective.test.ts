/** The replicated set does not depend on how records arrive: orders, parts, repetitions and exchanges between nodes. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isInForce, readChain } from '../../protocol/chain.ts'
import { signRecord } from '../../protocol/envelope.ts'
import { type Allowances, objectiveSet } from '../../protocol/objective.ts'
import { placeOf } from '../../protocol/range/bound.ts'
import { createReplicatedSet, type ReplicatedSet } from '../../protocol/replicated-set.ts'
import { cidOfRecord } from '../../protocol/retraction.ts'
import { swarmIdOf } from '../../protocol/swarm.ts'
import type { Descriptor, MemberRecord, SwarmRecord } from '../../protocol/types.ts'
import {
  ada,
  ben,
  cidNumber,
  cyd,
  day0,
  dee,
  descriptorWith,
  digestBody,
  founder,
  liveIds,
  opaqueRecord,
  peer,
  t0,
} from '../unit/protocol/fixtures.ts'

const people = [founder, ada, ben, cyd, dee]
// Small enough that a dozen records meet every bound.
const allowances: Allowances = {
  membersOfFounder: 3,
  membersOfMember: 2,
  digests: 3,
  retractions: 3,
  attestSubjects: 2,
  opaque: 2,
}
const descriptors = [
  descriptorWith({ by: 'founder' }),
  descriptorWith({ by: 'members', depth: 1 }, 2),
  descriptorWith({ by: 'members', depth: 3 }),
]

const anyone = fc.nat({ max: people.length - 1 })
// One person does most of it, so that the allowances are met.
const who = fc.oneof(fc.constant(1), anyone)
const when = fc.nat({ max: 20 }).map(step => t0 + step * 40_000)
const which = fc.nat({ max: 5 })
const recipe = fc.oneof(
  fc.record({ kind: fc.constant('member' as const), who, whom: who, when, days: fc.nat({ max: 12 }) }),
  fc.record({
    kind: fc.constant('member' as const),
    who: fc.constant(0),
    whom: who,
    when,
    days: fc.nat({ max: 12 }),
  }),
  fc.record({
    kind: fc.constant('digest' as const),
    who,
    when,
    which,
    prior: which,
    days: fc.nat({ max: 20 }),
  }),
  fc.record({ kind: fc.constant('retract' as const), who, when, which }),
  fc.record({ kind: fc.constant('before' as const), who, when }),
  fc.record({ kind: fc.constant('remove' as const), when, which: fc.nat({ max: 30 }) }),
  fc.record({ kind: fc.constant('attest' as const), who, whom: who, when, helped: which, hurt: which }),
  fc.record({ kind: fc.constant('opaque' as const), who, when, which }),
)
/** Each of many lets another in, and some of that is taken back. */
const memberRecipe = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('member' as const),
      who: anyone,
      whom: anyone,
      when,
      days: fc.integer({ min: 4, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('remove' as const), when, which: fc.nat({ max: 30 }) }),
  },
)
type Recipe = typeof recipe extends fc.Arbitrary<infer T> ? T : never

const scene = fc.record({
  descriptor: fc.constantFrom(...descriptors),
  recipes: fc.array(recipe, { maxLength: 40, size: 'max' }),
  today: fc.oneof(fc.constant(day0 + 10), fc.integer({ min: day0, max: day0 + 200 })),
})

const memberScene = fc.record({
  descriptor: fc.constantFrom(...descriptors),
  recipes: fc.array(memberRecipe, { maxLength: 30, size: 'max' }),
})
/** Later than all that was signed. */
const afterAll = t0 + 21 * 40_000

function pairOf(index: number) {
  const pair = people[index]
  if (pair === undefined) throw new RangeError(`no person ${index}`)
  return pair
}

function recordsOf(descriptor: Descriptor, recipes: readonly Recipe[]): SwarmRecord[] {
  const swarm = swarmIdOf(descriptor)
  const made: SwarmRecord[] = []
  for (const step of recipes) {
    const record = recordOf(step, made)
    if (record !== undefined) made.push(record)
  }
  return made

  function recordOf(step: Recipe, before: readonly SwarmRecord[]): SwarmRecord | undefined {
    const t = step.when
    const day = Math.floor(t / 86_400)
    switch (step.kind) {
      case 'member': {
        if (step.who === step.whom) return undefined
        const body = {
          member: peer(pairOf(step.whom)),
          box: pairOf(step.whom).box.publicKey,
          expires: day + step.days,
        }
        return signRecord({ swarm, kind: 'member', t, body }, pairOf(step.who))
      }
      case 'digest': {
        const shard = step.which % (descriptor.shards + 1)
        const supersedes = step.prior === step.which ? {} : { supersedes: cidNumber(step.prior) }
        const body = digestBody({
          cid: cidNumber(step.which),
          created: t,
          shard,
          expires: day + step.days,
          ...supersedes,
        })
        return signRecord({ swarm, kind: 'digest', t, body }, pairOf(step.who))
      }
      case 'retract':
        return signRecord(
          { swarm, kind: 'retract', t, body: { cid: cidNumber(step.which) } },
          pairOf(step.who),
        )
      case 'before':
        return signRecord({ swarm, kind: 'retract', t, body: { before: t } }, pairOf(step.who))
      case 'remove': {
        const members = before.filter(record => record.type === 'member')
        const named = members[step.which % Math.max(1, members.length)]
        const inviter = people.find(pair => peer(pair) === named?.envelope.author)
        if (named === undefined || inviter === undefined) return undefined
        return signRecord({ swarm, kind: 'retract', t, body: { cid: cidOfRecord(named.id) } }, inviter)
      }
      case 'attest': {
        if (step.who === step.whom || step.helped + step.hurt === 0) return undefined
        const body = {
          subject: peer(pairOf(step.whom)),
          day: day - (step.helped % 2),
          helped: step.helped,
          hurt: step.hurt,
        }
        return signRecord({ swarm, kind: 'attest', t, body }, pairOf(step.who))
      }
      case 'opaque':
        return opaqueRecord(pairOf(step.who), swarm, t, step.which)
    }
  }
}

function expectSame(
  set: ReplicatedSet,
  records: readonly SwarmRecord[],
  descriptor: Descriptor,
  today: number,
) {
  const expected = objectiveSet(records, { descriptor, today, allowances })
  expect(liveIds(set)).toEqual([...expected.live].sort())
  expect(set.ranges.size).toBe(expected.live.size)
  const inOrder = records
    .filter(({ id }) => expected.live.has(id))
    .toSorted((a, b) => placeOf(a) - placeOf(b) || (a.id < b.id ? -1 : 1))
  expect(Array.from({ length: set.ranges.size }, (_, rank) => set.ranges.idAt(rank))).toEqual([
    ...new Set(inOrder.map(({ id }) => id)),
  ])
  for (const record of records) {
    const offered = set.offer(record)
    expect(offered.changed).toEqual([])
    if (offered.status !== 'live') expect(offered.reason).toBe(expected.excluded.get(record.id))
  }
}

describe('the replicated set', () => {
  test('equals the pure rules after every record, whatever the order, and reports each change', () => {
    fc.assert(
      fc.property(scene, fc.infiniteStream(fc.nat()), ({ descriptor, recipes, today }, choices) => {
        const records = recordsOf(descriptor, recipes)
        const order = shuffled([...records, ...records.slice(0, 3)], choices)
        const set = createReplicatedSet(descriptor, today, allowances)
        const told = new Set<string>()
        for (const [index, record] of order.entries()) {
          const offered = set.offer(record)
          if (offered.status === 'live') told.add(record.id)
          for (const { id, live } of offered.changed) {
            expect(told.has(id)).toBe(!live)
            if (live) told.add(id)
            else told.delete(id)
          }
          expect([...told].sort()).toEqual(liveIds(set))
          if (index % 8 === 0) expectSame(set, order.slice(0, index + 1), descriptor, today)
        }
        expectSame(set, records, descriptor, today)
      }),
      { numRuns: 300 },
    )
  })

  test('equals the pure rules of the later day after the days went by', () => {
    fc.assert(
      fc.property(
        scene,
        fc.nat({ max: 150 }),
        fc.nat({ max: 150 }),
        ({ descriptor, recipes }, some, more) => {
          const records = recordsOf(descriptor, recipes)
          const set = createReplicatedSet(descriptor, day0 + 10, allowances)
          for (const record of records) set.offer(record)
          for (const today of [day0 + 10 + some, day0 + 10 + some + more]) {
            set.advance(today)
            expectSame(set, records, descriptor, today)
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  test('shows a chain of every member and of nobody else: in force, and the founder’s own word where there is one', () => {
    fc.assert(
      fc.property(memberScene, ({ descriptor, recipes }) => {
        const set = createReplicatedSet(descriptor, day0 + 10)
        for (const record of recordsOf(descriptor, recipes)) set.offer(record)
        for (const person of people.map(peer)) {
          const chain = set.chainTo(person, afterAll)
          expect(chain !== undefined).toBe(set.isMember(person, afterAll))
          if (chain === undefined) continue
          const shown = chain.map(({ bytes }) => bytes)
          expect(readChain(shown, { descriptor, peer: person, nowS: afterAll }).ok).toBe(true)
          expect(chain.filter(set.isTakenBack)).toEqual([])
          const byFounder = set
            .memberships(person)
            .some(one => one.envelope.author === peer(founder) && holds(set, one))
          if (byFounder) expect(chain.length).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('is the same on nodes that exchange what is live until nothing is new', () => {
    fc.assert(
      fc.property(scene, fc.infiniteStream(fc.nat()), ({ descriptor, recipes, today }, choices) => {
        const records = recordsOf(descriptor, recipes)
        const byId = new Map(records.map(record => [record.id, record]))
        const nodes = [0, 1, 2].map(() => createReplicatedSet(descriptor, today, allowances))
        for (const record of records) nodes[next(choices) % 3]?.offer(record)
        for (let round = 0; round < 20; round++) {
          for (const from of nodes) {
            for (const to of nodes)
              for (const id of liveIds(from)) offerKnown(to, byId.get(id as SwarmRecord['id']))
          }
        }
        expect(nodes.map(liveIds)).toEqual(
          [0, 1, 2].map(() => liveIds(nodes[0] ?? createReplicatedSet(descriptor, 0))),
        )
      }),
      { numRuns: 150 },
    )
  })
})

function holds(set: ReplicatedSet, record: MemberRecord): boolean {
  return isInForce(record, afterAll) && !set.isTakenBack(record)
}

function offerKnown(set: ReplicatedSet, record: SwarmRecord | undefined): void {
  if (record !== undefined) set.offer(record)
}

function next(choices: fc.Stream<number>): number {
  const { value } = choices.next()
  return value ?? 0
}

function shuffled<T>(items: readonly T[], choices: fc.Stream<number>): T[] {
  const left = [...items]
  const out: T[] = []
  while (left.length > 0) out.push(...left.splice(next(choices) % left.length, 1))
  return out
}
