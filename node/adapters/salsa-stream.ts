/**
 * XSalsa20 over a stream: what libp2p's private networks encrypt their connections with (SPEC of pnet, version 1). The
 * library's own one shares one WebAssembly memory among all connections, which grows with each connection and, after a
 * single large write, with every message, until it ends the process; this one holds nothing beyond its connection.
 */

import { xsalsa20 } from '@noble/ciphers/salsa.js'

const blockBytes = 64
/** Blocks are counted in 32 bits here: after 256 GiB a connection has to be made anew. */
export const salsaBytesMax = 2 ** 32 * blockBytes

export class SalsaStream {
  readonly #key: Uint8Array
  readonly #nonce: Uint8Array
  #doneBytes: number

  /** Begins behind the first `doneBytes`. */
  constructor(key: Uint8Array, nonce: Uint8Array, doneBytes = 0) {
    this.#key = key
    this.#nonce = nonce
    this.#doneBytes = doneBytes
  }

  /** Encrypts what was plain, and the other way round; undefined when the stream is used up. */
  next(bytes: Uint8Array): Uint8Array | undefined {
    // The last block stays unused, so that the count never has to go beyond it.
    if (this.#doneBytes + bytes.length > salsaBytesMax - blockBytes) return undefined
    const begun = this.#doneBytes % blockBytes
    const input = new Uint8Array(begun + bytes.length)
    input.set(bytes, begun)
    const block = (this.#doneBytes - begun) / blockBytes
    const output = xsalsa20(this.#key, this.#nonce, input, undefined, block)
    this.#doneBytes += bytes.length
    return output.subarray(begun)
  }
}
