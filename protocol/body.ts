/** What the codec of one kind's body answers, and what it may know of the envelope around it. */

import type { PeerId, Seconds } from './types.ts'

export interface BodyContext {
  readonly author: PeerId
  readonly t: Seconds
}

export type BodyResult<Body> =
  | { readonly ok: true; readonly body: Body }
  | { readonly ok: false; readonly problem: string }

export const secondsPerDay = 86_400

export function dayOf(t: Seconds): number {
  return Math.floor(t / secondsPerDay)
}

export function bodyResult<Body>(problem: string | undefined, body: Body): BodyResult<Body> {
  return problem === undefined ? { ok: true, body } : { ok: false, problem }
}
