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

    it('tells work that its time is up, and waits until it has ended', async () => {
      const { clock, pass } = make()
      const ended = clock.within(10, undefined, async signal => {
        expect(signal.aborted).toBe(false)
        await pass(30)
        return signal.reason
      })
      expect(await ended).toMatchObject({ name: 'TimeoutError' })
    })

    it('gives what the work gives, or fails as it fails, and aborts nothing afterwards', async () => {
      const { clock, pass } = make()
      const signals: AbortSignal[] = []
      const parent = new AbortController()
      const done = clock.within(10, parent.signal, async signal => signals.push(signal))
      expect(await done).toBe(1)
      const failure = new RangeError('no')
      const failed = clock.within(10, parent.signal, async signal => {
        signals.push(signal)
        throw failure
      })
      await expect(failed).rejects.toBe(failure)
      await pass(30)
      parent.abort()
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, false])
    })

    it('aborts work with its parent, for the parent’s reason', async () => {
      const { clock } = make()
      const parent = new AbortController()
      const reason = new RangeError('stop')
      const during = await clock.within(10_000, parent.signal, async signal => {
        parent.abort(reason)
        return signal.reason
      })
      const after = await clock.within(10_000, parent.signal, async signal => signal.reason)
      expect([during, after]).toEqual([reason, reason])
    })
  })
}
