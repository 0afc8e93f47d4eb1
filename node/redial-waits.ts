/**
 * How long a peer is left alone that did not answer, or was lost, and when it is given up. The same on a real network and on
 * a simulated one; how they dial, notice a loss, and draw the jitter of a wait, is theirs.
 */

/** Whether it is dialled until it answers, and again whenever it is lost, or given up when it does not answer for long. */
export type Keep = 'always' | 'while-it-answers'

/** How it went with one peer. */
export interface DialHistory {
  /** Attempts since a connection last held, but those of a node that reached nobody. */
  attempts: number
  /** Connections, one after the other, that did not hold. */
  brief: number
  /** Since when the connection stands. */
  upSinceMs: number | undefined
}

/** How often it is looked who is to be dialled. */
export const tickMs = 500
/** After a loss both sides wait a different while up to this, or they would dial at the same moment. */
export const lostMs = 1_000
/** Whoever lets go again and again has no room: it is called ever more rarely, or a large swarm would call its full peers all day. */
const briefMsMin = 2_500
export const briefMsMax = 600_000
/** Peers remembered; what a node needs to find its swarm again, with room to spare. */
export const wantedMax = 256
/** Dialled at once: a node that remembers hundreds does not send to all of them in one breath. */
export const dialsMax = 16
const waitMsMin = 500
const waitMsMax = 15_000
/** After so many attempts the wait has grown to its most. */
const growingAttempts = Math.ceil(Math.log2(waitMsMax / waitMsMin))
/** A peer met on the way is given up after about five minutes without an answer. */
const attemptsMax = 25
/** A connection that stands so long has been accepted: a full peer takes calls, and lets go after `crowd.ts`'s grace. */
const heldMs = 20_000

export function neverDialled(): DialHistory {
  return { attempts: 0, brief: 0, upSinceMs: undefined }
}

/** An attempt begins. That a node which is connected to nobody fails may be its own network: it tells nothing of the peer. */
export function noteDial(history: DialHistory, isAlone: boolean): void {
  if (!isAlone || history.attempts < growingAttempts) history.attempts++
}

/** While it is connected, and when it is lost: what has held starts the waits anew. */
export function noteHeld(history: DialHistory, nowMs: number): void {
  // One that takes the call and hangs up at once is not an answer.
  if (history.upSinceMs === undefined || nowMs - history.upSinceMs <= heldMs) return
  history.attempts = 0
  history.brief = 0
}

/** It is connected no more. The wait that this is worth; none for a first loss, which may be anything, and is mended at once. */
export function noteLoss(history: DialHistory, nowMs: number): number | undefined {
  const { upSinceMs } = history
  history.upSinceMs = undefined
  if (upSinceMs === undefined || nowMs - upSinceMs > heldMs || history.brief++ === 0) return undefined
  return Math.min(briefMsMin * 2 ** history.brief, briefMsMax)
}

export function waitAfterDialMs({ attempts }: DialHistory): number {
  return Math.min(waitMsMin * 2 ** attempts, waitMsMax)
}

export function isGivenUp({ attempts }: DialHistory, keep: Keep): boolean {
  return keep === 'while-it-answers' && attempts > attemptsMax
}
