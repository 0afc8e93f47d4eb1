/**
 * What every Network promises, whatever is behind it. The suite is given a way to make swarm links and runs the same
 * against libp2p over real sockets and against the simulator.
 */

import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../crypto/hash.ts'
import { keyPairFromSeed } from '../../crypto/keys.ts'
import type { SwarmLink, SwarmOptions, Verdict } from '../../node/ports.ts'
import type { PeerId } from '../../protocol/types.ts'

export const topic = '/swarmlore/test/1'
const protocol = '/swarmlore/test/request/1'

/** Opens a link with these options on top of the suite's own. */
export type OpenLink = (options: SwarmOptions) => Promise<SwarmLink>

export interface NetworkUnderTest {
  readonly name: string
  readonly open: OpenLink
  /** Waits until the condition holds: by real time, or by moving the virtual clock. */
  readonly until: (condition: () => boolean | Promise<boolean>) => Promise<void>
  /** A signal that aborts after so many milliseconds of the network's time. */
  readonly within: (ms: number) => AbortSignal
}

export function linkOptions(changes: Partial<SwarmOptions> = {}): SwarmOptions {
  const seed = new Uint8Array(randomBytes(32))
  const founder = keyPairFromSeed(seed).did as PeerId
  return {
    id: 'ab'.repeat(32) as SwarmOptions['id'],
    descriptor: {
      v: 1,
      name: 'test',
      founder,
      visibility: 'open',
      invite: { by: 'founder' },
      shards: 1,
      nonce: new Uint8Array(16),
      addresses: [],
      sig: new Uint8Array(64),
    },
    seed,
    topics: [topic],
    blocks: { get: () => undefined, has: () => false, hasSoon: () => false },
    bootstrap: [],
    messageId: bytes => sha256(bytes).slice(0, 20),
    listen: [],
    ...changes,
  }
}

export const accept: Verdict = { verdict: 'accept' }

export function networkContract({ name, open, until, within }: NetworkUnderTest): void {
  const links: SwarmLink[] = []
  const started = async (changes: Partial<SwarmOptions> = {}) => {
    const link = await open(linkOptions(changes))
    links.push(link)
    return link
  }
  const pair = async () => {
    const a = await started()
    const b = await started()
    await b.network.dial(a.network.addresses(), within(5_000))
    await until(() => a.network.peers().length === 1 && b.network.peers().length === 1)
    return { a, b }
  }
  /** Publishes until it arrives: a subscription takes a moment to be known to the neighbour. */
  const publishUntil = async (from: SwarmLink, received: () => boolean) => {
    await until(async () => {
      await from.network.publish(topic, new Uint8Array(randomBytes(64)))
      return received()
    })
  }

  afterEach(async () => {
    await Promise.all(links.splice(0).map(link => link.close()))
  })

  describe(`network: ${name}`, () => {
    test('names itself by the key of its seed and lists its neighbours', async () => {
      const seed = new Uint8Array(32).fill(7)
      const a = await started({ seed })
      expect(a.network.self).toBe(keyPairFromSeed(seed).did)
      const b = await started()
      expect(await b.network.dial(a.network.addresses(), within(5_000))).toBe(a.network.self)
      await until(() => a.network.peers().includes(b.network.self))
      expect(b.network.peers()).toEqual([a.network.self])
    })

    test('tells where a connected peer listens, whoever dialled, and nothing of others', async () => {
      const { a, b } = await pair()
      expect(await a.network.addressesOf(b.network.self)).toEqual(b.network.addresses())
      expect(await b.network.addressesOf(a.network.self)).toEqual(a.network.addresses())
      const stranger = keyPairFromSeed(new Uint8Array(32).fill(9)).did as PeerId
      expect(await a.network.addressesOf(stranger)).toEqual([])
    })

    test('tells when a peer comes and goes', async () => {
      const { a, b } = await pair()
      const seen: string[] = []
      const stop = a.network.onPeer((peer, state) => seen.push(`${peer} ${state}`))
      const c = await started()
      await c.network.dial(a.network.addresses(), within(5_000))
      await until(() => seen.includes(`${c.network.self} up`))
      await c.close()
      links.splice(links.indexOf(c), 1)
      await until(() => seen.includes(`${c.network.self} down`))
      stop()
      await b.close()
      links.splice(links.indexOf(b), 1)
      await until(() => a.network.peers().length === 0)
      expect(seen).not.toContain(`${b.network.self} down`)
    })

    test('a throwing peer listener and a throwing handler bring nothing down', async () => {
      const { a, b } = await pair()
      a.network.onPeer(() => {
        throw new TypeError('a bug in a listener')
      })
      let calls = 0
      a.network.subscribe(topic, async () => {
        calls++
        throw new TypeError('a bug in a handler')
      })
      await publishUntil(b, () => calls > 0)
      const c = await started()
      await c.network.dial(a.network.addresses(), within(5_000))
      await until(() => a.network.peers().includes(c.network.self))
      expect(a.network.peers()).toContain(b.network.self)
    })

    test('publishing to nobody resolves with 0', async () => {
      const a = await started()
      expect(await a.network.publish(topic, new Uint8Array([1]))).toBe(0)
    })

    test('a published message arrives with the neighbour that sent it', async () => {
      const { a, b } = await pair()
      const received: { text: string; from: PeerId }[] = []
      b.network.subscribe(topic, async (bytes, from) => {
        received.push({ text: new TextDecoder().decode(bytes), from })
        return accept
      })
      const message = () => received.find(({ text }) => text === 'a digest')
      await until(async () => {
        await a.network.publish(topic, new Uint8Array(randomBytes(8)))
        return received.length > 0
      })
      await a.network.publish(topic, new TextEncoder().encode('a digest'))
      await until(() => message() !== undefined)
      expect(message()?.from).toBe(a.network.self)
    })

    test('an accepted message is passed on, an ignored and a rejected one are not', async () => {
      const a = await started()
      const b = await started()
      const c = await started()
      await b.network.dial(a.network.addresses(), within(5_000))
      await c.network.dial(b.network.addresses(), within(5_000))
      const verdicts: Record<string, Verdict> = {
        good: accept,
        busy: { verdict: 'ignore', reason: 'busy' },
        junk: { verdict: 'reject', reason: 'bad signature' },
      }
      const atB: string[] = []
      b.network.subscribe(topic, async bytes => {
        const text = new TextDecoder().decode(bytes)
        atB.push(text)
        return verdicts[text.slice(0, 4)] ?? accept
      })
      const atC: string[] = []
      c.network.subscribe(topic, async bytes => {
        atC.push(new TextDecoder().decode(bytes))
        return accept
      })
      a.network.subscribe(topic, async () => accept)
      const say = (text: string) => a.network.publish(topic, new TextEncoder().encode(text))
      let n = 0
      await until(async () => {
        await say(`good warm-up ${n++}`)
        return atC.length > 0
      })
      await say('busy 1')
      await say('junk 1')
      await until(() => atB.includes('busy 1') && atB.includes('junk 1'))
      await until(async () => {
        await say(`good end ${n++}`)
        return atC.some(text => text.startsWith('good end'))
      })
      expect(atC.filter(text => !text.startsWith('good'))).toEqual([])
    })

    test('a neighbour that keeps sending rejected messages is disconnected', async () => {
      const { a, b } = await pair()
      a.network.subscribe(topic, async () => ({ verdict: 'reject', reason: 'junk' }))
      b.network.subscribe(topic, async () => accept)
      await publishUntil(b, () => !a.network.peers().includes(b.network.self))
      expect(a.network.peers()).not.toContain(b.network.self)
    })

    test('a peer that the owner blocked is sent away and kept out, until the owner takes it back', async () => {
      const { a, b } = await pair()
      let weight = -100
      a.network.weigh(
        peer => (peer === b.network.self ? weight : 0),
        () => true,
      )
      await until(() => !a.network.peers().includes(b.network.self))
      const back: PeerId[] = []
      a.network.onPeer((peer, state) => state === 'up' && back.push(peer))
      // The caller may see an open line for a moment; the other side has not picked up.
      await b.network.dial(a.network.addresses(), within(3_000)).catch(() => undefined)
      await until(() => b.network.peers().length === 0)
      expect(back).toEqual([])
      weight = 0
      await until(async () => {
        await b.network.dial(a.network.addresses(), within(3_000)).catch(() => undefined)
        return back.includes(b.network.self)
      })
    })

    test('a disconnected peer is gone on both sides', async () => {
      const { a, b } = await pair()
      a.network.weigh(
        peer => (peer === b.network.self ? -100 : 0),
        () => true,
      )
      await a.network.disconnect(b.network.self, 'test')
      await until(() => a.network.peers().length === 0 && b.network.peers().length === 0)
    })

    test('a request is answered with what the handler gave', async () => {
      const { a, b } = await pair()
      const asked: PeerId[] = []
      a.network.serve(protocol, { maxBytes: 70_000, perPeer: 2 }, async (bytes, from) => {
        asked.push(from)
        return bytes.toReversed()
      })
      const body = new Uint8Array(randomBytes(65_000))
      const reply = await b.network.request(a.network.self, protocol, body, {
        maxBytes: 70_000,
        signal: within(5_000),
      })
      expect(Buffer.from(reply).equals(Buffer.from(body.toReversed()))).toBe(true)
      expect(asked).toEqual([b.network.self])
      const empty = await b.network.request(a.network.self, protocol, new Uint8Array(), {
        maxBytes: 0,
        signal: within(5_000),
      })
      expect(empty).toHaveLength(0)
    })

    test('a request or an answer over its limit is refused, and the next one works', async () => {
      const { a, b } = await pair()
      let handled = 0
      a.network.serve(protocol, { maxBytes: 100, perPeer: 2 }, async bytes => {
        handled++
        return new Uint8Array(bytes.length * 10)
      })
      const ask = (bytes: number, maxBytes: number) =>
        b.network.request(a.network.self, protocol, new Uint8Array(bytes), {
          maxBytes,
          signal: within(5_000),
        })
      await expect(ask(101, 10_000)).rejects.toThrow()
      expect(handled).toBe(0)
      await expect(ask(100, 999)).rejects.toThrow()
      expect(await ask(100, 1_000)).toHaveLength(1_000)
    })

    test('a request to a peer that stalls ends with its signal, and the handler is told', async () => {
      const { a, b } = await pair()
      let told = false
      a.network.serve(protocol, { maxBytes: 100, perPeer: 2 }, (_bytes, _from, signal) => {
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            told = true
            reject(signal.reason)
          })
        })
      })
      const request = b.network.request(a.network.self, protocol, new Uint8Array(1), {
        maxBytes: 100,
        signal: within(300),
      })
      await expect(request).rejects.toThrow()
      await until(() => told)
    })

    test('a handler that throws fails its request and no other', async () => {
      const { a, b } = await pair()
      a.network.serve(protocol, { maxBytes: 100, perPeer: 2 }, async bytes => {
        if (bytes[0] === 1) throw new TypeError('a bug in a handler')
        return bytes
      })
      const ask = (byte: number) =>
        b.network.request(a.network.self, protocol, new Uint8Array([byte]), {
          maxBytes: 100,
          signal: within(5_000),
        })
      await expect(ask(1)).rejects.toThrow()
      expect(await ask(2)).toEqual(new Uint8Array([2]))
    })

    test('more requests of one peer at once than allowed are refused, others are served', async () => {
      const { a, b } = await pair()
      const release: (() => void)[] = []
      a.network.serve(protocol, { maxBytes: 100, perPeer: 2 }, async bytes => {
        if (bytes[0] === 1) await new Promise<void>(resolve => release.push(resolve))
        return bytes
      })
      const ask = (byte: number) =>
        b.network.request(a.network.self, protocol, new Uint8Array([byte]), {
          maxBytes: 100,
          signal: within(10_000),
        })
      const held = [ask(1), ask(1)]
      await until(() => release.length === 2)
      await expect(ask(2)).rejects.toThrow()
      for (const go of release) go()
      await Promise.all(held)
      await until(async () => (await ask(3).catch(() => undefined)) !== undefined)
    })

    test('a protocol that is not served, and one given up, are refused', async () => {
      const { a, b } = await pair()
      const ask = () =>
        b.network.request(a.network.self, protocol, new Uint8Array([1]), {
          maxBytes: 100,
          signal: within(5_000),
        })
      await expect(ask()).rejects.toThrow()
      const stop = a.network.serve(protocol, { maxBytes: 100, perPeer: 2 }, async bytes => bytes)
      await until(async () => (await ask().catch(() => undefined)) !== undefined)
      stop()
      await until(async () => (await ask().catch(() => 'refused')) === 'refused')
    })

    test('nodes of one private swarm meet, others do not', async () => {
      const psk = new Uint8Array(32).fill(1)
      const a = await started({ psk })
      const b = await started({ psk })
      expect(await b.network.dial(a.network.addresses(), within(5_000))).toBe(a.network.self)
      const stranger = await started({ psk: new Uint8Array(32).fill(2) })
      await expect(stranger.network.dial(a.network.addresses(), within(2_000))).rejects.toThrow()
      const open = await started()
      await expect(open.network.dial(a.network.addresses(), within(2_000))).rejects.toThrow()
      expect(a.network.peers()).toEqual([b.network.self])
    })

    test('bootstrap addresses are dialled, again after the other came back', async () => {
      const seed = new Uint8Array(randomBytes(32))
      const a = await started({ seed })
      const listen = a.network.addresses()
      const b = await started({ bootstrap: listen })
      await until(() => b.network.peers().includes(a.network.self))
      await a.close()
      links.splice(links.indexOf(a), 1)
      await until(() => b.network.peers().length === 0)
      const again = await started({ seed, listen })
      expect(again.network.addresses()).toEqual(listen)
      await until(() => b.network.peers().includes(again.network.self))
    })

    test('nodes that do not know each other meet under a rendezvous key', async () => {
      const a = await started()
      const b = await started({ bootstrap: a.network.addresses() })
      const c = await started({ bootstrap: a.network.addresses() })
      await until(() => a.network.peers().length === 2)
      const key = new TextEncoder().encode('a swarm')
      const found: string[] = []
      await until(async () => {
        await b.network.advertise(key, within(5_000)).catch(() => undefined)
        try {
          for await (const addresses of c.network.discover(key, within(5_000))) found.push(...addresses)
        } catch {
          // The routing tables may not be filled yet; the next round asks again.
        }
        return found.length > 0
      })
      expect(b.network.addresses()).toEqual(expect.arrayContaining([found[0]]))
    })
  })
}
