/**
 * The replicated set of a swarm with its rows on the disk: read back at start, added to record by record, and cleared
 * of what the set forgets. The rules are `protocol/replicated-set`'s.
 */

import { memberMark, restoreRecord } from '../../protocol/envelope.ts'
import { type Change, createReplicatedSet, type ReplicatedSet } from '../../protocol/replicated-set.ts'
import type {
  Descriptor,
  DigestRecord,
  EntryCid,
  MemberRecord,
  PeerId,
  RecordId,
  RetractRecord,
  SwarmId,
  SwarmRecord,
} from '../../protocol/types.ts'
import type { StoreOp } from '../../store/ports.ts'
import { deleteRecordOps, putRecordOps, recordBytes, recordsOf } from '../../store/records.ts'
import type { Offered } from '../pipeline/receive.ts'
import type { Ports } from '../ports.ts'

/** An entry that its author announces no more. Another's digest of the same bytes does not keep it. */
export interface Gone {
  readonly cid: EntryCid
  readonly author: PeerId
}

export interface LedgerDeps {
  readonly ports: Ports
  readonly swarm: SwarmId
  readonly descriptor: Descriptor
  /** A digest that became live because of another record. */
  readonly onDigest: (digest: DigestRecord) => void
  /** Entries whose last digest has left. Returns the writes that drop them. */
  readonly onGone: (gone: readonly Gone[], retraction: RetractRecord | undefined) => readonly StoreOp[]
  /** Somebody is a member now, or by the word of another one than before. */
  readonly onMember: (member: PeerId) => void
  /** Ends the tries to store what the disk refused. */
  readonly signal: AbortSignal
}

const dayMs = 86_400_000
/** Writes that may be under way; beyond it the disk is too slow for what comes in. */
const writesMax = 4_096
/** A full disk may have room again: what it refused is tried again this often. */
const storeAgainMs = 10_000
/** Rows of records that are not live are looked through for forgotten ones when there are this many. */
const sweepMin = 1_024

export class Ledger {
  readonly set: ReplicatedSet
  readonly #deps: LedgerDeps
  /** The founder, and whoever was let in at some time. */
  readonly #members: Set<PeerId>
  /** Records on their way to the disk, and the writes that take them there. */
  readonly #unwritten = new Map<RecordId, SwarmRecord>()
  readonly #writes = new Set<Promise<void>>()
  /** What the disk refused, in the order in which it came: memory runs ahead of it no longer than it must. */
  readonly #refused = new Map<RecordId, readonly StoreOp[]>()
  #storingAgain = false
  /** Stored, and not live: rows that go when the set forgets the record. */
  readonly #waiting = new Set<RecordId>()
  #sweepAt = sweepMin

  constructor(deps: LedgerDeps) {
    this.#deps = deps
    this.#members = new Set([deps.descriptor.founder])
    this.set = createReplicatedSet(deps.descriptor, this.#today())
  }

  /** Reads the replicated set back. Records were verified before they were stored: a start verifies none again. */
  async load(onDigest: (digest: DigestRecord) => void): Promise<void> {
    const { store, cpu } = this.#deps.ports
    // Members first, each after who let it in: the set lets few records wait until their author is a member.
    let members: MemberRecord[] = []
    for await (const { id, bytes } of recordsOf(store, this.#deps.swarm, memberMark)) {
      const record = restoreRecord(id, bytes)
      await cpu.spend('decode', 1)
      if (record?.type === 'member') members.push(record)
    }
    for (let found = true; found && members.length > 0; ) {
      const before = members
      members = []
      for (const record of before) {
        if (this.#belongs(record)) this.#restore(record, onDigest)
        else members.push(record)
      }
      found = members.length < before.length
    }
    for (const record of members) this.#restore(record, onDigest)
    for await (const { id, bytes } of recordsOf(store, this.#deps.swarm)) {
      const record = restoreRecord(id, bytes)
      await cpu.spend('decode', 1)
      if (record !== undefined && record.type !== 'member') this.#restore(record, onDigest)
    }
    await store.batch(this.#forgottenOps())
  }

  #belongs({ envelope: { author, t } }: SwarmRecord): boolean {
    return this.set.isMember(author, t)
  }

  #restore(record: SwarmRecord, onDigest: (digest: DigestRecord) => void): void {
    this.set.offer(record)
    if (!this.set.has(record.id)) this.#waiting.add(record.id)
    if (record.type === 'member') this.#members.add(record.envelope.body.member)
    if (record.type === 'digest') onDigest(record)
  }

  /** Deletes the rows of records that the set has forgotten, or that the calendar has ended while the node was off. */
  #forgottenOps(): readonly StoreOp[] {
    const ops: StoreOp[] = []
    for (const id of this.#waiting) {
      if (this.set.holds(id)) continue
      this.#waiting.delete(id)
      ops.push(...deleteRecordOps(this.#deps.swarm, id))
    }
    this.#sweepAt = Math.max(sweepMin, 2 * this.#waiting.size)
    return ops
  }

  /** A new day: what it ends leaves the set. */
  async advance(): Promise<void> {
    const changes = this.set.advance(this.#today())
    const ops = [...this.#follow(changes, undefined), ...this.#forgottenOps()]
    await this.#deps.ports.store.batch(ops)
  }

  /** Who is a member now, the founder included. */
  members(): readonly PeerId[] {
    const nowS = Math.floor(this.#deps.ports.clock.now() / 1000)
    return [...this.#members].filter(peer => this.set.isMember(peer, nowS))
  }

  /** Adds to the replicated set, and says which writes follow. What may become live later is stored as well. */
  admit(record: SwarmRecord): { outcome: Offered; ops: readonly StoreOp[] } {
    if (this.set.has(record.id)) return { outcome: { status: 'known' }, ops: [] }
    const heldBefore = this.set.holds(record.id)
    const invitersBefore = this.#invitersBy(record)
    const offered = this.set.offer(record)
    const ops: StoreOp[] = []
    if (!heldBefore && this.set.holds(record.id)) {
      ops.push(...putRecordOps(this.#deps.swarm, record))
      if (offered.status !== 'live') this.#waiting.add(record.id)
    }
    const retraction = record.type === 'retract' && offered.status === 'live' ? record : undefined
    ops.push(...this.#follow(offered.changed, retraction))
    if (this.#waiting.size > this.#sweepAt) ops.push(...this.#forgottenOps())
    if (offered.status !== 'live') return { outcome: { status: offered.status, reason: offered.reason }, ops }
    if (record.type === 'member' && this.#invitersBy(record) !== invitersBefore)
      this.#joined(record.envelope.body.member)
    return { outcome: { status: 'live' }, ops }
  }

  /** Who stands for whom a member record names, as the set says now. */
  #invitersBy(record: SwarmRecord): string {
    if (record.type !== 'member') return ''
    const memberships = this.set.memberships(record.envelope.body.member)
    return [...new Set(memberships.map(({ envelope }) => envelope.author))].join(' ')
  }

  /** What entered or left the set because of something else. */
  #follow(changes: readonly Change[], retraction: RetractRecord | undefined): readonly StoreOp[] {
    const ops: StoreOp[] = []
    const gone: Gone[] = []
    for (const { id, live } of changes) {
      const record = this.record(id)
      if (live) this.#waiting.delete(id)
      else if (this.set.holds(id)) this.#waiting.add(id)
      else ops.push(...deleteRecordOps(this.#deps.swarm, id))
      if (record?.type === 'member' && live) this.#joined(record.envelope.body.member)
      if (record?.type !== 'digest') continue
      const { author, body } = record.envelope
      if (live) this.#deps.onDigest(record)
      else if (!this.announces(author, body.cid)) gone.push({ cid: body.cid, author })
    }
    if (gone.length > 0 || retraction !== undefined) ops.push(...this.#deps.onGone(gone, retraction))
    return ops
  }

  announces(author: PeerId, cid: EntryCid): boolean {
    return this.set.digests(cid).some(digest => digest.author === author)
  }

  #joined(member: PeerId): void {
    this.#members.add(member)
    this.#deps.onMember(member)
  }

  record(id: RecordId): SwarmRecord | undefined {
    const unwritten = this.#unwritten.get(id)
    if (unwritten !== undefined) return unwritten
    const bytes = recordBytes(this.#deps.ports.store, this.#deps.swarm, id)
    return bytes === undefined ? undefined : restoreRecord(id, bytes)
  }

  /** For what a peer sent: nobody waits for the disk. `idle` does. */
  write(record: SwarmRecord, ops: readonly StoreOp[]): void {
    const { store, log } = this.#deps.ports
    this.#unwritten.set(record.id, record)
    const writing = store
      .batch(ops)
      .then(() => void this.#unwritten.delete(record.id))
      .catch((cause: unknown) => {
        log('error', 'A record of a peer could not be stored.', { cause: String(cause) })
        this.#refused.set(record.id, ops)
        void this.#storeAgain()
      })
      .finally(() => this.#writes.delete(writing))
    this.#writes.add(writing)
  }

  /** Until then peers are served out of memory what is announced to them. Never rejects. */
  async #storeAgain(): Promise<void> {
    const { clock, store, log } = this.#deps.ports
    if (this.#storingAgain) return
    this.#storingAgain = true
    const { signal } = this.#deps
    while (this.#refused.size > 0 && !signal.aborted) {
      // The only rejection is the stop itself.
      await clock.sleep(storeAgainMs, signal).catch(() => undefined)
      if (signal.aborted) return
      const refused = [...this.#refused]
      try {
        await store.batch(refused.flatMap(([, ops]) => ops))
      } catch (cause) {
        log('debug', 'The disk refuses still.', { cause: String(cause) })
        continue
      }
      for (const [id] of refused) {
        this.#refused.delete(id)
        this.#unwritten.delete(id)
      }
    }
    this.#storingAgain = false
  }

  #today(): number {
    return Math.floor(this.#deps.ports.clock.now() / dayMs)
  }

  bytesOf(id: RecordId): Uint8Array | undefined {
    return this.#unwritten.get(id)?.bytes ?? recordBytes(this.#deps.ports.store, this.#deps.swarm, id)
  }

  get isBusy(): boolean {
    return this.#writes.size + this.#refused.size >= writesMax
  }

  async idle(): Promise<void> {
    await Promise.all(this.#writes)
  }
}
