/**
 * Catch-up in pages: a node that meets a peer asks for the records it may have missed, in the order of their ids.
 * When both hold the same set, one small exchange says so. SPEC section "Records".
 */

import { decodeCanonical, encodeCanonical } from './cbor.ts'
import { Fields } from './fields.ts'
import { bytesOfId, recordIdOfHash } from './identity.ts'
import { pageBytesMax, pageRecordsMax, pageRequestBytesMax, recordBytesMax } from './limits.ts'
import type { RecordId, Result } from './types.ts'

export interface PageRequest {
  /** Fingerprint of the asker's live set, 16 bytes: the answer is `same` when it equals the answerer's. */
  readonly fingerprint: Uint8Array
  /** Only records whose id comes after this one. */
  readonly after?: RecordId
}

export interface Page {
  readonly same: boolean
  /** Signed bytes of records in the order of their ids, not verified. */
  readonly records: readonly Uint8Array[]
  /** Ask again after this one; absent on the last page. */
  readonly next?: RecordId
}

export function encodePageRequest(request: PageRequest): Uint8Array {
  const { fingerprint, after } = request
  return encodeCanonical({ v: 1, fingerprint, ...(after === undefined ? {} : { after: bytesOfId(after) }) })
}

/** Never throws. */
export function decodePageRequest(bytes: Uint8Array): Result<PageRequest, 'page-malformed'> {
  const decoded = decodeCanonical(bytes, pageRequestBytesMax)
  const fields = new Fields(decoded.ok ? decoded.value : undefined)
  fields.integer('v', 1, 1)
  const fingerprint = fields.bytes('fingerprint', 16)
  const after = fields.has('after') ? fields.bytes('after', 32) : undefined
  const problem = decoded.ok ? fields.problem() : decoded.fault
  if (problem !== undefined) return malformed(problem)
  return {
    ok: true,
    value: { fingerprint, ...(after === undefined ? {} : { after: recordIdOfHash(after) }) },
  }
}

export function encodePage(page: Page): Uint8Array {
  const { same, records, next } = page
  return encodeCanonical({ v: 1, same, records, ...(next === undefined ? {} : { next: bytesOfId(next) }) })
}

/** Never throws. The records in it are as hostile as gossip. */
export function decodePage(bytes: Uint8Array): Result<Page, 'page-malformed'> {
  const decoded = decodeCanonical(bytes, pageBytesMax)
  const fields = new Fields(decoded.ok ? decoded.value : undefined)
  fields.integer('v', 1, 1)
  const same = fields.any('same')
  const listed = fields.list('records', 0, pageRecordsMax)
  const next = fields.has('next') ? fields.bytes('next', 32) : undefined
  const records = listed.filter(item => item instanceof Uint8Array)
  fields.require(records.length === listed.length, 'records must be a list of byte strings')
  fields.require(
    records.every(record => record.length <= recordBytesMax),
    `records must have at most ${recordBytesMax} bytes each`,
  )
  fields.require(typeof same === 'boolean', 'same must be true or false')
  const problem = decoded.ok ? fields.problem() : decoded.fault
  if (problem !== undefined) return malformed(problem)
  return {
    ok: true,
    value: { same: same === true, records, ...(next === undefined ? {} : { next: recordIdOfHash(next) }) },
  }
}

/** As many records as a page holds, in the order given: the answerer's share of the work. */
export function fillPage(records: Iterable<{ readonly id: RecordId; readonly bytes: Uint8Array }>): Page {
  const taken: Uint8Array[] = []
  let size = pageOverheadBytes
  let last: RecordId | undefined
  for (const { id, bytes } of records) {
    size += bytes.length + 3
    if (size > pageBytesMax || taken.length >= pageRecordsMax) {
      return { same: false, records: taken, ...(last === undefined ? {} : { next: last }) }
    }
    taken.push(bytes)
    last = id
  }
  return { same: false, records: taken }
}

/** Keys, lengths and `next` around the records. */
const pageOverheadBytes = 128

function malformed(why: string): { ok: false; code: 'page-malformed'; message: string } {
  return { ok: false, code: 'page-malformed', message: `The peer’s page of records cannot be used: ${why}.` }
}
