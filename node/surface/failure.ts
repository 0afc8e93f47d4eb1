/**
 * Failures that arrive as a throw: an open store and a port of the network can only throw (a full disk in the
 * middle of a batch, an address in use), and their errors carry a code and a sentence. All else that is thrown is
 * a bug.
 */

import type { Failure } from '../../protocol/types.ts'

const expected: ReadonlySet<string> = new Set(['StoreError', 'NetworkFailure'])

export function expectedFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !expected.has(error.name)) return undefined
  if (!('code' in error) || typeof error.code !== 'string') return undefined
  return { ok: false, code: error.code, message: error.message }
}
