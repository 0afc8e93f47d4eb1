/**
 * What changed between two calls of one tool, when it is one thing. Two changes at once explain nothing, so
 * then there is no answer.
 */

import { dateOf, datesIn, sameDay } from '../forms.ts'
import type { Leaf, Scalar } from '../leaves.ts'
import type { Call } from '../runs.ts'
import { normalised } from '../text-index.ts'

export interface ValueChange {
  readonly what: 'value'
  readonly path: string
  readonly from: Leaf
  readonly to: Leaf
}

export type Change =
  | ValueChange
  | { readonly what: 'added'; readonly path: string }
  | { readonly what: 'removed'; readonly path: string }
  | { readonly what: 'renamed'; readonly path: string; readonly to: string }

export function onlyChange(before: Call, after: Call): Change | undefined {
  if (before.arguments === undefined || after.arguments === undefined) return undefined
  const old = new Map(before.leaves.map(leaf => [leaf.place, leaf]))
  const changed: { readonly from: Leaf; readonly to: Leaf }[] = []
  const added: Leaf[] = []
  for (const leaf of after.leaves) {
    const from = old.get(leaf.place)
    old.delete(leaf.place)
    if (from === undefined) added.push(leaf)
    else if (from.value !== leaf.value) changed.push({ from, to: leaf })
  }
  const removed = [...old.values()]
  const first = changed[0]
  if (first !== undefined) {
    const alone = added.length === 0 && removed.length === 0 && changed.length === 1
    return alone ? { what: 'value', path: first.to.path, ...first } : undefined
  }
  const addedPath = onlyPath(added)
  const removedPath = onlyPath(removed)
  if (added.length === 0 && removedPath !== undefined) return { what: 'removed', path: removedPath }
  if (removed.length === 0 && addedPath !== undefined) return { what: 'added', path: addedPath }
  if (addedPath === undefined || removedPath === undefined) return undefined
  const sameValues =
    added.length === removed.length && added.every((leaf, index) => leaf.value === removed[index]?.value)
  return sameValues ? { what: 'renamed', path: removedPath, to: addedPath } : undefined
}

function onlyPath(leaves: readonly Leaf[]): string | undefined {
  const paths = new Set(leaves.map(leaf => leaf.path))
  const [path] = paths
  return paths.size === 1 ? path : undefined
}

export function kindOf(value: Scalar): 'empty' | 'true or false' | 'a number' | 'text' {
  if (value === null || value === '') return 'empty'
  return typeof value === 'boolean' ? 'true or false' : typeof value === 'number' ? 'a number' : 'text'
}

/** The same letters and digits, written otherwise: case, spaces, a prefix such as `#`. */
function sameButForm(a: Scalar, b: Scalar): boolean {
  return typeof a === 'string' && typeof b === 'string' && a !== b && normalised(a) === normalised(b)
}

/** How a refused value was mended where it says the same in another way. */
export type Mending = 'form' | 'day' | 'part'

/** The same letters and digits, the same day, or the whole of which only a part had been given, such as an id without its prefix. */
export function mendingOf(from: Scalar, to: Scalar): Mending | undefined {
  if (typeof from !== 'string' || typeof to !== 'string') return undefined
  if (sameButForm(from, to)) return 'form'
  const day = dateOf(to)
  if (day !== undefined && dateOf(from) !== undefined && datesIn(from).some(other => sameDay(other, day)))
    return 'day'
  const part = normalised(from)
  return part.length >= PART_MIN && normalised(to).includes(part) ? 'part' : undefined
}

/** Shorter texts stand in others by chance. */
const PART_MIN = 3

export function sameArguments(a: Call, b: Call): boolean {
  if (a.arguments === undefined || b.arguments === undefined || a.leaves.length !== b.leaves.length)
    return false
  const values = new Map(a.leaves.map(leaf => [leaf.place, leaf.value]))
  return b.leaves.every(leaf => values.has(leaf.place) && values.get(leaf.place) === leaf.value)
}

/** The names of a call's top-level arguments. */
export function argumentNames(call: Call): readonly string[] {
  const value = call.arguments
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []
}

/** The top-level argument that a path begins with. */
export function argumentOf(path: string): string {
  return path.split(/[.[]/, 1)[0] ?? path
}
