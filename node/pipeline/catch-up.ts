/**
 * Catch-up with a neighbour: what was announced while this node was away. Both compare a fingerprint of their
 * replicated sets; where it differs, the records come in pages and are judged exactly as if gossiped.
 */

import { compareBytes, fromHex } from '../../crypto/bytes.ts'
import { taggedHash } from '../../crypto/hash.ts'
import { pageBytesMax, pageRequestBytesMax } from '../../protocol/limits.ts'
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
}

const deadlineMs = 10_000
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
  let print: Uint8Array | undefined

  const inOrder = (): readonly RecordId[] => {
    sorted ??= [...deps.liveIds()].sort()
    return sorted
  }
  const fingerprint = (): Uint8Array => {
    print ??= fingerprintOf(inOrder())
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

  return {
    async pull(peer) {
      let after: RecordId | undefined
      for (let pages = 0; pages < pagesMax; pages++) {
        using deadline = clock.deadline(deadlineMs)
        const request = encodePageRequest({
          fingerprint: fingerprint(),
          ...(after === undefined ? {} : { after }),
        })
        const answer = await network.request(peer, protocol, request, {
          maxBytes: pageBytesMax,
          signal: deadline.signal,
        })
        const page = decodePage(answer)
        if (!page.ok) throw new TypeError(page.message)
        for (const bytes of page.value.records) await deps.take(bytes, peer)
        const { next } = page.value
        // A cursor that does not move forward would go round for ever.
        if (page.value.same || next === undefined || (after !== undefined && next <= after)) return
        after = next
      }
      deps.log('warn', 'A peer offers more records than a swarm should hold; the rest was left out.', {
        peer,
      })
    },
    changed() {
      sorted = undefined
      print = undefined
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
