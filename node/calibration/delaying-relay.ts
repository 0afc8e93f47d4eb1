/**
 * A TCP relay on loopback that takes its time: each piece of data that arrives goes on after a delay of its own, in order.
 * Between nodes of one machine it stands for the distance that they do not have, and counts what they send.
 */

import { createConnection, createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../ports.ts'

export interface Relay {
  readonly port: number
  /** Both ways together. */
  readonly carriedBytes: () => number
  close(): Promise<void>
}

export interface RelayInit {
  readonly clock: Clock
  readonly targetPort: number
  /** Of one piece of data, in milliseconds. */
  readonly delayMs: () => number
}

/** What is sent within this is one piece: a message that is written in parts is not delayed once for each. */
const togetherMs = 2
const loopback = '127.0.0.1'
/** A sender that the receiver is slower than waits beyond this. */
const heldBytesMax = 4 * 1024 * 1024

export async function openRelay({ clock, targetPort, delayMs }: RelayInit): Promise<Relay> {
  const sockets = new Set<Socket>()
  let carried = 0
  const carry = (from: Socket, to: Socket): void => {
    let held = 0
    let earlier = Promise.resolve()
    let lastMs = Number.NEGATIVE_INFINITY
    let wayMs = 0
    // One after the other: timers that are due at about the same time may fire in any order.
    const later = (pass: () => void): void => {
      const nowMs = clock.now()
      if (nowMs - lastMs > togetherMs) wayMs = delayMs()
      lastMs = nowMs
      const dueMs = nowMs + wayMs
      earlier = earlier.then(async () => {
        if (dueMs > clock.now()) await clock.sleep(dueMs - clock.now())
        if (!to.destroyed) pass()
      })
    }
    from.on('data', bytes => {
      carried += bytes.length
      held += bytes.length
      if (held > heldBytesMax) from.pause()
      later(() => {
        held -= bytes.length
        to.write(bytes)
        if (held <= heldBytesMax) from.resume()
      })
    })
    from.on('end', () => later(() => to.end()))
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      later(() => to.destroy())
    })
  }
  // One side may be done while the other still speaks.
  const server = createServer({ allowHalfOpen: true }, near => {
    const far = createConnection({ host: loopback, port: targetPort, allowHalfOpen: true })
    for (const socket of [near, far]) {
      socket.setNoDelay(true)
      sockets.add(socket)
    }
    carry(near, far)
    carry(far, near)
  })
  const port = await listening(server)
  return {
    port,
    carriedBytes: () => carried,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, loopback, () => {
      const address = server.address()
      if (typeof address === 'object' && address !== null) resolve(address.port)
      else reject(new TypeError('a TCP server has a port'))
    })
  })
}
