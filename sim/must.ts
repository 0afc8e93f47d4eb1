import type { Result } from '../protocol/types.ts'

/** What cannot fail here unless there is a bug. */
export function must<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`)
  return result.value
}
