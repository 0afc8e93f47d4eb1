/** Values of the protocol as they stand in a vector file. */

import { CID } from 'multiformats/cid'
import { toHex } from '../../crypto/bytes.ts'

/** Byte strings as hex and ids as they are; what JSON would drop or change does not occur in a record. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  const link = CID.asCID(value)
  if (link !== null) return link.toString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}
