/**
 * Connections of a private swarm: nobody gets as far as the handshake who does not have the swarm's key. On the wire
 * this is libp2p's private network, version 1 (`@libp2p/pnet`): each side sends a nonce of 24 bytes, and everything
 * after it is XSalsa20 under the key and the sender's nonce. Why it is not the library's: see salsa-stream.ts.
 */

import { randomBytes } from 'node:crypto'
import type {
  AbortOptions,
  ConnectionProtector,
  Logger,
  MessageStream,
  MultiaddrConnection,
} from '@libp2p/interface'
import { AbstractMultiaddrConnection, byteStream, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import { SalsaStream } from './salsa-stream.ts'

const nonceBytes = 24
/** A peer that says nothing is not waited for any longer; libp2p's own bound is passed where it has one. */
const nonceMs = 5_000

export function preSharedKey(psk: Uint8Array): () => ConnectionProtector {
  return () => ({
    async protect(connection, options: AbortOptions = {}) {
      if (!isConnection(connection)) throw new TypeError('libp2p protects connections, and nothing else')
      const signal = options.signal ?? AbortSignal.timeout(nonceMs)
      const own = new Uint8Array(randomBytes(nonceBytes))
      const plain = byteStream(connection)
      const [theirs] = await Promise.all([
        plain.read({ bytes: nonceBytes, signal }),
        plain.write(own, { signal }),
      ])
      return new ProtectedConnection(
        plain.unwrap(),
        new SalsaStream(psk, theirs.subarray().slice()),
        new SalsaStream(psk, own),
        connection.log.newScope('private'),
      )
    },
  })
}

function isConnection(stream: MessageStream): stream is MultiaddrConnection {
  return 'remoteAddr' in stream
}

class ProtectedConnection extends AbstractMultiaddrConnection {
  readonly #plain: MultiaddrConnection
  readonly #outbound: SalsaStream

  constructor(plain: MultiaddrConnection, inbound: SalsaStream, outbound: SalsaStream, log: Logger) {
    super({ remoteAddr: plain.remoteAddr, direction: plain.direction, log })
    this.#plain = plain
    this.#outbound = outbound
    plain.addEventListener('message', ({ data }) => {
      for (const part of data instanceof Uint8Array ? [data] : data) {
        const read = inbound.next(part)
        if (read === undefined) return this.#giveUp()
        this.onData(read)
      }
    })
    plain.addEventListener('drain', () => this.onMuxerDrain())
    plain.addEventListener('close', ({ error, local }) => {
      if (error === undefined) this.onTransportClosed()
      else if (local === true) this.abort(error)
      else this.onRemoteReset()
    })
  }

  async sendClose(options?: AbortOptions): Promise<void> {
    await this.#plain.close(options)
  }

  sendData(data: Uint8ArrayList): SendResult {
    const written = this.#outbound.next(data.subarray())
    if (written === undefined) {
      this.#giveUp()
      return { sentBytes: data.byteLength, canSendMore: false }
    }
    return { sentBytes: data.byteLength, canSendMore: this.#plain.send(written) }
  }

  sendReset(error: Error): void {
    this.#plain.abort(error)
  }

  sendPause(): void {
    this.#plain.pause()
  }

  sendResume(): void {
    this.#plain.resume()
  }

  #giveUp(): void {
    this.#plain.abort(new RangeError('the cipher of this connection is used up'))
  }
}
