/**
 * Failures that arrive as a throw: an open store can only throw (a full disk in the middle of a batch), and its
 * errors carry a code and a sentence. Everything else that is thrown is a bug.
 */

import type { Failure } from '../../protocol/types.ts'

export function storeFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return error.code.startsWith('STORE_') ? { ok: false, code: error.code, message: error.message } : undefined
}
