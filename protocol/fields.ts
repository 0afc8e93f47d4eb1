/**
 * Reads the fields of a decoded map one by one and remembers the first thing that is wrong with them, so that a
 * codec reads top down and its refusal names the field. Values given back after a problem are placeholders: look
 * at `problem()` before using any.
 */

import { CID } from 'multiformats/cid'
import { isUsableKey } from '../crypto/sign.ts'
import { entryCidOf, peerOf } from './identity.ts'
import { dayMax, secondsMax } from './limits.ts'
import { type TextForm, textProblem } from './text.ts'
import type { EntryCid, PeerId } from './types.ts'

const noBytes = new Uint8Array()

export class Fields {
  readonly #map: Readonly<Record<string, unknown>>
  readonly #path: string
  /** A dozen at most, and made for every map that is read: a list is quicker than a set. */
  readonly #seen: string[] = []
  #problem: string | undefined

  /** `path` stands in front of the field's name in the problem, such as `insight.`. */
  constructor(value: unknown, path = '') {
    this.#path = path
    this.#map = isMap(value) ? value : {}
    if (!isMap(value)) this.#problem = `${path === '' ? 'it' : path.slice(0, -1)} must be a map`
  }

  /** What is wrong, or `undefined` when every field that stands in the map was read and was right. */
  problem(): string | undefined {
    if (this.#problem !== undefined) return this.#problem
    const unknown = Object.keys(this.#map).find(key => !this.#seen.includes(key))
    return unknown === undefined ? undefined : `${this.#path}${unknown} is not a known field`
  }

  /** For rules between fields. */
  require(holds: boolean, rule: string): void {
    if (!holds) this.#fail(rule)
  }

  /** Takes over the problem of a map or list inside this one. */
  adopt(problem: string | undefined): void {
    if (problem !== undefined) this.#fail(problem)
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#map, key)
  }

  any(key: string): unknown {
    this.#seen.push(key)
    if (!this.has(key)) this.#fail(`${this.#path}${key} is missing`)
    return this.#map[key]
  }

  integer(key: string, min: number, max: number): number {
    const value = this.any(key)
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    this.#fail(`${this.#path}${key} must be a whole number from ${min} to ${max}`)
    return min
  }

  seconds(key: string): number {
    return this.integer(key, 0, secondsMax)
  }

  day(key: string): number {
    return this.integer(key, 0, dayMax)
  }

  bytes(key: string, min: number, max = min): Uint8Array {
    const value = this.any(key)
    if (value instanceof Uint8Array && value.length >= min && value.length <= max) return value
    this.#fail(`${this.#path}${key} must be ${min === max ? min : `${min} to ${max}`} bytes`)
    return noBytes
  }

  /** An Ed25519 key for which not everybody can sign. */
  peer(key: string): PeerId {
    const bytes = this.bytes(key, 32)
    if (bytes.length === 32 && isUsableKey(bytes)) return peerOf(bytes)
    this.#fail(`${this.#path}${key} must be an Ed25519 public key`)
    return '' as PeerId
  }

  link(key: string): EntryCid {
    return this.#linkOf(this.any(key), key)
  }

  text(key: string, form: TextForm): string {
    return this.#textOf(this.any(key), form, key)
  }

  oneOf<T extends string>(key: string, allowed: readonly [T, ...T[]]): T {
    const value = this.any(key)
    const found = allowed.find(item => item === value)
    if (found !== undefined) return found
    this.#fail(`${this.#path}${key} must be one of ${allowed.join(', ')}`)
    return allowed[0]
  }

  list(key: string, min: number, max: number): readonly unknown[] {
    const value = this.any(key)
    if (Array.isArray(value) && value.length >= min && value.length <= max) return value
    this.#fail(`${this.#path}${key} must be a list of ${min} to ${max} items`)
    return []
  }

  texts(key: string, min: number, max: number, form: TextForm): readonly string[] {
    const texts = this.list(key, min, max).map(item => this.#textOf(item, form, key))
    if (new Set(texts).size !== texts.length) this.#fail(`${this.#path}${key} names something twice`)
    return texts
  }

  links(key: string, min: number, max: number): readonly EntryCid[] {
    const links = this.list(key, min, max).map(item => this.#linkOf(item, key))
    if (new Set(links).size !== links.length) this.#fail(`${this.#path}${key} names something twice`)
    return links
  }

  #linkOf(value: unknown, key: string): EntryCid {
    const cid = CID.asCID(value)
    const link = cid === null ? undefined : entryCidOf(cid)
    if (link !== undefined) return link
    this.#fail(`${this.#path}${key} must be a CIDv1 link (raw, sha2-256)`)
    return '' as EntryCid
  }

  #textOf(value: unknown, form: TextForm, key: string): string {
    const problem = typeof value === 'string' ? textProblem(value, form) : 'must be text'
    if (typeof value === 'string' && problem === undefined) return value
    this.#fail(`${this.#path}${key} ${problem}`)
    return ''
  }

  #fail(problem: string): void {
    this.#problem ??= problem
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    CID.asCID(value) === null
  )
}
