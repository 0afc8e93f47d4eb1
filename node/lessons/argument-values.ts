/** What kind of value an argument holds. */

import type { Scalar } from './leaves.ts'
import type { Call } from './runs.ts'

/** A command, a note, a sentence: nothing is learned from where such a value came. */
export function isFreeText(value: Scalar): boolean {
  return (
    typeof value === 'string' && (value.length > 80 || value.includes('\n') || value.split(/\s+/).length > 8)
  )
}

/** `(250 - 5) * 3`; a date or an id with hyphens is none. */
const RECKONING = /^[\d\s.,%()-]*(?:[+*/^]| - )[\d\s.,%()+*/^-]*$/

/** Whether all that a tool is given is text: a note, a thought, a message to a person, a calculation. */
export function takesOnlyText(call: Call): boolean {
  return call.leaves.length > 0 && call.leaves.every(leaf => isFreeText(leaf.value) || isPhrase(leaf.value))
}

function isPhrase(value: Scalar): boolean {
  if (typeof value !== 'string') return false
  const text = value.trim()
  return text.split(/\s+/).length > 2 || (/\d/.test(text) && text.length > 3 && RECKONING.test(text))
}
