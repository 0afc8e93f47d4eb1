/**
 * `GET /api/v1/events`: what happens in the node, as server-sent events. Each client has a bounded buffer: one
 * that reads too slowly is cut off, and its next connection starts with what happens then.
 */

import type { UnderlyingSource } from 'node:stream/web'
import type { SwarmloreNode } from '../../api.ts'

export interface EventLimits {
  /** A comment goes out this often, so that both sides notice a dead connection. */
  readonly heartbeatMs: number
  /** Events that may wait for one client. */
  readonly buffered: number
  readonly clients: number
}

export interface EventStreams {
  /** Undefined when there are as many clients as there may be. */
  open(): Response | undefined
  closeAll(): void
}

export function eventStreams(node: Pick<SwarmloreNode, 'onEvent'>, limits: EventLimits): EventStreams {
  const open = new Set<() => void>()
  return {
    open() {
      if (open.size >= limits.clients) return undefined
      const body = new ReadableStream<Uint8Array>(source(node, limits, open), {
        highWaterMark: limits.buffered,
      })
      return new Response(body, {
        // The connection ends with the stream, so that it does not hold a server that closes.
        headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', connection: 'close' },
      })
    },
    closeAll() {
      for (const end of [...open]) end()
    },
  }
}

function source(
  node: Pick<SwarmloreNode, 'onEvent'>,
  limits: EventLimits,
  open: Set<() => void>,
): UnderlyingSource<Uint8Array> {
  let release = (): void => {}
  return {
    start(controller) {
      const end = (): void => {
        release()
        controller.close()
      }
      const send = (text: string): void => {
        if ((controller.desiredSize ?? 0) <= 0) end()
        else controller.enqueue(new TextEncoder().encode(text))
      }
      const stopListening = node.onEvent(event =>
        send(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`),
      )
      const beat = setInterval(send, limits.heartbeatMs, ': still here\n\n')
      release = () => {
        open.delete(end)
        clearInterval(beat)
        stopListening()
      }
      open.add(end)
      send(': connected\n\n')
    },
    // The client has gone.
    cancel() {
      release()
    },
  }
}
