/**
 * What the simulated network has from measurement: `swarmlore sim calibrate` fits these to ten real nodes, and then holds
 * thirty to them.
 */

export interface Fitted {
  /** Around each message: noise, yamux and what gossipsub and requests wrap it in. Bytes. */
  readonly frameBytes: number
  /** What a connection costs each of its ends while nothing is said over it: pings, the DHT, acknowledgements. */
  readonly idleBytesPerS: number
  /** From the arrival of a message to when the program has it, on an idle machine. Milliseconds. */
  readonly handlingMs: number
  /** What a message holds a processor, at both ends together: noise, yamux, streams. Counted where it arrives. */
  readonly messageMicros: number
  /** What a node's heartbeats, pings and timers take of it in a second. */
  readonly idleMicrosPerS: number
}

export const fitted: Fitted = {
  frameBytes: 186,
  idleBytesPerS: 69,
  handlingMs: 3.6,
  messageMicros: 599,
  idleMicrosPerS: 4_814,
}
