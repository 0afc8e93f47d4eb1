import { describe, expect, test } from 'vitest'
import {
  releaseStartupMemory,
  systemClock,
  systemCpu,
  systemRandom,
} from '../../../../node/adapters/system.ts'

describe('the clock', () => {
  test('a sleep ends by itself, or with the reason of its signal', async () => {
    await systemClock.sleep(1)
    const reason = new Error('enough')
    await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason)
    const controller = new AbortController()
    const sleeping = systemClock.sleep(60_000, controller.signal)
    controller.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
  })

  test('a sleep of years does not end at once', async () => {
    const controller = new AbortController()
    let ended = false
    const sleeping = systemClock.sleep(1e12, controller.signal).finally(() => {
      ended = true
    })
    await systemClock.sleep(5)
    expect(ended).toBe(false)
    controller.abort(new Error('over'))
    await expect(sleeping).rejects.toThrow('over')
  })

  test('work within a time leaves no timer once it is done', async () => {
    const timers = () => process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length
    const before = timers()
    await systemClock.within(60_000, undefined, async () => expect(timers()).toBe(before + 1))
    expect(timers()).toBe(before)
  })
})

describe('the processor', () => {
  test('lets others run after a fixed amount of work, whatever time it took', async () => {
    const turns = () => {
      const cpu = systemCpu()
      return Array.from({ length: 200 }, () => cpu.spend('verify', 1) !== undefined)
    }
    const first = turns()
    expect(first.filter(Boolean).length).toBeGreaterThan(1)
    expect(first[0]).toBe(false)
    expect(turns()).toEqual(first)
  })

  test('however many work at once, others run in between', async () => {
    const cpu = systemCpu()
    let turns = 0
    let done = 0
    const worker = async () => {
      for (let unit = 0; unit < 20; unit++) await cpu.spend('verify', 1)
      done++
    }
    const workers = Array.from({ length: 100 }, worker)
    const most: number[] = []
    while (done < workers.length) {
      const before = done
      await new Promise(resolve => setImmediate(resolve))
      turns++
      most.push(done - before)
    }
    // 2,000 verifications are 230 ms of charged work, and a turn is 5 ms.
    expect(turns).toBeGreaterThan(30)
    expect(Math.max(...most)).toBeLessThan(100)
  })

  test('a big piece of work yields by itself', async () => {
    const cpu = systemCpu()
    let others = false
    setImmediate(() => {
      others = true
    })
    await cpu.spend('scan', 1_000_000)
    expect(others).toBe(true)
  })
})

test('chance gives the bytes asked for, numbers below the bound, and forks that differ', () => {
  expect(systemRandom.bytes(16)).toHaveLength(16)
  expect(systemRandom.bytes(0)).toHaveLength(0)
  const numbers = Array.from({ length: 200 }, () => systemRandom.below(3))
  expect(new Set(numbers)).toEqual(new Set([0, 1, 2]))
  expect(systemRandom.fork('a').bytes(16)).not.toEqual(systemRandom.fork('a').bytes(16))
})

test('what the start left behind is given back', () => {
  const used = () => process.memoryUsage().heapUsed
  let garbage: number[][] | undefined = Array.from({ length: 200 }, () => new Array<number>(20_000).fill(1))
  const before = used()
  expect(garbage).toHaveLength(200)
  garbage = undefined
  releaseStartupMemory()
  expect(used()).toBeLessThan(before - 20_000_000)
})
