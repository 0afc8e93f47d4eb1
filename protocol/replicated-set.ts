/**
 * The replicated set, record by record: after any records in any order it equals `objectiveSet` over them, as long as
 * its pools for what is not live do not overflow. Memory is bounded by the allowances and those pools.
 * SPEC section "The replicated set".
 */

import { AuthorBook, type BookHost, type Held, type HeldDigest, heldOf, type State } from './author-book.ts'
import { buildMembership, type Membership } from './membership.ts'
import { createMultimap } from './multimap.ts'
import {
  type Allowances,
  calendarExclusion,
  type Exclusion,
  lastDayOf,
  protocolAllowances,
} from './objective.ts'
import { createPools, type Pool } from './pools.ts'
import { placeOf } from './range/bound.ts'
import { createRangeIndex, type RangeIndex } from './range/range-index.ts'
import { cidOfRecord } from './retraction.ts'
import type {
  Day,
  Descriptor,
  EntryCid,
  MemberRecord,
  PeerId,
  RecordId,
  Seconds,
  SwarmRecord,
} from './types.ts'

/** A record that entered or left the set because of another one, or of the calendar. */
export interface Change {
  readonly id: RecordId
  readonly live: boolean
}

type Offered =
  | { readonly status: 'live'; readonly changed: readonly Change[] }
  | {
      /** `pending`: the author is not known as a member at that time, yet. */
      readonly status: 'pending' | 'excluded'
      readonly reason: Exclusion
      readonly changed: readonly Change[]
    }

interface LiveDigest {
  readonly id: RecordId
  readonly author: PeerId
  readonly t: Seconds
  readonly shard: number
  readonly created: Seconds
  readonly supersedes: EntryCid | undefined
}

/** One author's word on another for one day: the greatest counts of its live records. */
interface Attested {
  readonly author: PeerId
  readonly subject: PeerId
  readonly day: Day
  readonly helped: number
  readonly hurt: number
}

export interface ReplicatedSet {
  /** The record must be verified, and of this swarm. Offering it again changes nothing. */
  offer(record: SwarmRecord): Offered
  /** A new UTC day: what it ends leaves the set. Days never go back. */
  advance(today: Day): readonly Change[]
  has(id: RecordId): boolean
  /** Whether the record is live, or remembered for when it may be: false for what was never offered, or is forgotten. */
  holds(id: RecordId): boolean
  /** The live records in the order in which peers compare them. */
  readonly ranges: RangeIndex
  /** The live digests that announce this entry. */
  digests(cid: EntryCid): readonly LiveDigest[]
  /** Entries by which the author replaced this one; several are alternatives. */
  successors(cid: EntryCid, author: PeerId): readonly EntryCid[]
  isRetracted(cid: EntryCid, author: PeerId, created: Seconds): boolean
  isMember(peer: PeerId, atS: Seconds): boolean
  /** Founder first; `undefined` for who is no member at that time. */
  chainTo(peer: PeerId, atS: Seconds): readonly MemberRecord[] | undefined
  /** The peer's live member record that lasts longest; none for the founder. */
  member(peer: PeerId): MemberRecord | undefined
  /** All of its live member records, the earliest first: anybody who may invite can sign one more. */
  memberships(peer: PeerId): readonly MemberRecord[]
  /** Whether who let it in has taken that back. */
  isTakenBack(record: MemberRecord): boolean
  attested(): Iterable<Attested>
  /** The greatest time of the author's live records but `member` ones; `undefined` without any. */
  lastSigned(author: PeerId): Seconds | undefined
}

interface HeldMember {
  readonly record: MemberRecord
  /** How a retraction names it. */
  readonly cid: EntryCid
  readonly place: number
  state: State
}

/** `allowances` differ from the protocol's in tests only. */
export function createReplicatedSet(
  descriptor: Descriptor,
  firstDay: Day,
  allowances: Allowances = protocolAllowances,
): ReplicatedSet {
  let today = firstDay
  const members = new Map<RecordId, HeldMember>()
  const memberByCid = new Map<EntryCid, HeldMember>()
  const recordsOf = createMultimap<PeerId, HeldMember>()
  const invitedBy = createMultimap<PeerId, HeldMember>()
  const books = new Map<PeerId, AuthorBook>()
  const held = new Map<RecordId, Held>()
  const digestsByCid = createMultimap<EntryCid, HeldDigest>()
  const successorsByCid = createMultimap<EntryCid, HeldDigest>()
  const pools = createPools()
  const ranges = createRangeIndex()
  const bookHost: BookHost = {
    allowances,
    setState: (one, state) => setState(one.author, one, one.id, state),
    namesLiveMember: (cid, author) => {
      const member = memberByCid.get(cid)
      return member?.state === 'live' && member.record.envelope.author === author
    },
    digestsNaming: (cid, author) => digestsByCid.get(cid).filter(one => one.author === author),
  }
  /** Whether each record touched by the call under way was live before it. */
  const wasLive = new Map<RecordId, boolean>()
  let membership = build()

  function build(): Membership {
    return buildMembership({
      descriptor,
      allowances,
      records: [...members.values()].map(({ record }) => record),
      removedAt,
    })
  }

  function removedAt(record: MemberRecord): Seconds | undefined {
    return books.get(record.envelope.author)?.firstRetraction(cidOf(record))?.t
  }

  function membershipsOf(peer: PeerId): MemberRecord[] {
    return recordsOf
      .get(peer)
      .filter(one => one.state === 'live')
      .map(one => one.record)
  }

  function cidOf(record: MemberRecord): EntryCid {
    return members.get(record.id)?.cid ?? cidOfRecord(record.id)
  }

  function bookOf(author: PeerId): AuthorBook {
    const known = books.get(author)
    if (known !== undefined) return known
    const book = new AuthorBook(author, bookHost)
    books.set(author, book)
    return book
  }

  /** The one point that every record passes which enters or leaves the set. */
  function setState(
    author: PeerId,
    one: { readonly place: number; state: State },
    id: RecordId,
    state: State,
  ): void {
    if (one.state === state) return
    const was = one.state === 'live'
    if (!wasLive.has(id)) wasLive.set(id, was)
    one.state = state
    if (state === 'live') ranges.add(one.place, id)
    else if (was) ranges.remove(one.place, id)
    pools.move(author, id, poolOf(state))
  }

  function addMember(record: MemberRecord): void {
    const { author, body } = record.envelope
    const cid = cidOfRecord(record.id)
    const one: HeldMember = { record, cid, place: placeOf(record), state: 'not-member' }
    members.set(record.id, one)
    memberByCid.set(one.cid, one)
    recordsOf.put(body.member, one)
    const status = membership.add(record, invitedBy.get(body.member).length === 0)
    invitedBy.put(author, one)
    if (status === undefined) rebuild([body.member])
    else settleMember(one, status)
    if (one.state === 'not-member') pools.move(author, record.id, 'pending')
  }

  function addHeld(record: Exclude<SwarmRecord, { type: 'member' }>): void {
    const { author, t } = record.envelope
    const book = bookOf(author)
    const one = heldOf(record, lastDayOf(record), membership.isMember(author, t))
    held.set(one.id, one)
    if (one.type === 'digest') {
      digestsByCid.put(one.cid, one)
      if (one.supersedes !== undefined) successorsByCid.put(one.supersedes, one)
    }
    const named = one.type === 'retract' && one.cid !== undefined ? memberByCid.get(one.cid) : undefined
    book.add(one)
    if (one.state === 'not-member') pools.move(author, one.id, 'pending')
    if (named === undefined || named.record.envelope.author !== author) return
    // Only the retraction with the lowest id says when the membership ended.
    if (book.firstRetraction(named.cid) === one) reachedBy([named.record.envelope.body.member])
  }

  /** What a membership that begins or ends changes: the member's records, and all that hangs on its own invitations. */
  function reachedBy(peers: readonly PeerId[]): void {
    membership.takenBack()
    if (peers.some(peer => invitedBy.get(peer).length > 0)) rebuild(peers)
    else for (const peer of peers) review(peer)
  }

  function rebuild(peers: readonly PeerId[]): void {
    membership = build()
    const changed = [...members.values()].filter(one => one.state !== membership.status(one.record.id))
    for (const one of changed) settleMember(one, membership.status(one.record.id) ?? 'not-member')
    const reached = new Set<PeerId>(peers)
    for (const one of changed) reached.add(one.record.envelope.body.member)
    // A Set's iteration also visits what is added under way: this walks down the whole graph.
    for (const peer of reached)
      for (const one of invitedBy.get(peer)) reached.add(one.record.envelope.body.member)
    for (const peer of reached) review(peer)
  }

  function settleMember(one: HeldMember, status: State): void {
    const { id, envelope } = one.record
    const was = one.state === 'live'
    setState(envelope.author, one, id, status)
    // A record that was and is not live says nothing about its member, who may have thousands of records.
    if ((status === 'live') === was) return
    books.get(envelope.author)?.settleCid(one.cid)
    review(envelope.body.member)
  }

  function review(peer: PeerId): void {
    const book = books.get(peer)
    if (book === undefined) return
    for (const one of book.held.values()) book.setBelongs(one, membership.isMember(peer, one.t))
  }

  function forgetMember(one: HeldMember): void {
    const { id, envelope } = one.record
    setState(envelope.author, one, id, 'not-member')
    pools.move(envelope.author, id, 'none')
    members.delete(id)
    memberByCid.delete(one.cid)
    recordsOf.take(envelope.body.member, one)
    invitedBy.take(envelope.author, one)
    books.get(envelope.author)?.settleCid(one.cid)
  }

  function forgetHeld(one: Held): void {
    const book = bookOf(one.author)
    book.remove(one)
    pools.move(one.author, one.id, 'none')
    held.delete(one.id)
    if (one.type === 'digest') {
      digestsByCid.take(one.cid, one)
      if (one.supersedes !== undefined) successorsByCid.take(one.supersedes, one)
    }
    if (book.held.size === 0) books.delete(one.author)
  }

  function trim(): void {
    for (const id of pools.overflow()) {
      const member = members.get(id)
      const one = held.get(id)
      if (member !== undefined) forgetMember(member)
      if (one !== undefined) forgetHeld(one)
    }
  }

  function stateOf(id: RecordId): State | undefined {
    return held.get(id)?.state ?? members.get(id)?.state
  }

  function changesBut(own?: RecordId): readonly Change[] {
    const changes: Change[] = []
    if (own !== undefined) wasLive.delete(own)
    if (wasLive.size === 0) return changes
    for (const [id, was] of wasLive) {
      const live = stateOf(id) === 'live'
      if (live !== was) changes.push({ id, live })
    }
    wasLive.clear()
    return changes
  }

  return {
    offer(record) {
      if (stateOf(record.id) === undefined) {
        const gone = calendarExclusion(record, { descriptor, today })
        if (gone !== undefined) return { status: 'excluded', reason: gone, changed: [] }
        if (record.type === 'member') addMember(record)
        else addHeld(record)
        trim()
      }
      const changed = changesBut(record.id)
      const state = stateOf(record.id) ?? 'not-member'
      if (state === 'live') return { status: 'live', changed }
      return { status: state === 'not-member' ? 'pending' : 'excluded', reason: state, changed }
    },
    advance(day) {
      if (day <= today) return []
      today = day
      for (const one of [...held.values()]) if (one.lastDay < today) forgetHeld(one)
      const ended = [...members.values()].filter(one => lastDayOf(one.record) < today)
      for (const one of ended) forgetMember(one)
      if (ended.length > 0) rebuild(ended.map(one => one.record.envelope.body.member))
      trim()
      return changesBut()
    },
    has: id => stateOf(id) === 'live',
    holds: id => stateOf(id) !== undefined,
    ranges,
    digests: cid => digestsByCid.get(cid).filter(one => one.state === 'live'),
    successors(cid, author) {
      const standing = successorsByCid.get(cid).filter(one => one.state === 'live' && one.author === author)
      return [...new Set(standing.map(one => one.cid))].sort()
    },
    isRetracted: (cid, author, created) => books.get(author)?.isRetracted(cid, created) ?? false,
    isMember: (peer, atS) => membership.isMember(peer, atS),
    chainTo: (peer, atS) => membership.chainTo(peer, atS),
    member: peer => membershipsOf(peer).sort(byLongest)[0],
    memberships: peer => membershipsOf(peer).sort(byEarliest),
    isTakenBack: record => removedAt(record) !== undefined,
    lastSigned(author) {
      let last: Seconds | undefined
      for (const one of books.get(author)?.held.values() ?? [])
        if (one.state === 'live' && one.t > (last ?? -1)) last = one.t
      return last
    },
    *attested() {
      for (const [author, book] of books) yield* mergedAttestations(author, book)
    },
  }
}

function* mergedAttestations(author: PeerId, book: AuthorBook): Iterable<Attested> {
  const merged = new Map<string, Attested>()
  for (const one of book.held.values()) {
    if (one.type !== 'attest' || one.state !== 'live') continue
    const { subject, day } = one
    const key = `${day} ${subject}`
    const other = merged.get(key) ?? one
    const helped = Math.max(one.helped, other.helped)
    merged.set(key, { author, subject, day, helped, hurt: Math.max(one.hurt, other.hurt) })
  }
  yield* merged.values()
}

function byEarliest(a: MemberRecord, b: MemberRecord): number {
  return a.envelope.t - b.envelope.t || (a.id < b.id ? -1 : 1)
}

function byLongest(a: MemberRecord, b: MemberRecord): number {
  return b.envelope.body.expires - a.envelope.body.expires || (a.id < b.id ? -1 : 1)
}

function poolOf(state: State): Pool {
  if (state === 'live') return 'none'
  return state === 'not-member' ? 'pending' : 'waiting'
}
