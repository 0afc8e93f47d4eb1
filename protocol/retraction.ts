/**
 * The body of a `retract` record: not a map but a bare link (one entry, or one member record that the author
 * signed) or a bare whole number (all of the author's entries created before it). So a tombstone names exactly
 * one thing, and fits 224 bytes. SPEC section "retract".
 */

import { CID } from 'multiformats/cid'
import { createMemo } from '../crypto/memo.ts'
import type { BodyContext, BodyResult } from './body.ts'
import { bytesOfId, cidOfHash, entryCidOf, multiformatsCidOf } from './identity.ts'
import { secondsMax } from './limits.ts'
import type { EntryCid, RecordId, RetractBody } from './types.ts'

export function retractToWire(body: RetractBody): unknown {
  return body.cid === undefined ? body.before : multiformatsCidOf(body.cid)
}

export function retractFromWire(value: unknown, { t }: BodyContext): BodyResult<RetractBody> {
  if (typeof value === 'number') {
    const isTime = Number.isInteger(value) && value >= 0 && value <= secondsMax
    if (!isTime) return { ok: false, problem: 'the time must be whole seconds' }
    if (value > t) return { ok: false, problem: 'the time must not be after the record’s own time' }
    return { ok: true, body: { before: value } }
  }
  const link = CID.asCID(value)
  const cid = link === null ? undefined : entryCidOf(link)
  return cid === undefined
    ? { ok: false, problem: 'the body must be a CIDv1 link (raw, sha2-256) or a time' }
    : { ok: true, body: { cid } }
}

/** Each node of a process asks for the same ones when it starts. Some 0.5 MB when full. */
const cids = createMemo<EntryCid>(2_048)

/** How a retraction names a member record: the CID whose hash is the record's id. */
export function cidOfRecord(id: RecordId): EntryCid {
  const known = cids.get(id)
  if (known !== undefined) return known
  const cid = cidOfHash(bytesOfId(id))
  cids.set(id, cid)
  return cid
}
