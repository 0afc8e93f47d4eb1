/** Who asks for what is on its way here gets it when it is here, and waits no longer than is good for it. */

import { describe, expect, it } from 'vitest'
import { ServedBlocks } from '../../../../../node/pipeline/fetch/served-blocks.ts'
import { cidOf } from '../../../../../protocol/identity.ts'
import { VirtualClock } from '../../../../../sim/clock.ts'
import { filled } from '../../../protocol/fixtures.ts'

const body = filled(100, 1)
const cid = cidOf(body)

function setUp({ isArriving = true } = {}) {
  const clock = new VirtualClock(0)
  const stop = new AbortController()
  const held = new Map<string, Uint8Array>()
  const arrival = Promise.withResolvers<boolean>()
  const served = new ServedBlocks({
    own: { get: one => held.get(one), has: one => held.has(one) },
    clock,
    arriving: () => (isArriving ? { fetching: arrival.promise, sinceMs: 0 } : undefined),
    signal: stop.signal,
  })
  return { arrival, clock, held, served, stop }
}

describe('what a node serves', () => {
  it('is what it has, and nothing else while nothing is on its way', () => {
    const { held, served } = setUp({ isArriving: false })
    expect(served.hasSoon(cid)).toBe(false)
    expect(served.get(cid)).toBeUndefined()
    held.set(cid, body)
    expect(served.hasSoon(cid)).toBe(true)
    expect(served.get(cid)).toBe(body)
  })

  it('is what is on its way, once it is here', async () => {
    const { arrival, held, served } = setUp()
    const has = served.hasSoon(cid)
    held.set(cid, body)
    arrival.resolve(true)
    expect(has).toBeInstanceOf(Promise)
    expect(await has).toBe(true)
  })

  it.each(['did not come', 'could not be kept'])('is not what %s', async how => {
    const { arrival, served } = setUp()
    const has = served.hasSoon(cid)
    if (how === 'did not come') arrival.resolve(false)
    else arrival.reject(new Error('The disk is full.'))
    expect(await has).toBe(false)
  })

  it('is not what takes its time: whoever asks is told soon enough to ask somebody else', async () => {
    const { clock, served } = setUp()
    const has = served.hasSoon(cid)
    await clock.advance(999)
    expect(await Promise.race([has, 'still waiting'])).toBe('still waiting')
    await clock.advance(1)
    expect(await Promise.race([has, 'still waiting'])).toBe(false)
  })

  it('is waited for from when it was asked for first, however late somebody asks', async () => {
    const { clock, served } = setUp()
    await clock.advance(600)
    const has = served.hasSoon(cid)
    await clock.advance(399)
    expect(await Promise.race([has, 'still waiting'])).toBe('still waiting')
    await clock.advance(1)
    expect(await Promise.race([has, 'still waiting'])).toBe(false)
    expect(served.hasSoon(cid)).toBe(false)
    clock.skewMs = -3_600_000
    expect(served.hasSoon(cid)).toBe(false)
  })

  it('makes no more than 256 wait, and these no longer than the node runs', async () => {
    const { held, served, stop } = setUp()
    const waiting = Array.from({ length: 256 }, () => served.hasSoon(cid))
    expect(waiting.every(one => one instanceof Promise)).toBe(true)
    expect(served.hasSoon(cid)).toBe(false)
    held.set(cid, body)
    stop.abort()
    // The store is closed by then: it is not looked into.
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([false]))
    expect(served.hasSoon('another' as typeof cid)).toBe(false)
  })
})
