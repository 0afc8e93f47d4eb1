/**
 * Rows that are the same on every disk, for they are named by their content: records, blocks and vectors. Each is held once
 * in a world, however many machines have it: a thousand nodes keep the same thousands of records.
 */

import { equalBytes } from '../crypto/bytes.ts'
import { prefixes } from '../store/layout.ts'
import type { StoreOp } from '../store/ports.ts'

type PutOp = Extract<StoreOp, { type: 'put' }>

const shared = [prefixes.record, prefixes.block, prefixes.vector]

export class InternedRows {
  readonly #rows = new Map<string, PutOp>()

  /** The row as another machine has it, or a copy of this one that nobody else writes to. */
  put(op: PutOp): PutOp {
    const known = this.#rows.get(op.key)
    // A hostile author can sign one record twice: what has the same name need not be the same.
    if (known !== undefined && equalBytes(known.value, op.value)) return known
    const own = { ...op, value: new Uint8Array(op.value) }
    if (known === undefined && shared.some(prefix => op.key.startsWith(prefix))) this.#rows.set(op.key, own)
    return own
  }
}
