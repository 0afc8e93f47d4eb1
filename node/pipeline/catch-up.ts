/**
 * Catch-up with a neighbour: what was announced while this node was away. Both compare a fingerprint of their
 * replicated sets; where it differs, the records come in pages and are judged exactly as if gossiped.
 */

import { compareBytes, fromHex } from '../../crypto/bytes.ts'
import { taggedHash } from '../../crypto/hash.ts'
import { chainMax, pageBytesMax, pageRequestBytesMax } from '../../protocol/limits.ts'
import {
  decodePage,
  decodePageRequest,
  encodePage,
  encodePageRequest,
  fillPage,
} from '../../protocol/records-page.ts'
import { streamsOf } from '../../protocol/swarm.ts'
import type { PeerId, RecordId, SwarmId } from '../../protocol/types.ts'
import type { Clock, Cpu, Log, Network, Stop, Verdict } from '../ports.ts'

export interface CatchUpDeps {
  readonly swarm: SwarmId
  readonly network: Network
  readonly clock: Clock
  readonly cpu: Cpu
  readonly log: Log
  readonly liveIds: () => Iterable<RecordId>
  /** Undefined when the record has gone meanwhile. */
  readonly bytesOf: (id: RecordId) => Uint8Array | undefined
  readonly take: (bytes: Uint8Array, from: PeerId) => Promise<Verdict>
  /** Ends what is under way. */
  readonly signal: AbortSignal
}

const deadlineMs = 10_000
/** Sorting this many ids takes some 10 ms; an older order of more is good enough for so long. */
const largeSet = 10_000
const snapshotMs = 10_000
/** 64 KiB each: enough for 200,000 records; a peer that goes on beyond is cut off. */
const pagesMax = 1_500

export function createCatchUp(deps: CatchUpDeps): {
  /** Takes over what the peer has and this node lacks. Rejects when the peer fails on the way; what came counts. */
  pull(peer: PeerId): Promise<void>
  /** The set has changed. */
  changed(): void
  stop: Stop
} {
  const { clock, cpu, network } = deps
  const protocol = streamsOf(deps.swarm).records
  let sorted: readonly RecordId[] | undefined
  let sortedAt = 0
  let isStale = false
  let print: Uint8Array | undefined

  /** Put in order anew when the set has changed; a large set, whose sorting holds the loop, only now and then. */
  const inOrder = (): readonly RecordId[] => {
    const isYoung = clock.now() - sortedAt < snapshotMs
    if (sorted !== undefined && (!isStale || (sorted.length > largeSet && isYoung))) return sorted
    sorted = [...deps.liveIds()].sort()
    sortedAt = clock.now()
    isStale = false
    print = undefined
    return sorted
  }
  const fingerprint = (): Uint8Array => {
    const ids = inOrder()
    print ??= fingerprintOf(ids)
    return print
  }

  /** The records after an id, read as they are asked for. */
  function* records(
    ids: readonly RecordId[],
    after: RecordId | undefined,
  ): Generator<{ id: RecordId; bytes: Uint8Array }> {
    for (let index = firstAfter(ids, after); index < ids.length; index++) {
      const id = ids[index]
      const bytes = id === undefined ? undefined : deps.bytesOf(id)
      if (id !== undefined && bytes !== undefined) yield { id, bytes }
    }
  }

  const stop = network.serve(protocol, { maxBytes: pageRequestBytesMax, perPeer: 1 }, async bytes => {
    const request = decodePageRequest(bytes)
    if (!request.ok) throw new TypeError(request.message)
    const { after } = request.value
    if (after === undefined && compareBytes(request.value.fingerprint, fingerprint()) === 0) {
      return encodePage({ same: true, records: [] })
    }
    await cpu.spend('decode', 10)
    return encodePage(fillPage(records(inOrder(), after)))
  })

  /** All pages of the peer once; how many records waited for their author's member record, and how many came. */
  const pages = async (peer: PeerId): Promise<{ waited: number; came: number }> => {
    const counts = { waited: 0, came: 0 }
    const before = fingerprint()
    let after: RecordId | undefined
    for (let page = 0; page < pagesMax; page++) {
      using deadline = clock.deadline(deadlineMs, deps.signal)
      const request = encodePageRequest({
        fingerprint: before,
        ...(after === undefined ? {} : { after }),
      })
      const answer = decodePage(
        await network.request(peer, protocol, request, { maxBytes: pageBytesMax, signal: deadline.signal }),
      )
      if (!answer.ok) throw new TypeError(answer.message)
      for (const bytes of answer.value.records) {
        deps.signal.throwIfAborted()
        const verdict = await deps.take(bytes, peer)
        if (verdict.verdict === 'accept') counts.came++
        // The peer has verified what it holds, so this is no slip: nothing more is taken from it.
        else if (verdict.verdict === 'reject')
          throw new TypeError(`it offers a bad record: ${verdict.reason}`)
        else if (verdict.reason === 'not-member') counts.waited++
      }
      const { next } = answer.value
      // A cursor that does not move forward would go round for ever.
      if (answer.value.same || next === undefined || (after !== undefined && next <= after)) return counts
      after = next
    }
    deps.log('warn', 'A peer offers more records than a swarm should hold; the rest was left out.', { peer })
    return { ...counts, waited: 0 }
  }

  return {
    async pull(peer) {
      // Records may come before the one that makes their author a member, and few of them may wait for it.
      for (let round = 0; round < chainMax; round++) {
        const { waited, came } = await pages(peer)
        if (waited === 0 || came === 0) return
      }
    },
    changed() {
      isStale = true
    },
    stop,
  }
}

/** Sixteen bytes over the ids in order: equal for equal sets, and not to be forged for others. */
function fingerprintOf(sorted: readonly RecordId[]): Uint8Array {
  const ids = new Uint8Array(sorted.length * 32)
  for (const [index, id] of sorted.entries()) ids.set(fromHex(id) ?? [], index * 32)
  return taggedHash('swarmlore/1 set', ids).slice(0, 16)
}

/** Where the ids after this one begin, by binary search. */
function firstAfter(ids: readonly RecordId[], after: RecordId | undefined): number {
  let low = 0
  let high = after === undefined ? 0 : ids.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ids[middle] ?? '') <= (after ?? '')) low = middle + 1
    else high = middle
  }
  return low
}
