/**
 * A JSON value as its leaves with their paths. In a path every list element and every key that is data (an id, a
 * name) is written `[]`, so that `payment_methods[].id` is the same place in every run and holds nobody's values.
 */

import type { Json } from '../ports.ts'

export type Scalar = string | number | boolean | null

export interface Leaf {
  /** Where it stands, such as `items[].price`; empty for a value that is no object or list. */
  readonly path: string
  /** The same with list indices and keys as they are: tells elements apart, is never shown. */
  readonly place: string
  readonly value: Scalar
  /** The leaf is itself the key of a record, or a field that repeats its record's key. */
  readonly identity: boolean
  /** The place of the record (object) that holds it. */
  readonly record: string
}

/** No recorded result has more than 4,000; what lies beyond is not looked at. */
const LEAVES_MAX = 20_000
/** Depth was limited to 64 when the text was parsed. */

export function leavesOf(value: Json | undefined): readonly Leaf[] {
  const leaves: Leaf[] = []
  if (value !== undefined) walk(value, '', '', '', leaves)
  return leaves
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

export function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function walk(value: Json, path: string, place: string, record: string, leaves: Leaf[]): void {
  if (leaves.length >= LEAVES_MAX) return
  if (isList(value)) {
    for (const [index, item] of value.entries()) walk(item, `${path}[]`, `${place}[${index}]`, record, leaves)
    return
  }
  if (!isRecord(value)) {
    leaves.push({ path, place, value, identity: isIdentity(path), record })
    return
  }
  const keyed = hasDataKeys(value)
  for (const [key, item] of Object.entries(value)) {
    const childPlace = `${place}.${key}`
    if (!keyed) {
      walk(item, path === '' ? key : `${path}.${key}`, childPlace, place, leaves)
      continue
    }
    const childPath = `${path}[]`
    // A key that its record repeats in a field is found there, under the field's name.
    const repeated = isRecord(item) && Object.values(item).includes(key)
    if (!repeated)
      leaves.push({ path: childPath, place: childPlace, value: key, identity: true, record: childPlace })
    walk(item, childPath, childPlace, place, leaves)
  }
}

function isIdentity(path: string): boolean {
  return path === 'id' || path.endsWith('.id')
}

const FIELD_NAME = /^[A-Za-z_$@][A-Za-z_$]*(?:-[A-Za-z_$]+)*\d?$/

/** Whether an object is a table from ids or names to values, and not a record with named fields. */
function hasDataKeys(value: { readonly [key: string]: Json }): boolean {
  const entries = Object.entries(value)
  if (entries.length === 0) return false
  if (entries.some(([key, item]) => !FIELD_NAME.test(key) || key.length > 48 || repeats(key, item)))
    return true
  // Three records of the same fields or more side by side: a table with keys that look like names.
  const shapes = new Set(entries.map(([, item]) => (isRecord(item) ? Object.keys(item).sort().join() : '')))
  return entries.length >= 3 && shapes.size === 1 && !shapes.has('')
}

function repeats(key: string, item: Json): boolean {
  return isRecord(item) && Object.values(item).includes(key)
}
