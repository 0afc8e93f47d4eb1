/**
 * Requests between two links: one message each way, with the limits that the real streams have. Whoever gives up tells the
 * other side, and a broken connection ends every request on it.
 */

import type { Network, RequestOptions, ServeOptions } from '../../node/ports.ts'
import type { PeerId } from '../../protocol/types.ts'
import type { Life } from '../events.ts'
import { NetworkFailure } from './failure.ts'
import type { Carrier, Lane } from './line.ts'

type Handler = Parameters<Network['serve']>[2]

interface Served {
  readonly options: ServeOptions
  readonly handler: Handler
  readonly running: Map<PeerId, number>
}

/** A handler has this long, whatever the asker's patience. */
const serveMsMax = 30_000

export class Requests {
  readonly #network: Carrier
  readonly #life: Life
  readonly #answersAnew: string
  readonly #served = new Map<string, Served>()

  /** @param answersAnew the protocol whose answers come on streams of their own, as bitswap's do. */
  constructor(network: Carrier, life: Life, answersAnew: string) {
    this.#network = network
    this.#life = life
    this.#answersAnew = answersAnew
  }

  serve(protocol: string, options: ServeOptions, handler: Handler): () => void {
    const served = { options, handler, running: new Map() }
    this.#served.set(protocol, served)
    return () => {
      if (this.#served.get(protocol) === served) this.#served.delete(protocol)
    }
  }

  ask(lane: Lane, protocol: string, bytes: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    const { signal, maxBytes } = options
    const body = new Uint8Array(bytes)
    return new Promise((resolve, reject) => {
      const gone = new AbortController()
      const settle = (result: () => void): undefined => {
        signal.removeEventListener('abort', abort)
        lane.line.onBreak.delete(broken)
        result()
      }
      const refuse = (code: NetworkFailure['code']) => (): undefined =>
        settle(() => reject(new NetworkFailure(code, `${lane.to.self} did not answer to ${protocol}.`)))
      const broken = (): void => {
        gone.abort(new NetworkFailure('closed', 'The connection is gone.'))
        refuse('peer-unreachable')()
      }
      const abort = (): void => {
        this.#network.send(lane, `${protocol} given-up`, 0, 'standing', () => {
          gone.abort(signal.reason)
          return undefined
        })
        settle(() => reject(signal.reason))
      }
      signal.addEventListener('abort', abort, { once: true })
      lane.line.onBreak.add(broken)
      const back = lane.line.laneFrom(lane.to)
      const answersOn = protocol === this.#answersAnew ? 'new' : 'standing'
      const reply = (what: string, size: number, arrive: () => undefined): void =>
        this.#network.send(back, `${protocol} ${what}`, size, answersOn, arrive)
      this.#network.send(lane, protocol, body.length, 'new', () => {
        lane.to.requests.answer(protocol, body, lane.from.self, gone).then(
          answer =>
            reply('answer', answer.length, () =>
              answer.length > maxBytes
                ? refuse('message-too-large')()
                : settle(() => resolve(new Uint8Array(answer))),
            ),
          () => reply('refused', 0, refuse('peer-refused')),
        )
        return undefined
      })
    })
  }

  /** `gone`: for when nobody waits for the answer any more; aborted here when it takes too long. */
  async answer(
    protocol: string,
    bytes: Uint8Array,
    from: PeerId,
    gone: AbortController,
  ): Promise<Uint8Array> {
    const served = this.#served.get(protocol)
    if (served === undefined) throw new NetworkFailure('peer-refused', `${protocol} is not served.`)
    const { options, handler, running } = served
    if (bytes.length > options.maxBytes) throw new NetworkFailure('message-too-large', 'It is too large.')
    const before = running.get(from) ?? 0
    if (before >= options.perPeer) throw new NetworkFailure('peer-refused', 'Too many requests at once.')
    running.set(from, before + 1)
    const expire = (): undefined => {
      gone.abort(new DOMException('The answer took too long.', 'TimeoutError'))
    }
    const planned = this.#network.events.in(serveMsMax, expire, this.#life)
    try {
      return new Uint8Array(await handler(bytes, from, gone.signal))
    } finally {
      planned.cancel()
      const left = (running.get(from) ?? 1) - 1
      if (left > 0) running.set(from, left)
      else running.delete(from)
    }
  }
}
