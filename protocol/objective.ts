/**
 * The rules of the replicated set as one pure function: which of these records every node holds, and why not the
 * others. Whatever leaves a record out is itself in the set (or is the calendar), so nodes that exchange what is live
 * come to the same set. The incremental form is `replicated-set.ts`. SPEC section "The replicated set".
 */

import { compareBytes } from '../crypto/bytes.ts'
import { dayOf } from './body.ts'
import { publicKeyOfPeer } from './identity.ts'
import {
  attestAgeDaysMax,
  attestSubjectsAllowance,
  dayMax,
  digestAllowance,
  opaqueAllowance,
  recordAgeDaysMax,
  retractAllowance,
} from './limits.ts'
import { buildMembership, type MemberAllowances, type Membership, memberAllowances } from './membership.ts'
import { cidOfRecord } from './retraction.ts'
import type {
  AttestRecord,
  Day,
  Descriptor,
  DigestRecord,
  MemberRecord,
  OpaqueRecord,
  PeerId,
  RecordId,
  RetractRecord,
  Seconds,
  SwarmRecord,
} from './types.ts'

/** Why a record is not in the set. `not-member` may change when a member record comes; the first three never do. */
export type Exclusion =
  | 'aged-out'
  | 'expired'
  | 'wrong-shard'
  | 'not-member'
  | 'retracted'
  | 'replaced'
  | 'allowance'

export interface Allowances extends MemberAllowances {
  readonly digests: number
  readonly retractions: number
  readonly attestSubjects: number
  readonly opaque: number
}

/** Those of the protocol. Others are for tests only: nodes with different ones cannot agree. */
export const protocolAllowances: Allowances = {
  ...memberAllowances,
  digests: digestAllowance,
  retractions: retractAllowance,
  attestSubjects: attestSubjectsAllowance,
  opaque: opaqueAllowance,
}

export interface ObjectiveRules {
  readonly descriptor: Descriptor
  /** Whole UTC days: the only part that time plays. */
  readonly today: Day
  readonly allowances?: Allowances
}

export interface ObjectiveSet {
  readonly live: ReadonlySet<RecordId>
  readonly excluded: ReadonlyMap<RecordId, Exclusion>
}

/** Records of one swarm, verified, in any order; of two with the same id the first counts. */
export function objectiveSet(records: Iterable<SwarmRecord>, rules: ObjectiveRules): ObjectiveSet {
  const allowances = rules.allowances ?? protocolAllowances
  const set: Ruling = { live: new Set(), excluded: new Map() }
  const known = new Map<RecordId, SwarmRecord>()
  for (const record of records) if (!known.has(record.id)) known.set(record.id, record)

  const current: SwarmRecord[] = []
  for (const record of known.values()) {
    const exclusion = calendarExclusion(record, rules)
    if (exclusion === undefined) current.push(record)
    else set.excluded.set(record.id, exclusion)
  }
  const membership = ruleMembers(current, rules.descriptor, allowances, set)
  const rest: SwarmRecord[] = []
  for (const record of current) {
    if (record.type === 'member' || set.live.has(record.id) || set.excluded.has(record.id)) continue
    const { author, t } = record.envelope
    if (membership.isMember(author, t)) rest.push(record)
    else set.excluded.set(record.id, 'not-member')
  }
  const retractions = ruleRetractions(ofType(rest, 'retract'), allowances.retractions, set)
  ruleDigests(ofType(rest, 'digest'), retractions, allowances.digests, set)
  ruleAttestations(ofType(rest, 'attest'), allowances.attestSubjects, set)
  const opaque = groupBy(ofType(rest, 'opaque'), record => record.envelope.author)
  for (const ofAuthor of opaque.values()) allow(ofAuthor, allowances.opaque, set)
  return set
}

/** What the calendar and the descriptor alone rule out, for good. */
export function calendarExclusion(
  record: SwarmRecord,
  { descriptor, today }: ObjectiveRules,
): 'aged-out' | 'expired' | 'wrong-shard' | undefined {
  if (record.type !== 'digest') return lastDayOf(record) < today ? 'aged-out' : undefined
  const { t, body } = record.envelope
  if (body.shard >= descriptor.shards) return 'wrong-shard'
  if (dayOf(t) + recordAgeDaysMax < today) return 'aged-out'
  return lastDayOf(record) < today ? 'expired' : undefined
}

/** The last UTC day on which a record can be in the set; retractions stay for good. */
export function lastDayOf(record: SwarmRecord): Day {
  switch (record.type) {
    case 'member':
      // What a member signed on its last day is in the set this long, and needs its voucher.
      return record.envelope.body.expires + recordAgeDaysMax
    case 'digest':
      return Math.min(dayOf(record.envelope.t) + recordAgeDaysMax, record.envelope.body.expires ?? dayMax)
    case 'attest':
      return record.envelope.body.day + attestAgeDaysMax
    case 'opaque':
      return dayOf(record.envelope.t) + recordAgeDaysMax
    case 'retract':
      return dayMax
  }
}

/** What of one author's attestations on one subject and day is kept: the two from which the maxima can be read. */
export function bestAttestations(attestations: Iterable<AttestFacts>): ReadonlySet<RecordId> {
  let byHelped: AttestFacts | undefined
  let byHurt: AttestFacts | undefined
  for (const one of attestations) {
    if (byHelped === undefined || compareHelped(one, byHelped) < 0) byHelped = one
    if (byHurt === undefined || compareHurt(one, byHurt) < 0) byHurt = one
  }
  const best = new Set<RecordId>()
  if (byHelped !== undefined) best.add(byHelped.id)
  // Where the first has the greatest of both, it says all.
  if (byHurt !== undefined && byHurt.hurt > (byHelped?.hurt ?? 0)) best.add(byHurt.id)
  return best
}

function compareHelped(a: AttestFacts, b: AttestFacts): number {
  return b.helped - a.helped || b.hurt - a.hurt || byId(a, b)
}

function compareHurt(a: AttestFacts, b: AttestFacts): number {
  return b.hurt - a.hurt || b.helped - a.helped || byId(a, b)
}

export interface AttestFacts {
  readonly id: RecordId
  readonly helped: number
  readonly hurt: number
}

/** The order in which an author's allowance of subjects is given: by the bytes of their keys. */
function compareSubjects(a: PeerId, b: PeerId): number {
  return compareBytes(publicKeyOfPeer(a), publicKeyOfPeer(b))
}

interface Ruling {
  readonly live: Set<RecordId>
  readonly excluded: Map<RecordId, Exclusion>
}

interface AuthorRetractions {
  readonly cids: ReadonlySet<string>
  readonly before: Seconds
}

/** Member records, and the retractions that take live ones back: those need no membership, they are the inviter's own. */
function ruleMembers(
  current: readonly SwarmRecord[],
  descriptor: Descriptor,
  allowances: MemberAllowances,
  set: Ruling,
): Membership {
  const members = ofType(current, 'member')
  const takenBack = groupBy(
    ofType(current, 'retract'),
    ({ envelope: { author, body } }) => `${author} ${body.cid}`,
  )
  const removalsOf = (record: MemberRecord) =>
    (takenBack.get(`${record.envelope.author} ${cidOfRecord(record.id)}`) ?? []).sort(byId)
  const removedAt = new Map(members.map(record => [record.id, removalsOf(record)[0]?.envelope.t]))
  const membership = buildMembership({
    descriptor,
    allowances,
    records: members,
    removedAt: record => removedAt.get(record.id),
  })
  for (const record of members) {
    const status = membership.status(record.id)
    if (status !== 'live') {
      set.excluded.set(record.id, status ?? 'not-member')
      continue
    }
    set.live.add(record.id)
    const removals = removalsOf(record)
    for (const removal of removals) keepOnly(removal.id, removals[0]?.id, set)
  }
  return membership
}

function ruleRetractions(
  records: readonly RetractRecord[],
  allowance: number,
  set: Ruling,
): ReadonlyMap<PeerId, AuthorRetractions> {
  const ruled = new Map<PeerId, AuthorRetractions>()
  for (const [author, ofAuthor] of groupBy(records, record => record.envelope.author)) {
    const allBefore = ofAuthor
      .filter(record => record.envelope.body.before !== undefined)
      .sort((a, b) => (b.envelope.body.before ?? 0) - (a.envelope.body.before ?? 0) || byId(a, b))
    for (const record of allBefore) keepOnly(record.id, allBefore[0]?.id, set)

    const ofEntries = ofAuthor.filter(record => record.envelope.body.cid !== undefined)
    const lowest = [...groupBy(ofEntries, record => `${record.envelope.body.cid}`).values()].map(same => {
      const [first] = same.sort(byId)
      for (const record of same) if (record !== first) set.excluded.set(record.id, 'replaced')
      return first
    })
    const allowed = allow(
      lowest.filter(record => record !== undefined),
      allowance,
      set,
    )
    ruled.set(author, {
      cids: new Set(allowed.map(record => `${record.envelope.body.cid}`)),
      before: allBefore[0]?.envelope.body.before ?? 0,
    })
  }
  return ruled
}

function ruleDigests(
  records: readonly DigestRecord[],
  retractions: ReadonlyMap<PeerId, AuthorRetractions>,
  allowance: number,
  set: Ruling,
): void {
  const standing = records.filter(({ id, envelope: { author, body } }) => {
    const own = retractions.get(author)
    const isRetracted = own !== undefined && (own.cids.has(body.cid) || body.created < own.before)
    if (isRetracted) set.excluded.set(id, 'retracted')
    return !isRetracted
  })
  const groups = groupBy(standing, ({ envelope: { author, body } }) => `${author} ${body.shard}`)
  for (const group of groups.values()) allow(group, allowance, set)
}

function ruleAttestations(records: readonly AttestRecord[], allowance: number, set: Ruling): void {
  const days = groupBy(records, ({ envelope: { author, body } }) => `${author} ${body.day}`)
  for (const ofDay of days.values()) {
    const bySubject = groupBy(ofDay, record => record.envelope.body.subject)
    const subjects = [...bySubject.keys()].sort(compareSubjects)
    for (const [rank, subject] of subjects.entries()) {
      const same = bySubject.get(subject) ?? []
      const best = bestAttestations(same.map(attestFacts))
      for (const { id } of same) {
        if (rank >= allowance) set.excluded.set(id, 'allowance')
        else if (best.has(id)) set.live.add(id)
        else set.excluded.set(id, 'replaced')
      }
    }
  }
}

function attestFacts({ id, envelope: { body } }: AttestRecord): AttestFacts {
  return { id, helped: body.helped, hurt: body.hurt }
}

function keepOnly(id: RecordId, kept: RecordId | undefined, set: Ruling): void {
  if (id === kept) set.live.add(id)
  else set.excluded.set(id, 'replaced')
}

/** The lowest ids win, whatever came first. */
function allow<R extends SwarmRecord>(records: readonly R[], allowance: number, set: Ruling): readonly R[] {
  const ordered = [...records].sort(byId)
  for (const { id } of ordered.slice(0, allowance)) set.live.add(id)
  for (const { id } of ordered.slice(allowance)) set.excluded.set(id, 'allowance')
  return ordered.slice(0, allowance)
}

function byId(a: { readonly id: RecordId }, b: { readonly id: RecordId }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

interface RecordsByType {
  readonly member: MemberRecord
  readonly digest: DigestRecord
  readonly attest: AttestRecord
  readonly retract: RetractRecord
  readonly opaque: OpaqueRecord
}

function ofType<Type extends keyof RecordsByType>(
  records: readonly SwarmRecord[],
  type: Type,
): RecordsByType[Type][] {
  return records.filter((record): record is RecordsByType[Type] => record.type === type)
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
