/**
 * What a member answers to one who wants to meet more of the swarm: what other members have signed of where they
 * listen. SPEC section "Peers". The records are libp2p's own and opaque here.
 */

import { decodeCanonical, encodeCanonical } from './cbor.ts'
import { Fields } from './fields.ts'
import { peerRecordBytesMax, peerRecordsMax, peersBytesMax } from './limits.ts'
import type { Result } from './types.ts'

/** Takes the first ones; all of them together fit into an answer. */
export function encodePeers(records: readonly Uint8Array[]): Uint8Array {
  const fit = records.filter(({ length }) => length > 0 && length <= peerRecordBytesMax)
  return encodeCanonical({ v: 1, peers: fit.slice(0, peerRecordsMax) })
}

/** Never throws. Nothing in it is verified yet. */
export function decodePeers(bytes: Uint8Array): Result<readonly Uint8Array[], 'page-malformed'> {
  const decoded = decodeCanonical(bytes, peersBytesMax)
  const fields = new Fields(decoded.ok ? decoded.value : undefined)
  fields.integer('v', 1, 1)
  const items = fields.list('peers', 0, peerRecordsMax)
  const records = items.filter(item => item instanceof Uint8Array)
  fields.require(records.length === items.length, 'peers must be a list of byte strings')
  const fit = records.every(({ length }) => length > 0 && length <= peerRecordBytesMax)
  fields.require(fit, `peers must hold records of 1 to ${peerRecordBytesMax} bytes`)
  const problem = decoded.ok ? fields.problem() : decoded.fault
  return problem === undefined
    ? { ok: true, value: records }
    : { ok: false, code: 'page-malformed', message: `The peer’s list of peers cannot be used: ${problem}.` }
}
