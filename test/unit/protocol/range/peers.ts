/** Two peers with nothing but sets of ids: records stand for themselves, as their place and id in 40 bytes. */

import { toHex } from '../../../../crypto/bytes.ts'
import { sha256 } from '../../../../crypto/hash.ts'
import { bytesOfId, recordIdOfHash } from '../../../../protocol/identity.ts'
import { answerRanges } from '../../../../protocol/range/answer.ts'
import { decodeGiven } from '../../../../protocol/range/page-messages.ts'
import { answerWants, pagesOf } from '../../../../protocol/range/pages.ts'
import { createRangeIndex, type RangeIndex } from '../../../../protocol/range/range-index.ts'
import { openRanges, type RangeOutcome } from '../../../../protocol/range/session.ts'
import { fetchRecords, type WantOutcome } from '../../../../protocol/range/wants.ts'
import type { RecordId } from '../../../../protocol/types.ts'
import { filled, t0 } from '../fixtures.ts'

/** What is no member and no retraction stands from here on. */
export const rest = 2 ** 32
export const until = t0
export const salt = filled(16, 5)
export const nonce = filled(16, 6)

export interface Item {
  readonly place: number
  readonly id: RecordId
}

export interface Peer {
  readonly index: RangeIndex
  readonly items: Map<RecordId, number>
}

export function idOf(name: number | string): RecordId {
  return recordIdOfHash(sha256(new TextEncoder().encode(`${name}`)))
}

export function peerWith(items: Iterable<Item>): Peer {
  const peer = { index: createRangeIndex(), items: new Map<RecordId, number>() }
  for (const item of items) put(peer, item)
  return peer
}

export function put(peer: Peer, { place, id }: Item): void {
  if (peer.index.add(place, id)) peer.items.set(id, place)
}

/** Digests, one every `everyS` seconds, the last one at `until`. */
export function digests(count: number, everyS = 10, name = 'digest'): Item[] {
  return Array.from({ length: count }, (_, number) => ({
    place: rest + until - number * everyS,
    id: idOf(`${name} ${number}`),
  }))
}

export function bytesOf(peer: Peer): (id: RecordId) => Uint8Array | undefined {
  return id => {
    const place = peer.items.get(id)
    if (place === undefined) return undefined
    const bytes = new Uint8Array(40)
    new DataView(bytes.buffer).setFloat64(0, place)
    bytes.set(bytesOfId(id), 8)
    return bytes
  }
}

function itemOf(bytes: Uint8Array): Item {
  return {
    place: new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0),
    id: recordIdOfHash(bytes.subarray(8)),
  }
}

export interface Compared extends RangeOutcome {
  readonly bytes: number
  /** Of the largest message either way. */
  readonly largest: number
}

/** `asker` finds out what differs; neither set changes. */
export function compare(asker: Peer, answerer: Peer, draws = { salt, nonce }): Compared {
  const session = openRanges(asker.index, { salt: draws.salt, until })
  let bytes = 0
  let largest = 0
  for (let request = session.request(); request !== undefined; request = session.request()) {
    const answer = answerRanges(answerer.index, request, draws.nonce)
    if (!answer.ok) throw new TypeError(answer.message)
    const taken = session.take(answer.value.bytes)
    if (!taken.ok) throw new TypeError(taken.message)
    bytes += request.length + answer.value.bytes.length
    largest = Math.max(largest, request.length, answer.value.bytes.length)
  }
  return { ...session.outcome(), bytes, largest }
}

/** Takes what the asker needs out of the answerer's pages, in the order in which it comes. */
export function fetchAll(
  asker: Peer,
  answerer: Peer,
  need: RangeOutcome['need'],
  from = salt,
): WantOutcome & { readonly came: readonly Item[] } {
  const fetch = fetchRecords(from, need)
  const came: Item[] = []
  for (let request = fetch.request(); request !== undefined; request = fetch.request()) {
    const page = answerWants(answerer.index, request, bytesOf(answerer))
    if (!page.ok) throw new TypeError(page.message)
    const records = fetch.take(page.value.bytes)
    if (!records.ok) throw new TypeError(records.message)
    came.push(...records.value.map(itemOf))
  }
  for (const item of came) put(asker, item)
  return { ...fetch.outcome(), came }
}

/** The whole of a catch-up: what differs, what the asker needs, and what it has to give. */
export function catchUp(asker: Peer, answerer: Peer, draws = { salt, nonce }): Compared {
  const outcome = compare(asker, answerer, draws)
  fetchAll(asker, answerer, outcome.need, draws.salt)
  for (const { bytes } of pagesOf(outcome.have, bytesOf(asker))) {
    const records = decodeGiven(bytes)
    if (!records.ok) throw new TypeError(records.message)
    for (const record of records.value) put(answerer, itemOf(record))
  }
  return outcome
}

export function idsIn(peer: Peer): readonly string[] {
  const { index } = peer
  return Array.from({ length: index.size }, (_, rank) => toHex(index.item(rank).id))
}
