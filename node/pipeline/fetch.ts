/**
 * Fetch (protocol.md, "Fetching entries"): gets an announced entry's block from named providers within a
 * deadline, and checks it against the signed digest before anyone sees it. A mismatch counts against the author,
 * who signed both; a provider that does not deliver is passed over, and the fetch is tried again later.
 */

import { decodeEntry } from '../../protocol/entry.ts'
import { matchesDigest } from '../../protocol/entry-text.ts'
import { entryPageMax } from '../../protocol/limits.ts'
import type { DigestRecord, Entry, EntryCid, PeerId, RecordId } from '../../protocol/types.ts'
import type { Blocks, Clock, Cpu, Log } from '../ports.ts'
import { createQueue } from '../queue.ts'

export interface Wanted {
  readonly digest: DigestRecord
  /** The neighbour that announced it. */
  readonly from: PeerId | undefined
}

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
  /** What is worth fetching first; undefined when it is not wanted any more. */
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

interface Failed {
  readonly wanted: Wanted
  readonly tries: number
  /** Milliseconds; infinite where only a peer that comes up brings another try. */
  dueAt: number
}

/** Digests that may wait at once. */
const queueLimit = 10_000
/** Failed digests that are remembered for another try. */
const failedLimit = 10_000
const triesMax = 8
const retryBaseMs = 100
const retryCapMs = 30_000
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
  const failed = new Map<RecordId, Failed>()
  const pending = new Set<RecordId>()
  /** Ends of single fetches that somebody waits for, perhaps. */
  const awaited = new Set<() => void>()
  const stopping = new AbortController()
  let retrying: Promise<void> = Promise.resolve()
  let isRetrying = false

  const providersOf = (
    { digest, from }: Wanted,
    connected: readonly PeerId[],
  ): readonly { peer: PeerId }[] => {
    const { author } = digest.envelope
    const named = [from, connected.includes(author) ? author : undefined].filter(peer => peer !== undefined)
    const others = connected.filter(peer => !named.includes(peer))
    // Those behind whoever was asked in vain: in a large swarm few may have what is asked for.
    const start = ((failed.get(digest.id)?.tries ?? 0) * otherProviders) % Math.max(1, others.length)
    const next = [...others.slice(start), ...others.slice(0, start)].slice(0, otherProviders)
    return [...new Set([...named, ...next])].map(peer => ({ peer }))
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
      const group = groups.get(first.peer)
      if (group === undefined) groups.set(first.peer, [wanted])
      else group.push(wanted)
    }
    return groups
  }

  const runSingle = async (wanted: Wanted): Promise<void> => {
    const { digest } = wanted
    const { cid } = digest.envelope.body
    if (deps.worth(digest) === undefined) return settle(digest.id)
    const providers = providersOf(wanted, deps.peers())
    if (providers.length === 0) return postpone(wanted)
    let bytes: Uint8Array
    try {
      const fetched = await deps.clock.within(deps.deadlineMs, stopping.signal, signal =>
        deps.blocks.fetch(cid, { providers, maxBytes: provingBytesMax, signal }),
      )
      bytes = fetched.bytes
    } catch (cause) {
      if (stopping.signal.aborted) return settle(digest.id)
      deps.log('debug', 'An entry could not be fetched yet.', { cid, cause: String(cause) })
      return postpone(wanted)
    }
    await keep(wanted, bytes)
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
    failed.delete(id)
  }

  /** Waits longer after each failed try; gives up after the last, until a peer comes up. */
  const postpone = (wanted: Wanted): void => {
    const { id } = wanted.digest
    pending.delete(id)
    const tries = (failed.get(id)?.tries ?? 0) + 1
    const waitMs = Math.min(retryBaseMs * 2 ** (tries - 1), retryCapMs)
    remember(wanted, tries, tries < triesMax ? deps.clock.now() + waitMs : Number.POSITIVE_INFINITY)
  }

  const remember = (wanted: Wanted, tries: number, dueAt: number): void => {
    const { id } = wanted.digest
    if (!failed.has(id) && failed.size >= failedLimit) return
    failed.set(id, { wanted, tries, dueAt })
    if (!isRetrying) retrying = retryWhenDue()
  }

  /** One timer for all: thousands of them, each listening to the same signal, would hold the loop for seconds. */
  const retryWhenDue = async (): Promise<void> => {
    isRetrying = true
    try {
      while ([...failed.values()].some(one => one.dueAt < Number.POSITIVE_INFINITY)) {
        await deps.clock.sleep(retryBaseMs, stopping.signal)
        const now = deps.clock.now()
        for (const one of failed.values()) {
          // What does not fit into the queue is tried again the next time.
          if (one.dueAt <= now && want(one.wanted)) one.dueAt = Number.POSITIVE_INFINITY
        }
      }
    } catch (cause) {
      if (!stopping.signal.aborted) deps.log('error', 'Postponed fetches failed.', { cause: String(cause) })
    } finally {
      isRetrying = false
    }
  }

  const failedToKeep = (cause: unknown, wanted: Wanted): void => {
    pending.delete(wanted.digest.id)
    // No peer brings another try when it was this node's own disk: room may be made at any time.
    remember(wanted, 1, deps.clock.now() + retryCapMs)
    deps.log('error', 'A fetched entry could not be kept.', {
      cid: wanted.digest.envelope.body.cid,
      cause: String(cause),
    })
  }

  const worth = (wanted: Wanted): number => deps.worth(wanted.digest) ?? Number.NEGATIVE_INFINITY
  const singles = createQueue<Single>({
    limit: manySingles + batchesAtOnce * entryPageMax,
    workers: deps.concurrency,
    run: ({ wanted, done }) => runSingle(wanted).finally(done),
    onError: (cause, { wanted }) => failedToKeep(cause, wanted),
    priority: ({ wanted }) => worth(wanted),
  })
  const queue = createQueue<Wanted>({
    limit: queueLimit,
    workers: batchesAtOnce,
    run,
    onError: failedToKeep,
    priority: worth,
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
    retry() {
      for (const { wanted } of [...failed.values()]) {
        failed.delete(wanted.digest.id)
        want(wanted)
      }
    },
    get waiting() {
      return queue.size + singles.size
    },
    get failed() {
      return failed.size
    },
    idle,
    async close() {
      stopping.abort()
      // What waits is dropped, and nobody is to wait for it.
      const closing = [singles.close(), queue.close()]
      for (const done of [...awaited]) done()
      await Promise.all(closing)
      await retrying
    },
  }
}
