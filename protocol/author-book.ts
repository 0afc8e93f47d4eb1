/**
 * One author's part of the replicated set, kept up to date record by record: what `objective.ts` rules for the
 * author's digests, retractions, attestations and unknown kinds, without ruling everything again each time.
 */

import { toHex } from '../crypto/bytes.ts'
import { type AttestedDays, createAttestedDays } from './attested-days.ts'
import { publicKeyOfPeer } from './identity.ts'
import { createMultimap, type Multimap } from './multimap.ts'
import type { Allowances, Exclusion } from './objective.ts'
import { placeOf } from './range/bound.ts'
import { Ranked } from './ranked.ts'
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
  namesLiveMember(cid: EntryCid, author: PeerId): boolean
  /** The author's held digests that announce this entry. */
  digestsNaming(cid: EntryCid, author: PeerId): readonly HeldDigest[]
}

interface Retractions {
  readonly byCid: Multimap<EntryCid, HeldRetraction>
  /** Those of everything that is older. */
  readonly before: Set<HeldRetraction>
  readonly ranked: Ranked<RecordId>
  readonly retractedCids: Set<EntryCid>
  retractedBefore: number
}

/** A node holds thousands of these, and most authors only announce: what the rest needs is made when such a record comes. */
export class AuthorBook {
  readonly #author: PeerId
  readonly #host: BookHost
  readonly #held = new Map<RecordId, Held>()
  /** By shard. */
  readonly #digests = new Map<number, Ranked<RecordId>>()
  #retractions: Retractions | undefined
  #attested: AttestedDays<HeldAttestation> | undefined
  #opaque: Ranked<RecordId> | undefined

  constructor(author: PeerId, host: BookHost) {
    this.#author = author
    this.#host = host
  }

  get held(): ReadonlyMap<RecordId, Held> {
    return this.#held
  }

  add(one: Held): void {
    this.#held.set(one.id, one)
    if (one.type === 'retract') {
      this.#retractions ??= this.#noRetractions()
      if (one.cid === undefined) this.#retractions.before.add(one)
      else this.#retractions.byCid.put(one.cid, one)
    }
    this.#settle(one)
  }

  remove(one: Held): void {
    // Out of every order first, as if its author had never been a member; then out of the indexes.
    one.belongs = false
    this.#settle(one)
    this.#held.delete(one.id)
    if (one.type !== 'retract') return
    this.#retractions?.before.delete(one)
    if (one.cid === undefined) return
    this.#retractions?.byCid.take(one.cid, one)
    // A retraction that named a member record stood without membership.
    this.settleCid(one.cid)
  }

  setBelongs(one: Held, belongs: boolean): void {
    if (one.belongs === belongs) return
    one.belongs = belongs
    this.#settle(one)
  }

  /** The record's name became, or ceased to be, that of a live member record. */
  settleCid(cid: EntryCid): void {
    if (this.#retractions === undefined) return
    const { setState, namesLiveMember } = this.#host
    const { byCid, ranked } = this.#retractions
    const isRemoval = namesLiveMember(cid, this.#author)
    const all = byCid.get(cid)
    const first = lowest(all.filter(one => isRemoval || one.belongs))
    for (const one of all) {
      if (one === first && !isRemoval) continue
      ranked.remove(one.id)
      setState(one, one === first ? 'live' : isRemoval || one.belongs ? 'replaced' : 'not-member')
    }
    if (first !== undefined && !isRemoval) {
      ranked.add(first.id)
      this.#setRetracted(cid, first.state === 'live')
    } else {
      this.#setRetracted(cid, false)
    }
  }

  /** The retraction of that CID with the lowest id, member or not. */
  firstRetraction(cid: EntryCid): HeldRetraction | undefined {
    return this.#retractions && lowest(this.#retractions.byCid.get(cid))
  }

  isRetracted(cid: EntryCid, created: Seconds): boolean {
    if (this.#retractions === undefined) return false
    const { retractedBefore, retractedCids } = this.#retractions
    return created < retractedBefore || retractedCids.has(cid)
  }

  #noRetractions(): Retractions {
    return {
      byCid: createMultimap(),
      before: new Set(),
      ranked: new Ranked(this.#host.allowances.retractions, this.#onLive),
      retractedCids: new Set(),
      retractedBefore: 0,
    }
  }

  readonly #onLive = (id: RecordId, live: boolean): void => {
    const one = this.#held.get(id)
    if (one === undefined) return
    this.#host.setState(one, live ? 'live' : 'allowance')
    if (one.type === 'retract' && one.cid !== undefined) this.#setRetracted(one.cid, live)
  }

  #setRetracted(cid: EntryCid, retracted: boolean): void {
    const retractedCids = this.#retractions?.retractedCids
    if (retractedCids === undefined || retractedCids.has(cid) === retracted) return
    if (retracted) retractedCids.add(cid)
    else retractedCids.delete(cid)
    for (const digest of this.#host.digestsNaming(cid, this.#author)) this.#settleDigest(digest)
  }

  #settle(one: Held): void {
    if (one.type === 'digest') this.#settleDigest(one)
    else if (one.type === 'attest') this.#settleAttestation(one)
    else if (one.type === 'opaque') this.#settleOpaque(one)
    else if (one.cid === undefined) this.#settleBefore()
    else this.settleCid(one.cid)
  }

  #settleDigest(digest: HeldDigest): void {
    const stands = digest.belongs && !this.isRetracted(digest.cid, digest.created)
    let shard = this.#digests.get(digest.shard)
    if (shard === undefined) {
      shard = new Ranked(this.#host.allowances.digests, this.#onLive)
      this.#digests.set(digest.shard, shard)
    }
    if (stands) {
      shard.add(digest.id)
      return
    }
    shard.remove(digest.id)
    this.#host.setState(digest, digest.belongs ? 'retracted' : 'not-member')
  }

  #settleBefore(): void {
    if (this.#retractions === undefined) return
    const { before: all } = this.#retractions
    let greatest: HeldRetraction | undefined
    for (const one of all) {
      if (!one.belongs) continue
      const isGreater =
        greatest === undefined ||
        one.before > greatest.before ||
        (one.before === greatest.before && one.id < greatest.id)
      if (isGreater) greatest = one
    }
    for (const one of all)
      this.#host.setState(one, one === greatest ? 'live' : one.belongs ? 'replaced' : 'not-member')
    const before = greatest?.before ?? 0
    if (before === this.#retractions.retractedBefore) return
    this.#retractions.retractedBefore = before
    for (const one of this.#held.values()) if (one.type === 'digest') this.#settleDigest(one)
  }

  #settleAttestation(one: HeldAttestation): void {
    const { allowances, setState } = this.#host
    this.#attested ??= createAttestedDays<HeldAttestation>(allowances.attestSubjects, setState)
    this.#attested.settle(one)
  }

  #settleOpaque(one: HeldOpaque): void {
    this.#opaque ??= new Ranked(this.#host.allowances.opaque, this.#onLive)
    if (one.belongs) {
      this.#opaque.add(one.id)
      return
    }
    this.#opaque.remove(one.id)
    this.#host.setState(one, 'not-member')
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
