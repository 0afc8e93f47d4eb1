/** The day of support, evidence and budgets: whole UTC days since 1970. */

import { dayOf } from '../../protocol/body.ts'
import type { Day } from '../../protocol/types.ts'
import type { Clock } from '../ports.ts'

export function today(clock: Clock): Day {
  return dayOfMs(clock.now())
}

export function dayOfMs(ms: number): Day {
  return dayOf(Math.floor(ms / 1000))
}
