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
import { createQueue } from '../../queue.ts'
import type { Callable } from './author-calls.ts'
import type { Wanted } from './failed-fetches.ts'
import { Retries } from './retries.ts'

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
/** Providers named to one fetch beyond the announcer and the author. */
const otherProviders = 4

export function createFetcher(deps: FetchDeps): Fetcher {
  // By digest and not by entry: who announces another's entry wrongly must not stand in the way of the right digest.
  const pending = new Set<RecordId>()
  /** Ends of single fetches that somebody waits for, perhaps. */
  const awaited = new Set<() => void>()
  const stopping = new AbortController()
  const retries = new Retries({
    clock: deps.clock,
    log: deps.log,
    signal: stopping.signal,
    tryAgain: wanted => want(wanted),
    isPending: id => pending.has(id),
    callable: deps.callable,
    askAuthor: wanted => askAuthor(wanted),
  })

  /** Of those who are connected: nobody's announcement makes this node dial. */
  const providersOf = ({ digest, from }: Wanted, connected: readonly PeerId[]): readonly PeerId[] => {
    const named = [from, digest.envelope.author].flatMap(peer => connected.find(one => one === peer) ?? [])
    const others = connected.filter(peer => !named.includes(peer))
    // Those behind whoever was asked in vain: in a large swarm few may have what is asked for.
    const start = (retries.tries(digest.id) * otherProviders) % Math.max(1, others.length)
    const next = [...others.slice(start), ...others.slice(0, start)].slice(0, otherProviders)
    return [...new Set([...named, ...next])]
  }

  /** One by one as long as they come one by one; else in batches, and one by one what no batch brought. */
  const run = async (first: Wanted): Promise<void> => {
    if (singles.size < manySingles && queue.size <= manySingles) return void fetchSingle(first)
    const all = [first, ...queue.take(entryPageMax - 1)]
    const came = new Set<Wanted>()
    for (const [peer, wanteds] of byFirstProvider(all)) {
      const blocks = await deps.fetchBatch(
        peer,
        wanteds.map(({ digest }) => digest.envelope.body.cid),
      )
      const keeping = wanteds.map(async wanted => {
        const bytes = blocks.get(wanted.digest.envelope.body.cid)
        if (bytes === undefined) return
        came.add(wanted)
        await keep(wanted, bytes).catch((cause: unknown) => failedToKeep(cause, wanted))
      })
      await Promise.all(keeping)
    }
    await Promise.all(all.filter(wanted => !came.has(wanted)).map(fetchSingle))
  }

  /** Resolves when it is through, or the node stops. */
  const fetchSingle = (wanted: Wanted): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = (): void => {
      awaited.delete(done)
      resolve()
    }
    awaited.add(done)
    if (!singles.push({ wanted, done })) {
      if (stopping.signal.aborted) settle(wanted.digest.id)
      else postpone(wanted)
      done()
    }
    return promise
  }

  const byFirstProvider = (wanteds: readonly Wanted[]): ReadonlyMap<PeerId, Wanted[]> => {
    const groups = new Map<PeerId, Wanted[]>()
    const connected = deps.peers()
    for (const wanted of wanteds) {
      const [first] = deps.worth(wanted.digest) === undefined ? [] : providersOf(wanted, connected)
      if (first === undefined) continue
      const group = groups.get(first)
      if (group === undefined) groups.set(first, [wanted])
      else group.push(wanted)
    }
    return groups
  }

  const runSingle = async (wanted: Wanted): Promise<void> => {
    await fetchFrom(wanted, providersOf(wanted, deps.peers()))
  }

  /** Resolves with whether it came. */
  const fetchFrom = async (wanted: Wanted, providers: readonly PeerId[]): Promise<boolean> => {
    const { digest } = wanted
    const { cid } = digest.envelope.body
    if (deps.worth(digest) === undefined) {
      settle(digest.id)
      return false
    }
    const bytes = await fetchBytes(cid, providers)
    if (bytes !== undefined) await keep(wanted, bytes)
    else if (stopping.signal.aborted) settle(digest.id)
    else postpone(wanted)
    return bytes !== undefined
  }

  const fetchBytes = async (cid: EntryCid, peers: readonly PeerId[]): Promise<Uint8Array | undefined> => {
    if (peers.length === 0) return undefined
    const providers = peers.map(peer => ({ peer }))
    try {
      const fetched = await deps.clock.within(deps.deadlineMs, stopping.signal, signal =>
        deps.blocks.fetch(cid, { providers, maxBytes: provingBytesMax, signal }),
      )
      return fetched.bytes
    } catch (cause) {
      if (!stopping.signal.aborted)
        deps.log('debug', 'An entry could not be fetched yet.', { cid, cause: String(cause) })
      return undefined
    }
  }

  const askAuthor = async (wanted: Wanted): Promise<boolean> => {
    const { author } = wanted.digest.envelope
    pending.add(wanted.digest.id)
    try {
      return await fetchFrom(wanted, [author])
    } catch (cause) {
      failedToKeep(cause, wanted)
      return false
    }
  }

  const keep = async (wanted: Wanted, bytes: Uint8Array): Promise<void> => {
    const { digest } = wanted
    await deps.cpu.spend('decode', 1)
    const entry = decodeEntry(bytes)
    const mismatch = entry.ok ? matchesDigest(entry.value, bytes.length, digest, deps.shards) : entry
    if (entry.ok && mismatch.ok) await deps.onEntry(entry.value, bytes, wanted)
    else await deps.onMismatch(digest, mismatch.ok ? 'mismatch' : mismatch.message)
    settle(digest.id)
  }

  const settle = (id: RecordId): void => {
    pending.delete(id)
    retries.settled(id)
  }

  const postpone = (wanted: Wanted): void => {
    pending.delete(wanted.digest.id)
    retries.postpone(wanted)
  }

  const failedToKeep = (cause: unknown, wanted: Wanted): void => {
    pending.delete(wanted.digest.id)
    retries.notKept(wanted)
    deps.log('error', 'A fetched entry could not be kept.', {
      cid: wanted.digest.envelope.body.cid,
      cause: String(cause),
    })
  }

  /** What was tried in vain goes behind what was not, whatever it is worth: or what nobody hands out would hold up all else for ever. */
  const urgency = ({ digest }: Wanted): number =>
    (deps.worth(digest) ?? Number.NEGATIVE_INFINITY) - retries.tries(digest.id)
  const singles = createQueue<Single>({
    limit: manySingles + batchesAtOnce * entryPageMax,
    workers: deps.concurrency,
    run: ({ wanted, done }) => runSingle(wanted).finally(done),
    onError: (cause, { wanted }) => failedToKeep(cause, wanted),
    priority: ({ wanted }) => urgency(wanted),
  })
  const queue = createQueue<Wanted>({
    limit: queueLimit,
    workers: batchesAtOnce,
    run,
    onError: failedToKeep,
    priority: urgency,
  })

  const want = (wanted: Wanted): boolean => {
    const { id } = wanted.digest
    if (pending.has(id)) return true
    if (!queue.push(wanted)) return false
    pending.add(id)
    return true
  }

  const idle = async (): Promise<void> => {
    await queue.idle()
    await singles.idle()
  }

  return {
    want,
    has: id => pending.has(id),
    retry: () => retries.peerCameUp(),
    get waiting() {
      return queue.size + singles.size
    },
    get failed() {
      return retries.size
    },
    idle,
    async close() {
      stopping.abort()
      // What waits is dropped, and nobody is to wait for it.
      const closing = [singles.close(), queue.close()]
      for (const done of [...awaited]) done()
      await Promise.all(closing)
      await retries.ended()
    },
  }
}
