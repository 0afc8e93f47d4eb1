/**
 * The values of rows: canonical dag-cbor maps. Reading checks every field's type, so that a damaged or foreign
 * value is one clear error and never a wrong type further on.
 */

import * as dagCbor from '@ipld/dag-cbor'
import { StoreError } from './errors.ts'

type Plain =
  | string
  | number
  | boolean
  | Uint8Array
  | readonly Plain[]
  | { readonly [name: string]: Plain | undefined }

/** Fields that are undefined are left out. */
export function encode(fields: { readonly [name: string]: Plain | undefined }): Uint8Array {
  return dagCbor.encode(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)))
}

export function read(key: string, bytes: Uint8Array): Fields {
  let value: unknown
  try {
    value = dagCbor.decode(bytes)
  } catch (cause) {
    throw damaged(key, cause)
  }
  return new Fields(key, value)
}

/** One decoded map. Each method throws a `StoreError` where the field is missing or of another type. */
export class Fields {
  readonly #key: string
  readonly #fields: object

  constructor(key: string, value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged(key)
    this.#key = key
    this.#fields = value
  }

  string(name: string): string {
    return this.optionalString(name) ?? this.#fail()
  }

  optionalString(name: string): string | undefined {
    const value = this.#value(name)
    return value === undefined || typeof value === 'string' ? value : this.#fail()
  }

  number(name: string): number {
    return this.optionalNumber(name) ?? this.#fail()
  }

  optionalNumber(name: string): number | undefined {
    const value = this.#value(name)
    return value === undefined || typeof value === 'number' ? value : this.#fail()
  }

  boolean(name: string): boolean {
    return this.optionalBoolean(name) ?? this.#fail()
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.#value(name)
    return value === undefined || typeof value === 'boolean' ? value : this.#fail()
  }

  bytes(name: string): Uint8Array {
    return this.optionalBytes(name) ?? this.#fail()
  }

  optionalBytes(name: string): Uint8Array | undefined {
    const value = this.#value(name)
    return value === undefined || value instanceof Uint8Array ? value : this.#fail()
  }

  strings(name: string): string[] {
    return this.#list(name).map(item => (typeof item === 'string' ? item : this.#fail()))
  }

  maps(name: string): Fields[] {
    return this.#list(name).map(item => new Fields(this.#key, item))
  }

  optionalMaps(name: string): Fields[] | undefined {
    return this.#value(name) === undefined ? undefined : this.maps(name)
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? Reflect.get(this.#fields, name) : undefined
  }

  #list(name: string): unknown[] {
    const value = this.#value(name)
    return Array.isArray(value) ? value : this.#fail()
  }

  #fail(): never {
    throw damaged(this.#key)
  }
}

function damaged(key: string, cause?: unknown): StoreError {
  return new StoreError(
    'store-corrupt',
    `The stored row ${key} is damaged. Restore the data folder from a backup, or move it away and start anew.`,
    cause,
  )
}
