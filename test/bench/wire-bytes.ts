/** Bytes on the wire between peers of this process: of every TCP connection that one of them dials, both directions. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'

/** Counts from now on; the answer stops it, and says how many bytes there were. */
export function countWireBytes(): () => number {
  const sockets = new Set<Socket>()
  const note = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('socket' in message)) return
    if (message.socket instanceof Socket) sockets.add(message.socket)
  }
  subscribe('net.client.socket', note)
  return () => {
    unsubscribe('net.client.socket', note)
    return [...sockets].reduce((sum, { bytesRead, bytesWritten }) => sum + bytesRead + bytesWritten, 0)
  }
}
