import type { Result } from '../../protocol/types.ts'

/** For what cannot fail unless the machine does. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`)
  return result.value
}
