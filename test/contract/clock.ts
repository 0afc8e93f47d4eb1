/** What every clock promises: the real one and the virtual one. */

import { describe, expect, it } from 'vitest'
import type { Clock } from '../../node/ports.ts'

export interface ClockUnderTest {
  readonly clock: Clock
  /** Lets at least this much time of the clock pass. */
  readonly pass: (ms: number) => Promise<void>
}

export function clockContract(name: string, make: () => ClockUnderTest): void {
  describe(`clock: ${name}`, () => {
    it('wakes a sleeper when its time has come, and time has passed by then', async () => {
      const { clock, pass } = make()
      const before = clock.now()
      const slept = clock.sleep(20)
      await pass(25)
      await slept
      expect(clock.now() - before).toBeGreaterThanOrEqual(19)
    })

    it('wakes sleepers in the order in which they are due', async () => {
      const { clock, pass } = make()
      const woken: number[] = []
      const sleepers = [40, 0, 20].map(ms => clock.sleep(ms).then(() => woken.push(ms)))
      await pass(60)
      await Promise.all(sleepers)
      expect(woken).toEqual([0, 20, 40])
    })

    it('rejects a sleep with the reason of the abort, before or while it sleeps', async () => {
      const { clock } = make()
      const reason = new RangeError('enough')
      await expect(clock.sleep(10_000, AbortSignal.abort(reason))).rejects.toBe(reason)
      const abort = new AbortController()
      const slept = clock.sleep(10_000, abort.signal)
      abort.abort(reason)
      await expect(slept).rejects.toBe(reason)
    })

    it('aborts a deadline when its time has come', async () => {
      const { clock, pass } = make()
      using deadline = clock.deadline(10)
      expect(deadline.signal.aborted).toBe(false)
      await pass(30)
      expect(deadline.signal.reason).toMatchObject({ name: 'TimeoutError' })
    })

    it('never aborts a deadline that was disposed of', async () => {
      const { clock, pass } = make()
      const deadline = clock.deadline(10)
      deadline[Symbol.dispose]()
      await pass(30)
      expect(deadline.signal.aborted).toBe(false)
    })

    it('aborts a deadline with its parent, for the parent’s reason', () => {
      const { clock } = make()
      const parent = new AbortController()
      const reason = new RangeError('stop')
      using during = clock.deadline(10_000, parent.signal)
      parent.abort(reason)
      using after = clock.deadline(10_000, parent.signal)
      expect([during.signal.reason, after.signal.reason]).toEqual([reason, reason])
    })
  })
}
