/**
 * One author's part of the replicated set, kept up to date record by record: what `objective.ts` rules for the
 * author's digests, retractions, attestations and unknown kinds, without ruling everything again each time.
 */

import { toHex } from '../crypto/bytes.ts'
import { createAttestedDays } from './attested-days.ts'
import { publicKeyOfPeer } from './identity.ts'
import { createMultimap } from './multimap.ts'
import type { Allowances, Exclusion } from './objective.ts'
import { placeOf } from './range/bound.ts'
import { createRanked, type Ranked } from './ranked.ts'
import type { Day, EntryCid, PeerId, RecordId, Seconds, SwarmRecord } from './types.ts'

export type State = 'live' | Exclusion

interface HeldOf<Type extends string> {
  readonly type: Type
  readonly id: RecordId
  readonly author: PeerId
  readonly t: Seconds
  /** Where it stands in the order of catch-up. */
  readonly place: number
  readonly lastDay: Day
  /** Whether the author was a member at `t`. */
  belongs: boolean
  state: State
}

/** What is held of a record: what the rules read. Its bytes lie in the store, for a hundred thousand would fill memory. */
export interface HeldDigest extends HeldOf<'digest'> {
  readonly cid: EntryCid
  readonly shard: number
  readonly created: Seconds
  readonly supersedes: EntryCid | undefined
}
interface HeldRetraction extends HeldOf<'retract'> {
  readonly cid: EntryCid | undefined
  readonly before: Seconds
}
interface HeldAttestation extends HeldOf<'attest'> {
  readonly subject: PeerId
  /** In hex, for the order in which the allowance of subjects is given. */
  readonly subjectKey: string
  readonly day: Day
  readonly helped: number
  readonly hurt: number
}
type HeldOpaque = HeldOf<'opaque'>
export type Held = HeldDigest | HeldRetraction | HeldAttestation | HeldOpaque

export interface BookHost {
  readonly allowances: Allowances
  setState(held: Held, state: State): void
  /** Whether this CID is the name of a live member record that this author signed. */
  namesLiveMember(cid: EntryCid): boolean
  /** The author's held digests that announce this entry. */
  digestsNaming(cid: EntryCid): readonly HeldDigest[]
}

export interface AuthorBook {
  readonly held: ReadonlyMap<RecordId, Held>
  add(held: Held): void
  remove(held: Held): void
  setBelongs(held: Held, belongs: boolean): void
  /** The record's name became, or ceased to be, that of a live member record. */
  settleCid(cid: EntryCid): void
  /** The retraction of that CID with the lowest id, member or not. */
  firstRetraction(cid: EntryCid): HeldRetraction | undefined
  isRetracted(cid: EntryCid, created: Seconds): boolean
}

export function createAuthorBook({
  allowances,
  setState,
  namesLiveMember,
  digestsNaming,
}: BookHost): AuthorBook {
  const held = new Map<RecordId, Held>()
  const retractionsByCid = createMultimap<EntryCid, HeldRetraction>()
  const retractionsBefore = new Set<HeldRetraction>()
  const shards = new Map<number, Ranked<RecordId>>()
  const retractedCids = new Set<EntryCid>()
  let retractedBefore = 0
  const opaque = createRanked(allowances.opaque, onLive)
  const attested = createAttestedDays<HeldAttestation>(allowances.attestSubjects, setState)
  const retractions = createRanked(allowances.retractions, onLive)

  function onLive(id: RecordId, live: boolean): void {
    const one = held.get(id)
    if (one === undefined) return
    setState(one, live ? 'live' : 'allowance')
    if (one.type === 'retract' && one.cid !== undefined) setRetracted(one.cid, live)
  }

  function setRetracted(cid: EntryCid, retracted: boolean): void {
    if (retractedCids.has(cid) === retracted) return
    if (retracted) retractedCids.add(cid)
    else retractedCids.delete(cid)
    for (const digest of digestsNaming(cid)) settleDigest(digest)
  }

  function isRetracted(cid: EntryCid, created: Seconds): boolean {
    return retractedCids.has(cid) || created < retractedBefore
  }

  function settleDigest(digest: HeldDigest): void {
    const stands = digest.belongs && !isRetracted(digest.cid, digest.created)
    let shard = shards.get(digest.shard)
    if (shard === undefined) {
      shard = createRanked(allowances.digests, onLive)
      shards.set(digest.shard, shard)
    }
    if (stands) {
      shard.add(digest.id)
      return
    }
    shard.remove(digest.id)
    setState(digest, digest.belongs ? 'retracted' : 'not-member')
  }

  function settleCid(cid: EntryCid): void {
    const isRemoval = namesLiveMember(cid)
    const all = retractionsByCid.get(cid)
    const first = lowest(all.filter(one => isRemoval || one.belongs))
    for (const one of all) {
      if (one === first && !isRemoval) continue
      retractions.remove(one.id)
      setState(one, one === first ? 'live' : isRemoval || one.belongs ? 'replaced' : 'not-member')
    }
    if (first !== undefined && !isRemoval) {
      retractions.add(first.id)
      setRetracted(cid, first.state === 'live')
    } else {
      setRetracted(cid, false)
    }
  }

  function settleBefore(): void {
    let greatest: HeldRetraction | undefined
    for (const one of retractionsBefore) {
      if (!one.belongs) continue
      const isGreater =
        greatest === undefined ||
        one.before > greatest.before ||
        (one.before === greatest.before && one.id < greatest.id)
      if (isGreater) greatest = one
    }
    for (const one of retractionsBefore) {
      setState(one, one === greatest ? 'live' : one.belongs ? 'replaced' : 'not-member')
    }
    const before = greatest?.before ?? 0
    if (before === retractedBefore) return
    retractedBefore = before
    for (const one of held.values()) if (one.type === 'digest') settleDigest(one)
  }

  function settle(one: Held): void {
    if (one.type === 'digest') settleDigest(one)
    else if (one.type === 'attest') attested.settle(one)
    else if (one.type === 'opaque') settleOpaque(one)
    else if (one.cid === undefined) settleBefore()
    else settleCid(one.cid)
  }

  function settleOpaque(one: HeldOpaque): void {
    if (one.belongs) {
      opaque.add(one.id)
      return
    }
    opaque.remove(one.id)
    setState(one, 'not-member')
  }

  return {
    held,
    add(one) {
      held.set(one.id, one)
      if (one.type === 'retract' && one.cid !== undefined) retractionsByCid.put(one.cid, one)
      else if (one.type === 'retract') retractionsBefore.add(one)
      settle(one)
    },
    remove(one) {
      // Out of every order first, as if its author had never been a member; then out of the indexes.
      one.belongs = false
      settle(one)
      held.delete(one.id)
      if (one.type !== 'retract') return
      retractionsBefore.delete(one)
      if (one.cid === undefined) return
      retractionsByCid.take(one.cid, one)
      // A retraction that named a member record stood without membership.
      settleCid(one.cid)
    },
    setBelongs(one, belongs) {
      if (one.belongs === belongs) return
      one.belongs = belongs
      settle(one)
    },
    settleCid,
    firstRetraction: cid => lowest(retractionsByCid.get(cid)),
    isRetracted,
  }
}

/** What the rules read of a record that is not a member record. */
export function heldOf(
  record: Exclude<SwarmRecord, { type: 'member' }>,
  lastDay: Day,
  belongs: boolean,
): Held {
  const { id, envelope } = record
  const { author, t } = envelope
  const head = { id, author, t, place: placeOf(record), lastDay, belongs, state: 'not-member' } as const
  switch (record.type) {
    case 'digest': {
      const { cid, shard, created, supersedes } = record.envelope.body
      return { ...head, type: 'digest', cid, shard, created, supersedes }
    }
    case 'retract': {
      const { cid, before } = record.envelope.body
      return { ...head, type: 'retract', cid, before: before ?? 0 }
    }
    case 'attest': {
      const { subject, day, helped, hurt } = record.envelope.body
      const subjectKey = toHex(publicKeyOfPeer(subject))
      return { ...head, type: 'attest', subject, subjectKey, day, helped, hurt }
    }
    case 'opaque':
      return { ...head, type: 'opaque' }
  }
}

function lowest<T extends { readonly id: RecordId }>(items: readonly T[]): T | undefined {
  let low: T | undefined
  for (const item of items) if (low === undefined || item.id < low.id) low = item
  return low
}
