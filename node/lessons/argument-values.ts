/** What kind of value an argument holds. */

import type { Scalar } from './leaves.ts'
import type { Call } from './runs.ts'

/** A command, a note, a sentence: nothing is learned from where such a value came. */
export function isFreeText(value: Scalar): boolean {
  return (
    typeof value === 'string' && (value.length > 80 || value.includes('\n') || value.split(/\s+/).length > 8)
  )
}

/** Whether all that a tool is given is text: a note, a thought, a message to a person, a calculation. */
export function takesOnlyText(call: Call): boolean {
  const [only, ...more] = call.leaves
  if (only === undefined) return false
  const values = [only, ...more].map(leaf => leaf.value)
  return values.every(
    value =>
      isFreeText(value) ||
      (typeof value === 'string' && /\s/.test(value.trim()) && !/^\S+ \S+$/.test(value.trim())),
  )
}
