/** Entries in batches: between two that keep to the rules, and with a peer that does not. */

import { describe, expect, it } from 'vitest'
import { createEntryBatches, serveEntryBatches } from '../../../../node/pipeline/entry-batches.ts'
import type { Network } from '../../../../node/ports.ts'
import { encodeCanonical } from '../../../../protocol/cbor.ts'
import { decodeEntryPage, encodeEntryPage, encodeEntryWant } from '../../../../protocol/entry-page.ts'
import { cidOf } from '../../../../protocol/identity.ts'
import { entryBytesMax, entryPageMax, pageBytesMax } from '../../../../protocol/limits.ts'
import type { EntryCid } from '../../../../protocol/types.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { ben, filled, peer, swarm } from '../../protocol/fixtures.ts'

type Handler = Parameters<Network['serve']>[2]

const block = (n: number, size = 100) => filled(size, n)

function setUp(stored: readonly Uint8Array[], answer?: () => Promise<Uint8Array>) {
  const clock = new VirtualClock(0)
  const stop = new AbortController()
  const blocks = new Map(stored.map(bytes => [cidOf(bytes), bytes]))
  let served: Handler | undefined
  let asked = 0
  const network: Partial<Network> = {
    serve: (_protocol, _options, handler) => {
      served = handler
      return () => undefined
    },
    request: async (_peer, _protocol, bytes, { signal }) => {
      asked++
      if (answer !== undefined) return answer()
      if (served === undefined) throw new TypeError('nobody serves it')
      return served(bytes, peer(ben), signal)
    },
  }
  const deps = {
    swarm,
    network: network as Network,
    clock,
    cpu: { spend: () => undefined },
    log: () => undefined,
    blocks: { get: (cid: EntryCid) => blocks.get(cid) },
    signal: stop.signal,
  }
  serveEntryBatches(deps)
  return { clock, stop, fetchBatch: createEntryBatches(deps), asked: () => asked, serve: () => served }
}

describe('a batch of entries', () => {
  it('brings what the peer has of what is wanted, under its CID', async () => {
    const { fetchBatch } = setUp([block(1), block(2)])
    const wanted = [1, 2, 3].map(n => cidOf(block(n)))
    const came = await fetchBatch(peer(ben), wanted)
    expect([...came]).toEqual([1, 2].map(n => [cidOf(block(n)), block(n)]))
  })

  it('keeps to the bytes of one answer, whatever is wanted', () => {
    const all = Array.from({ length: entryPageMax }, (_, n) => block(n, entryBytesMax))
    const byCid = new Map(all.map(bytes => [cidOf(bytes), bytes]))
    const page = encodeEntryPage([...byCid.keys()], cid => byCid.get(cid))
    expect(page.length).toBeLessThanOrEqual(pageBytesMax)
    const read = decodeEntryPage(page)
    expect(read.ok && read.value.length).toBe(15)
  })

  it('has nothing larger than an entry in it', () => {
    const large = block(1, entryBytesMax + 1)
    const read = decodeEntryPage(encodeEntryPage([cidOf(large)], () => large))
    expect(read).toEqual({ ok: true, value: [] })
    expect(decodeEntryPage(encodeCanonical({ v: 1, blocks: [large] })).ok).toBe(false)
  })

  it('is refused to who asks for too much, or in no form at all', async () => {
    const handler = setUp([block(1)]).serve()
    if (handler === undefined) throw new TypeError('it is served')
    const { signal } = new AbortController()
    const tooMany = Array.from({ length: entryPageMax + 1 }, (_, n) => cidOf(block(n)))
    for (const bytes of [encodeEntryWant(tooMany), encodeEntryWant([]), filled(40, 3)])
      await expect(handler(bytes, peer(ben), signal)).rejects.toThrow('cannot be read')
  })
})

describe('a peer that', () => {
  it.each([
    ['sends garbage', async () => filled(30, 1)],
    ['sends what it was not asked for', async () => encodeEntryPage([cidOf(block(9))], () => block(9))],
    ['does not know of batches', () => Promise.reject(new TypeError('the protocol is not spoken there'))],
  ])('%s is asked for none for a minute', async (_name, answer) => {
    const { clock, fetchBatch, asked } = setUp([], answer)
    expect((await fetchBatch(peer(ben), [cidOf(block(1))])).size).toBe(0)
    expect((await fetchBatch(peer(ben), [cidOf(block(1))])).size).toBe(0)
    expect(asked()).toBe(1)
    await clock.advance(60_000)
    await fetchBatch(peer(ben), [cidOf(block(1))])
    expect(asked()).toBe(2)
  })
})
