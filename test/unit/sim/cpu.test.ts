/** What arrives at a busy processor waits its turn, on a machine of its own and on one that several nodes share. */

import { expect, it } from 'vitest'
import { unitMicros } from '../../../node/work-costs.ts'
import { Processor, VirtualCpu } from '../../../sim/cpu.ts'
import { EventQueue, type Life } from '../../../sim/events.ts'

const startMs = 1_000
/** So many units of it take a tenth of a second. */
const units = 100_000 / unitMicros.verify

function twoCpus({ shared }: { readonly shared: boolean }) {
  const events = new EventQueue(startMs)
  const processor = shared ? new Processor(events) : undefined
  const lives: readonly [Life, Life] = [{ alive: true }, { alive: true }]
  const [one, other] = [
    new VirtualCpu(events, lives[0], processor),
    new VirtualCpu(events, lives[1], processor),
  ]
  const happened: string[] = []
  const note = (what: string) => () => {
    happened.push(`${what} ${Math.round(events.nowMs - startMs)}`)
    return undefined
  }
  return { events, lives, one, other, happened, note }
}

it('what arrives while a node works is taken in after that, in order, each when the one before is done', async () => {
  const { events, one, other, happened, note } = twoCpus({ shared: false })
  void one.spend('verify', units)
  one.take(note('first'), 20_000)
  one.take(note('second'), 20_000)
  other.take(note('elsewhere'), 20_000)
  await events.runTo(startMs + 1_000)
  expect(happened).toEqual(['elsewhere 0', 'first 100', 'second 120'])
  expect(one.spentMs).toBeCloseTo(140)
})

it('nodes that share a processor wait for each other, and what one of them does while it has its turn is done first', async () => {
  const { events, one, other, happened, note } = twoCpus({ shared: true })
  one.take(() => {
    void one.spend('verify', units)
    return note('first')()
  }, 20_000)
  other.hold(30_000)
  other.take(note('second'), 20_000)
  await events.runTo(startMs + 1_000)
  expect(happened).toEqual(['first 0', 'second 150'])
})

it('a node that lost its power takes nothing in any more, and keeps nobody waiting', async () => {
  const { events, lives, one, other, happened, note } = twoCpus({ shared: true })
  one.hold(50_000)
  one.take(note('lost'), 500_000)
  other.take(note('second'), 20_000)
  lives[0].alive = false
  await events.runTo(startMs + 1_000)
  expect(happened).toEqual(['second 50'])
})
