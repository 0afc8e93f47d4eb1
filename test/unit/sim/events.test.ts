/** What is planned happens in order, whatever is called off and put off meanwhile. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EventQueue, type Life, type Planned } from '../../../sim/events.ts'

const step = fc.record({
  /** From when it is planned. */
  ms: fc.nat({ max: 50 }),
  /** What is called off when it happens, of what was planned so far. */
  callsOff: fc.option(fc.nat()),
  /** What is planned when it happens. */
  thenMs: fc.option(fc.nat({ max: 20 })),
})

it('by time, and at one time in the order in which it was planned; what is called off does not happen', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 300 }), async steps => {
      const events = new EventQueue(0)
      const planned: { readonly dueMs: number; readonly one: Planned; isOff: boolean; isDone: boolean }[] = []
      const happened: number[] = []
      const plan = (ms: number, then: () => void): void => {
        const order = planned.length
        const dueMs = events.nowMs + ms
        const happen = (): 'quiet' => {
          happened.push(order)
          const entry = planned[order]
          if (entry !== undefined) entry.isDone = true
          expect(events.nowMs).toBe(dueMs)
          then()
          return 'quiet'
        }
        planned.push({ dueMs, one: events.in(ms, happen), isOff: false, isDone: false })
      }
      for (const { callsOff, ms, thenMs } of steps)
        plan(ms, () => {
          const off = callsOff === null ? undefined : planned[callsOff % planned.length]
          off?.one.cancel()
          if (off !== undefined && !off.isDone) off.isOff = true
          if (thenMs !== null) plan(thenMs, () => undefined)
        })
      await events.runTo(100)
      const expected = planned
        .map(({ dueMs, isOff }, order) => ({ dueMs, isOff, order }))
        .filter(({ isOff }) => !isOff)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)
      expect(happened).toEqual(expected.map(({ order }) => order))
    }),
  )
})

it('thousands that are called off are swept, and the others happen as planned', async () => {
  const events = new EventQueue(0)
  const happened: number[] = []
  const planned = Array.from({ length: 5_000 }, (_, at) =>
    events.at((at * 7_919) % 5_000, () => {
      happened.push(events.nowMs)
      return 'quiet'
    }),
  )
  for (const [at, one] of planned.entries()) if (at % 3 > 0) one.cancel()
  await events.runTo(5_000)
  expect(happened).toHaveLength(1_667)
  expect(happened).toEqual(happened.toSorted((a, b) => a - b))
})

it('what befalls a machine asleep happens when it wakes, in order, and nothing happens to one that is off', async () => {
  const events = new EventQueue(0)
  const sleeper: Life = { alive: true, asleepUntilMs: 50 }
  const off: Life = { alive: true }
  const happened: string[] = []
  const note = (what: string) => (): 'quiet' => {
    happened.push(`${what} at ${events.nowMs}`)
    return 'quiet'
  }
  events.at(20, note('second'), sleeper)
  events.at(10, note('first'), sleeper)
  events.at(30, note('another machine'))
  events.at(40, note('never'), off)
  events.at(50, note('planned for then'), sleeper)
  off.alive = false
  await events.runTo(60)
  expect(happened).toEqual(['another machine at 30', 'planned for then at 50', 'first at 50', 'second at 50'])
})
