/**
 * Roles in place of values: for an argument the one place that its value came from. Roles hold nobody's data and can
 * be compared between runs.
 */

import { isFreeText } from './argument-values.ts'
import type { Leaf } from './leaves.ts'
import { type Origin, type Origins, originName } from './origins.ts'

/** The last field name of a path. */
export function lastField(path: string): string {
  return path.split(/[.[\]]+/).findLast(part => part !== '') ?? ''
}

/** Whether a value stands under a field that is called like the argument: `item_ids[]` and `item_id`, `card_id` and `cards[].id`. */
export function namedAlike(argument: string, path: string): boolean {
  const name = singular(lastField(argument))
  const fields = path.split(/[.[\]]+/).filter(part => part !== '')
  const field = singular(fields.at(-1) ?? '')
  if (name === field || name === singular(`${singular(fields.at(-2) ?? '')}_${field}`)) return true
  // `order_id` is an element of `orders[]`.
  if (path.endsWith('[]') && name === `${field}_id`) return true
  return field.length >= 3 && (name.endsWith(`_${field}`) || field.endsWith(`_${name}`))
}

function singular(name: string): string {
  return name.toLowerCase().replace(/([^s])s$/, '$1')
}

/**
 * The place that says best where a value came from: the user where the user had said it; else the field of a result
 * that is called like the argument, or that defines a record; else what came first.
 */
export function roleOf(leaf: Leaf, at: number, origins: Origins): Origin | undefined {
  if (leaf.value === null || typeof leaf.value === 'boolean' || leaf.value === '' || isFreeText(leaf.value))
    return undefined
  const all = origins.of(leaf.value, at)
  const user = all.find(origin => origin.from === 'user')
  if (user !== undefined) return user
  const weak = String(leaf.value).length < 3
  const [best] = all
    .filter(origin => !weak || (origin.from === 'result' && namedAlike(leaf.path, origin.path)))
    .map((origin, index) => ({ origin, rank: rankFor(leaf, origin) * 10_000 + Math.min(index, 9_999) }))
    .sort((a, b) => a.rank - b.rank)
  return best?.origin
}

function rankFor(leaf: Leaf, origin: Origin): number {
  switch (origin.from) {
    case 'result': {
      // Where a record is defined, or called as the argument is: of several, the place with the shortest name.
      const right = origin.identity || namedAlike(leaf.path, origin.path)
      return (right ? 0 : 200) + Math.min(199, originName(origin).length)
    }
    case 'text':
      return 500
    case 'error':
      return 501
    case 'observation':
      return 502
    case 'rule':
      return 503
    case 'user':
      return 504
    case 'computed':
      return 505
  }
}

/** Values whose origin says something: neither truth values nor empty ones nor sentences. */
export function isStructured(leaf: Leaf): boolean {
  return (
    leaf.value !== null && typeof leaf.value !== 'boolean' && leaf.value !== '' && !isFreeText(leaf.value)
  )
}
