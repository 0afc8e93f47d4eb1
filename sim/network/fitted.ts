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
  /** What a connection takes of each of its ends in a second while nothing is said over it. */
  readonly idleMicrosPerS: number
}

export const fitted: Fitted = {
  frameBytes: 151,
  idleBytesPerS: 91,
  handlingMs: 2.1,
  messageMicros: 150,
  idleMicrosPerS: 300,
}
