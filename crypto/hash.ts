/**
 * SHA-256, plain and tagged. Every hash that is not the name of a block carries a tag, so that bytes made for
 * one purpose can never be taken for another. SPEC section "Hashes".
 */

import { hash } from 'node:crypto'
import { concat, utf8Bytes } from './bytes.ts'

const zero = new Uint8Array(1)

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer'))
}

/** SHA-256(tag ‖ 0x00 ‖ parts…). The tag has no NUL; the caller keeps parts of variable length apart. */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(concat(utf8Bytes(tag), zero, ...parts))
}
