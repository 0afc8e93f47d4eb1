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

type JsonObject = { readonly [key: string]: Json }

/**
 * Which keys of an object that look like names of fields are data all the same: only other results tell. Asked once
 * for each object, with the path that it has while such keys are taken for names.
 */
type KeyJudge = (path: string, object: JsonObject) => (key: string) => boolean

export function leavesOf(value: Json | undefined, judge: KeyJudge = () => () => false): readonly Leaf[] {
  const leaves: Leaf[] = []
  if (value !== undefined) walk(value, { path: '', literal: '', place: '', record: '' }, { leaves, judge })
  return leaves
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

export function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

interface Spot {
  readonly path: string
  /** The path with the keys that only other results show to be data. */
  readonly literal: string
  readonly place: string
  readonly record: string
}

interface Walk {
  readonly leaves: Leaf[]
  readonly judge: KeyJudge
}

function walk(value: Json, spot: Spot, into: Walk): void {
  const { path, literal, place, record } = spot
  const { leaves, judge } = into
  if (leaves.length >= LEAVES_MAX) return
  if (isList(value)) {
    for (const [index, item] of value.entries())
      walk(item, { path: `${path}[]`, literal: `${literal}[]`, place: `${place}[${index}]`, record }, into)
    return
  }
  if (!isRecord(value)) {
    leaves.push({ path, place, value, identity: isIdentity(path), record })
    return
  }
  const keyed = hasDataKeys(value)
  const isData = judge(literal, value)
  for (const [key, item] of Object.entries(value)) {
    const childPlace = `${place}.${key}`
    const childLiteral = keyed ? `${literal}[]` : field(literal, key)
    if (!keyed && !isData(key)) {
      walk(item, { path: field(path, key), literal: childLiteral, place: childPlace, record: place }, into)
      continue
    }
    const childPath = `${path}[]`
    // A key that its record repeats in a field is found there, under the field's name.
    const repeated = isRecord(item) && Object.values(item).includes(key)
    if (!repeated)
      leaves.push({ path: childPath, place: childPlace, value: key, identity: true, record: childPlace })
    walk(item, { path: childPath, literal: childLiteral, place: childPlace, record: place }, into)
  }
}

function field(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

/** A field `id`, or in an element of `rooms` its `room_id`: what tells the record apart. */
function isIdentity(path: string): boolean {
  const [field = '', ...parents] = path.split('.').reverse()
  if (field === 'id') return true
  const [, list = ''] = /^(.+?)s?\[\]$/.exec(parents[0] ?? '') ?? []
  return (
    list.length >= 3 && field.toLowerCase().replace(/_?id$/, '') === list.toLowerCase() && /id$/i.test(field)
  )
}

const FIELD_NAME = /^[A-Za-z_$@][A-Za-z_$]*(?:-[A-Za-z_$]+)*\d?$/

/** Whether an object is a table from ids or names to values, and not a record with named fields. */
export function hasDataKeys(value: JsonObject): boolean {
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
