/**
 * What two peers of a swarm tell each other when they meet, as request and as answer alike: the chain that makes
 * them members, and their clock. SPEC section "Hello".
 */

import { decodeCanonical, encodeCanonical } from './cbor.ts'
import { readChainField } from './chain.ts'
import { Fields } from './fields.ts'
import { helloBytesMax } from './limits.ts'
import type { MemberRecord, Result, Seconds } from './types.ts'

export interface Hello {
  /** The sender's clock. */
  readonly now: Seconds
  /** Founder first, the sender last; empty from the founder. Not verified yet: see `readChain`. */
  readonly chain: readonly Uint8Array[]
}

export function encodeHello(now: Seconds, chain: readonly MemberRecord[]): Uint8Array {
  return encodeCanonical({ v: 1, now, chain: chain.map(record => record.bytes) })
}

/** Never throws. The clock is read even where the chain turns out not to hold, so that `doctor` can warn of it. */
export function decodeHello(bytes: Uint8Array): Result<Hello, 'hello-malformed'> {
  const decoded = decodeCanonical(bytes, helloBytesMax)
  const fields = new Fields(decoded.ok ? decoded.value : undefined)
  fields.integer('v', 1, 1)
  const now = fields.seconds('now')
  const chain = readChainField(fields)
  const problem = decoded.ok ? fields.problem() : decoded.fault
  return problem === undefined
    ? { ok: true, value: { now, chain } }
    : { ok: false, code: 'hello-malformed', message: `The peer’s hello cannot be used: ${problem}.` }
}
