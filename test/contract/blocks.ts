/**
 * What every Blocks promises: bytes that match the CID from one of the named providers, whoever stalls, lies or
 * lacks them, and an end before the deadline in every other case.
 */

import { randomBytes } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { afterEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../crypto/hash.ts'
import type { BlockSource, FetchOptions, SwarmLink } from '../../node/ports.ts'
import type { EntryCid, PeerId } from '../../protocol/types.ts'
import { linkOptions, type NetworkUnderTest } from './network.ts'

/** A source that a test fills. */
export class TestBlocks implements BlockSource {
  readonly held = new Map<EntryCid, Uint8Array>()

  get(cid: EntryCid): Uint8Array | undefined {
    return this.held.get(cid)
  }

  has(cid: EntryCid): boolean {
    return this.held.has(cid)
  }

  hasSoon(cid: EntryCid): boolean | Promise<boolean> {
    return this.has(cid)
  }
}

/** Has the block from its second asking on. */
class LateBlocks implements BlockSource {
  asked = 0
  readonly #body: Uint8Array

  constructor(body: Uint8Array) {
    this.#body = body
  }

  get(): Uint8Array | undefined {
    return this.asked++ > 0 ? this.#body : undefined
  }

  has(): boolean {
    return this.get() !== undefined
  }

  hasSoon(): boolean {
    return this.has()
  }
}

/** Says of one block only later that it is here. */
class ArrivingBlocks extends TestBlocks {
  readonly arrived = Promise.withResolvers<void>()
  readonly #arriving: EntryCid

  constructor(arriving: EntryCid) {
    super()
    this.#arriving = arriving
  }

  override hasSoon(cid: EntryCid): boolean | Promise<boolean> {
    return cid === this.#arriving ? this.arrived.promise.then(() => this.has(cid)) : this.has(cid)
  }

  bring(body: Uint8Array): void {
    this.held.set(this.#arriving, body)
    this.arrived.resolve()
  }
}

/** Lacks all but what it holds; of that it says so at once, as long as nobody is to wait, and of one more; and then never. */
class ReluctantBlocks extends TestBlocks {
  makesWait = false
  readonly #waits: ((has: boolean) => void)[] = []

  override hasSoon(cid: EntryCid): boolean | Promise<boolean> {
    if (!this.makesWait || this.has(cid)) return this.has(cid)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    if (this.#waits.push(resolve) === 1) resolve(false)
    return promise
  }

  giveUp(): void {
    for (const resolve of this.#waits) resolve(false)
  }
}

export function cidOf(bytes: Uint8Array): EntryCid {
  return CID.createV1(rawCode, createDigest(0x12, sha256(bytes))).toString() as EntryCid
}

export function blocksContract({ name, open, until, within }: NetworkUnderTest): void {
  const links: SwarmLink[] = []
  const started = async (blocks: BlockSource) => {
    const link = await open(linkOptions({ blocks }))
    links.push(link)
    return link
  }
  /** One that fetches, and providers that it is connected to, each with a source. */
  const star = async (...sources: BlockSource[]) => {
    const own = new TestBlocks()
    const center = await started(own)
    const providers: SwarmLink[] = []
    for (const source of sources) {
      const provider = await started(source)
      await center.network.dial(provider.network.addresses(), within(5_000))
      providers.push(provider)
    }
    await until(() => center.network.peers().length === sources.length)
    const fetch = (cid: EntryCid, options: Partial<FetchOptions> = {}) =>
      center.blocks.fetch(cid, {
        providers: providers.map(({ network }) => ({ peer: network.self })),
        maxBytes: 4_096,
        signal: within(20_000),
        ...options,
      })
    return { center, providers, fetch, own }
  }
  const block = (bytes = 2_048) => {
    const body = new Uint8Array(randomBytes(bytes))
    return { body, cid: cidOf(body) }
  }
  const holding = (cid: EntryCid, body: Uint8Array) => {
    const source = new TestBlocks()
    source.held.set(cid, body)
    return source
  }

  afterEach(async () => {
    await Promise.all(links.splice(0).map(link => link.close()))
  })

  describe(`blocks: ${name}`, () => {
    test('a block comes from its provider, byte for byte, and is not stored', async () => {
      const { cid, body } = block()
      const { fetch, providers, own } = await star(holding(cid, body))
      const fetched = await fetch(cid)
      expect(Buffer.from(fetched.bytes).equals(Buffer.from(body))).toBe(true)
      expect(fetched.from).toBe(providers[0]?.network.self)
      expect(fetched.failed).toEqual([])
      expect(own.held.size).toBe(0)
    })

    test('the same block can be fetched again and again', async () => {
      const { cid, body } = block()
      const { fetch } = await star(holding(cid, body))
      for (let round = 0; round < 4; round++) expect((await fetch(cid)).bytes).toHaveLength(body.length)
    })

    test('a provider that lacks the block is named as failed, and the next one delivers', async () => {
      const { cid, body } = block()
      const { fetch, providers } = await star(new TestBlocks(), holding(cid, body))
      const fetched = await fetch(cid)
      expect(fetched.from).toBe(providers[1]?.network.self)
      expect(fetched.failed).toEqual([providers[0]?.network.self])
    })

    test('a provider that lacks the block is not asked once more, though it may have it by then', async () => {
      const { cid, body } = block()
      const late = new LateBlocks(body)
      const { fetch, providers } = await star(late, new TestBlocks(), holding(cid, body))
      const fetched = await fetch(cid)
      expect(fetched.from).toBe(providers[2]?.network.self)
      expect(fetched.failed).toEqual(providers.slice(0, 2).map(({ network }) => network.self))
      expect(late.asked).toBe(1)
    })

    test('a provider to which the block is on its way hands it on when it is there', async () => {
      const { cid, body } = block()
      const arriving = new ArrivingBlocks(cid)
      const { fetch, providers } = await star(arriving)
      const fetching = fetch(cid)
      const other = block()
      arriving.held.set(other.cid, other.body)
      // Nobody waits for that one meanwhile.
      expect((await fetch(other.cid)).bytes).toHaveLength(other.body.length)
      arriving.bring(body)
      const fetched = await fetching
      expect(Buffer.from(fetched.bytes).equals(Buffer.from(body))).toBe(true)
      expect(fetched.from).toBe(providers[0]?.network.self)
      expect(fetched.failed).toEqual([])
    })

    test('what a provider lacked before, and may be on its way to it now, does not hold up what it has', async () => {
      const { cid, body } = block()
      const reluctant = new ReluctantBlocks()
      reluctant.held.set(cid, body)
      const { fetch } = await star(reluctant)
      for (let lacked = 0; lacked < 3; lacked++) await expect(fetch(block().cid)).rejects.toThrow()
      reluctant.makesWait = true
      try {
        expect((await fetch(cid, { signal: within(5_000) })).bytes).toHaveLength(body.length)
      } finally {
        reluctant.giveUp()
      }
    })

    test('what is on its way here does not wait for itself', async () => {
      const { cid, body } = block()
      const center = await started(new ArrivingBlocks(cid))
      const provider = await started(holding(cid, body))
      await center.network.dial(provider.network.addresses(), within(5_000))
      const providers = [{ peer: provider.network.self }]
      const fetched = await center.blocks.fetch(cid, { providers, maxBytes: 4_096, signal: within(10_000) })
      expect(fetched.bytes).toHaveLength(body.length)
    })

    test('a provider to which the block does not come in the end is passed over', async () => {
      const { cid, body } = block()
      const arriving = new ArrivingBlocks(cid)
      const { fetch, providers } = await star(arriving, holding(cid, body))
      const fetching = fetch(cid)
      arriving.arrived.resolve()
      const fetched = await fetching
      expect(fetched.from).toBe(providers[1]?.network.self)
      expect(fetched.failed).toEqual([providers[0]?.network.self])
    })

    test('garbage under a CID is not taken, and the next provider delivers', async () => {
      const { cid, body } = block()
      const { fetch, providers } = await star(holding(cid, new Uint8Array(2_048)), holding(cid, body))
      const fetched = await fetch(cid)
      expect(cidOf(fetched.bytes)).toBe(cid)
      expect(fetched.from).toBe(providers[1]?.network.self)
      expect(fetched.failed).toEqual([providers[0]?.network.self])
    })

    test('a block over the announced size is refused', async () => {
      const { cid, body } = block(3_000)
      const { fetch } = await star(holding(cid, body))
      await expect(fetch(cid, { maxBytes: 2_999 })).rejects.toThrow()
      expect((await fetch(cid, { maxBytes: 3_000 })).bytes).toHaveLength(3_000)
    })

    test('a block that nobody has ends in a failure', async () => {
      const { fetch } = await star(new TestBlocks(), new TestBlocks())
      await expect(fetch(block().cid)).rejects.toThrow()
      await expect(fetch(block().cid, { providers: [] })).rejects.toThrow()
    })

    test('an unreachable provider does not keep the next one from delivering', async () => {
      const { cid, body } = block()
      const { fetch, center } = await star(new TestBlocks())
      const away = await started(new TestBlocks())
      const addresses = away.network.addresses()
      await away.close()
      links.splice(links.indexOf(away), 1)
      const far = await started(holding(cid, body))
      const fetched = await fetch(cid, {
        providers: [
          { peer: away.network.self, addresses },
          { peer: far.network.self, addresses: far.network.addresses() },
        ],
      })
      expect(fetched.from).toBe(far.network.self)
      expect(fetched.failed).toEqual([away.network.self])
      expect(center.network.peers()).toContain(far.network.self)
    })

    test('a provider that is named without an address is found by way of those who are connected', async () => {
      const { cid, body } = block()
      const { fetch, center, providers } = await star(new TestBlocks())
      const far = await started(holding(cid, body))
      await far.network.dial(providers[0]?.network.addresses() ?? [], within(5_000))
      expect(center.network.peers()).not.toContain(far.network.self)
      // The one between them learns a moment after the other has come that it answers such questions: until then it rejects.
      await until(async () => {
        const ended = await fetch(cid, {
          providers: [{ peer: far.network.self }],
          signal: within(2_000),
        }).catch(() => undefined)
        return ended?.from === far.network.self
      })
      expect(center.network.peers()).toContain(far.network.self)
    })

    test('nobody finds a provider without an address who is connected to no one, or that is not there', async () => {
      const { cid, body } = block()
      const far = await started(holding(cid, body))
      const lonely = await started(new TestBlocks())
      const { fetch, center } = await star(new TestBlocks())
      const away = await started(holding(cid, body))
      await away.close()
      links.splice(links.indexOf(away), 1)
      const options = () => ({ maxBytes: 4_096, signal: within(3_000) })
      const ask = (peer: PeerId) => ({ ...options(), providers: [{ peer }] })
      await expect(lonely.blocks.fetch(cid, ask(far.network.self))).rejects.toThrow()
      await expect(fetch(cid, ask(away.network.self))).rejects.toThrow()
      expect(center.network.peers()).toHaveLength(1)
    })

    test('many fetches at once all arrive', async () => {
      const source = new TestBlocks()
      const cids = Array.from({ length: 200 }, () => {
        const { cid, body } = block(1_000)
        source.held.set(cid, body)
        return cid
      })
      const { fetch } = await star(source)
      const fetched = await Promise.all(cids.map(cid => fetch(cid)))
      expect(fetched.map(({ bytes }) => cidOf(bytes))).toEqual(cids)
    })

    test('a fetch whose signal is aborted ends with its reason', async () => {
      const { fetch } = await star(new TestBlocks())
      const reason = new Error('no longer wanted')
      await expect(fetch(block().cid, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    })
  })
}
