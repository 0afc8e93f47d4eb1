/**
 * Fetch (SPEC, "Transport"): gets an announced entry's block from named providers within a deadline, and checks it against
 * the signed digest before anyone sees it. A mismatch counts against the author, who signed both; a provider that does
 * not deliver is passed over, and the fetch is tried again later (`retries.ts`).
 */

import { decodeEntry } from '../../../protocol/entry.ts'
import { matchesDigest } from '../../../protocol/entry-text.ts'
import { entryPageMax } from '../../../protocol/limits.ts'
import type { DigestRecord, Entry, EntryCid, PeerId, RecordId } from '../../../protocol/types.ts'
import type { Blocks, Clock, Cpu, Log } from '../../ports.ts'
import { createQueue, type Queue } from '../../queue.ts'
import type { Callable } from './author-calls.ts'
import type { Wanted } from './failed-fetches.ts'
import { byFirstProvider, providersOf } from './providers.ts'
import { Retries } from './retries.ts'
import type { Arriving } from './served-blocks.ts'

export interface FetchDeps {
  readonly blocks: Blocks
  /** What one peer has of these, perhaps nothing. Never rejects. */
  readonly fetchBatch: (peer: PeerId, cids: readonly EntryCid[]) => Promise<ReadonlyMap<EntryCid, Uint8Array>>
  readonly clock: Clock
  readonly cpu: Cpu
  readonly log: Log
  readonly concurrency: number
  readonly deadlineMs: number
  /** Shards of the swarm. */
  readonly shards: number
  /** Connected peers, as further providers. */
  readonly peers: () => readonly PeerId[]
  /** Those of these authors who are no neighbours, and may be dialled for an entry that no neighbour delivers. */
  readonly callable: (authors: readonly PeerId[]) => readonly Callable[]
  /** What is worth fetching first, from 0 to 1; undefined when it is not wanted any more. */
  readonly worth: (digest: DigestRecord) => number | undefined
  /** A verified entry: stored before this resolves. */
  readonly onEntry: (entry: Entry, bytes: Uint8Array, wanted: Wanted) => Promise<void>
  /** The author signed a digest that its entry does not match. */
  readonly onMismatch: (digest: DigestRecord, reason: string) => Promise<void>
}

export interface Fetcher {
  /** False when the queue is full: the digest stays in the replicated set and is tried again by `retry`. */
  want(wanted: Wanted): boolean
  /** Whether it waits, or is under way. */
  has(id: RecordId): boolean
  /** Where it is asked for by itself for the first time: what did not come then is not counted on. */
  arriving(cid: EntryCid): Arriving | undefined
  /** Tries again what failed, because a peer came up. */
  retry(): void
  readonly waiting: number
  readonly failed: number
  idle(): Promise<void>
  close(): Promise<void>
}

interface Single {
  readonly wanted: Wanted
  readonly done: () => void
}

/** Digests that may wait at once. */
const queueLimit = 10_000
/**
 * What is larger than announced, or than any entry, is fetched as well, as far as one message brings it: only the
 * bytes prove that the author lied. A larger one never arrives, and is given up like what nobody has.
 */
const provingBytesMax = 256 * 1_024
/** Single fetches under way, or entries that wait, from which on they are asked for in batches: a node that catches up has many. */
const manySingles = 4
/** Batches under way: what comes meanwhile makes the next ones larger. */
const batchesAtOnce = 2

export class EntryFetcher implements Fetcher {
  readonly #deps: FetchDeps
  /** By digest and not by entry: who announces another's entry wrongly must not stand in the way of the right digest. */
  readonly #pending = new Set<RecordId>()
  readonly #arriving = new Map<EntryCid, Arriving>()
  readonly #queue: Queue<Wanted>
  readonly #singles: Queue<Single>
  /** Ends of single fetches that somebody waits for, perhaps. */
  readonly #awaited = new Set<() => void>()
  readonly #retries: Retries
  readonly #stopping = new AbortController()

  constructor(deps: FetchDeps) {
    this.#deps = deps
    this.#retries = new Retries({
      clock: deps.clock,
      log: deps.log,
      signal: this.#stopping.signal,
      tryAgain: wanted => this.want(wanted),
      isPending: id => this.has(id),
      callable: deps.callable,
      askAuthor: wanted => this.#askAuthor(wanted),
    })
    this.#singles = createQueue<Single>({
      limit: manySingles + batchesAtOnce * entryPageMax,
      workers: deps.concurrency,
      run: ({ wanted, done }) => this.#runSingle(wanted).finally(done),
      onError: (cause, { wanted }) => this.#failedToKeep(cause, wanted),
      priority: ({ wanted }) => this.#urgency(wanted),
    })
    this.#queue = createQueue<Wanted>({
      limit: queueLimit,
      workers: batchesAtOnce,
      run: wanted => this.#run(wanted),
      onError: (cause, wanted) => this.#failedToKeep(cause, wanted),
      priority: wanted => this.#urgency(wanted),
    })
  }

  get waiting(): number {
    return this.#queue.size + this.#singles.size
  }

  get failed(): number {
    return this.#retries.size
  }

  want(wanted: Wanted): boolean {
    const { id } = wanted.digest
    if (this.#pending.has(id)) return true
    if (!this.#queue.push(wanted)) return false
    this.#pending.add(id)
    return true
  }

  has(id: RecordId): boolean {
    return this.#pending.has(id)
  }

  arriving(cid: EntryCid): Arriving | undefined {
    return this.#arriving.get(cid)
  }

  retry(): void {
    this.#retries.peerCameUp()
  }

  async idle(): Promise<void> {
    await this.#queue.idle()
    await this.#singles.idle()
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    // What waits is dropped, and nobody is to wait for it.
    const closing = [this.#singles.close(), this.#queue.close()]
    for (const done of [...this.#awaited]) done()
    await Promise.all(closing)
    await this.#retries.ended()
  }

  /** What was tried in vain goes behind what was not, whatever it is worth: or what nobody hands out would hold up all else for ever. */
  #urgency({ digest }: Wanted): number {
    return (this.#deps.worth(digest) ?? Number.NEGATIVE_INFINITY) - this.#retries.tries(digest.id)
  }

  #providersOf(wanted: Wanted, connected: readonly PeerId[]): readonly PeerId[] {
    return providersOf(wanted, connected, this.#retries.tries(wanted.digest.id))
  }

  /** One by one as long as they come one by one; else in batches, and one by one what no batch brought. */
  async #run(first: Wanted): Promise<void> {
    if (this.#singles.size < manySingles && this.#queue.size <= manySingles)
      return void this.#fetchSingle(first)
    const all = [first, ...this.#queue.take(entryPageMax - 1)]
    const came = new Set<Wanted>()
    for (const [peer, batch] of this.#batchesOf(all)) {
      const cids = batch.map(({ digest }) => digest.envelope.body.cid)
      const blocks = await this.#deps.fetchBatch(peer, cids)
      const keeping = batch.map(async wanted => {
        const bytes = blocks.get(wanted.digest.envelope.body.cid)
        if (bytes === undefined) return
        came.add(wanted)
        await this.#keep(wanted, bytes).catch((cause: unknown) => this.#failedToKeep(cause, wanted))
      })
      await Promise.all(keeping)
    }
    await Promise.all(all.filter(wanted => !came.has(wanted)).map(wanted => this.#fetchSingle(wanted)))
  }

  /** What is still wanted, by whom it is asked of first. */
  #batchesOf(all: readonly Wanted[]): ReadonlyMap<PeerId, readonly Wanted[]> {
    const connected = this.#deps.peers()
    return byFirstProvider(all, wanted =>
      this.#deps.worth(wanted.digest) === undefined ? [] : this.#providersOf(wanted, connected),
    )
  }

  /** Resolves when it is through, or the node stops. */
  #fetchSingle(wanted: Wanted): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = (): void => {
      this.#awaited.delete(done)
      resolve()
    }
    this.#awaited.add(done)
    if (!this.#singles.push({ wanted, done })) {
      this.#didNotCome(wanted)
      done()
    }
    return promise
  }

  async #runSingle(wanted: Wanted): Promise<void> {
    await this.#fetchFrom(wanted, this.#providersOf(wanted, this.#deps.peers()))
  }

  async #askAuthor(wanted: Wanted): Promise<boolean> {
    this.#pending.add(wanted.digest.id)
    try {
      return await this.#fetchFrom(wanted, [wanted.digest.envelope.author])
    } catch (cause) {
      this.#failedToKeep(cause, wanted)
      return false
    }
  }

  /** Resolves with whether it came. */
  async #fetchFrom(wanted: Wanted, providers: readonly PeerId[]): Promise<boolean> {
    const { id, envelope } = wanted.digest
    const { cid } = envelope.body
    const fetching = this.#tryFrom(wanted, providers)
    if (this.#retries.tries(id) > 0) return fetching
    const arriving = { fetching, sinceMs: this.#deps.clock.now() }
    this.#arriving.set(cid, arriving)
    try {
      return await fetching
    } finally {
      if (this.#arriving.get(cid) === arriving) this.#arriving.delete(cid)
    }
  }

  async #tryFrom(wanted: Wanted, providers: readonly PeerId[]): Promise<boolean> {
    const { digest } = wanted
    if (this.#deps.worth(digest) === undefined) {
      this.#settle(digest.id)
      return false
    }
    const bytes = await this.#fetchBytes(digest.envelope.body.cid, providers)
    if (bytes !== undefined) await this.#keep(wanted, bytes)
    else this.#didNotCome(wanted)
    return bytes !== undefined
  }

  async #fetchBytes(cid: EntryCid, peers: readonly PeerId[]): Promise<Uint8Array | undefined> {
    if (peers.length === 0) return undefined
    const { blocks, clock, deadlineMs, log } = this.#deps
    const stop = this.#stopping.signal
    const providers = peers.map(peer => ({ peer }))
    try {
      const fetched = await clock.within(deadlineMs, stop, signal =>
        blocks.fetch(cid, { providers, maxBytes: provingBytesMax, signal }),
      )
      return fetched.bytes
    } catch (cause) {
      if (!stop.aborted) log('debug', 'An entry could not be fetched yet.', { cid, cause: String(cause) })
      return undefined
    }
  }

  async #keep(wanted: Wanted, bytes: Uint8Array): Promise<void> {
    const { cpu, onEntry, onMismatch, shards } = this.#deps
    const { digest } = wanted
    await cpu.spend('decode', 1)
    const entry = decodeEntry(bytes)
    const mismatch = entry.ok ? matchesDigest(entry.value, bytes.length, digest, shards) : entry
    if (entry.ok && mismatch.ok) await onEntry(entry.value, bytes, wanted)
    else await onMismatch(digest, mismatch.ok ? 'mismatch' : mismatch.message)
    this.#settle(digest.id)
  }

  #settle(id: RecordId): void {
    this.#pending.delete(id)
    this.#retries.settled(id)
  }

  #didNotCome(wanted: Wanted): void {
    const { id } = wanted.digest
    this.#pending.delete(id)
    if (this.#stopping.signal.aborted) this.#retries.settled(id)
    else this.#retries.postpone(wanted)
  }

  #failedToKeep(cause: unknown, wanted: Wanted): void {
    const { cid } = wanted.digest.envelope.body
    this.#pending.delete(wanted.digest.id)
    this.#retries.notKept(wanted)
    this.#deps.log('error', 'A fetched entry could not be kept.', { cid, cause: String(cause) })
  }
}
