import { describe, expect, it } from 'vitest'
import { toHex } from '../../../../crypto/bytes.ts'
import { keepRendezvous } from '../../../../node/pipeline/rendezvous.ts'
import type { Network } from '../../../../node/ports.ts'
import { rendezvousKey } from '../../../../protocol/swarm.ts'
import type { SwarmId } from '../../../../protocol/types.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { seededRandom } from '../../../../sim/random.ts'
import { peer } from '../entry-samples.ts'

function setUp(
  neighbours: number,
  found: readonly (readonly string[])[],
  advertise = async (): Promise<void> => undefined,
  shards = 1,
  isMember = true,
) {
  const clock = new VirtualClock(0)
  const stop = new AbortController()
  const dialled: string[] = []
  const keys: string[] = []
  const network = {
    peers: () => Array.from({ length: neighbours }, (_, i) => peer(String(i))),
    advertise: async (key: Uint8Array) => {
      keys.push(toHex(key))
      await advertise()
    },
    discover: async function* () {
      yield* found
    },
    dial: async (addresses: readonly string[], signal?: AbortSignal) => {
      dialled.push(...addresses)
      if (addresses.includes('silent'))
        await new Promise((_, fail) => signal?.addEventListener('abort', () => fail(signal.reason)))
      if (addresses.includes('dead')) throw new RangeError('no answer')
      return peer('x')
    },
  } satisfies Partial<Network>
  const swarm = 'a'.repeat(64) as SwarmId
  const deps = {
    swarm,
    shards,
    enoughPeers: 8,
    isMember: () => isMember,
    network: network as Partial<Network> as Network,
    clock,
    random: seededRandom('r'),
    log: () => undefined,
  }
  const running = keepRendezvous(deps, stop.signal).catch((cause: unknown) => cause)
  return { clock, stop, dialled, running, keys, advertised: () => keys.length }
}

describe('rendezvous', () => {
  it('advertises the swarm, and dials whom it finds, past one that does not answer', async () => {
    const { clock, dialled, advertised } = setUp(1, [['dead'], ['alive']])
    await clock.advance(10_000)
    expect(advertised()).toBe(1)
    expect(dialled).toEqual(['dead', 'alive'])
  })

  it('asks nobody when there is nobody to ask, and dials nobody when there are enough', async () => {
    const lonely = setUp(0, [['alive']])
    await lonely.clock.advance(3_600_000)
    expect(lonely.advertised()).toBe(0)
    const crowded = setUp(8, [['alive']])
    await crowded.clock.advance(60_000)
    expect(crowded.advertised()).toBeGreaterThan(0)
    expect(crowded.dialled).toEqual([])
  })

  it('dials whom it finds though strangers take all the places', async () => {
    const { clock, dialled } = setUp(8, [['alive']], undefined, 1, false)
    await clock.advance(10_000)
    expect(dialled).toEqual(['alive'])
  })

  it('is not used up by a few who never answer', async () => {
    const { clock, dialled } = setUp(1, [['silent'], ['silent'], ['silent'], ['alive']])
    await clock.advance(10_000)
    expect(dialled).toContain('alive')
  })

  it('dials a bounded number of those whom it finds in one round, however many they are', async () => {
    const found = Array.from({ length: 5_000 }, (_, at) => [at % 2 ? 'dead' : `junk ${at}`])
    const { clock, dialled, advertised } = setUp(1, found)
    await clock.advance(10_000)
    expect(advertised()).toBe(1)
    expect(dialled).toHaveLength(16)
  })

  it('advertises every shard in turn, and never more than the shards', async () => {
    const { clock, keys } = setUp(8, [], async () => undefined, 10)
    await clock.advance(3_600_000)
    const all = Array.from({ length: 10 }, (_, shard) =>
      toHex(rendezvousKey('a'.repeat(64) as SwarmId, shard)),
    )
    expect(keys.slice(0, 10)).toEqual(all)
    expect(new Set(keys).size).toBe(10)
  })

  it('goes on after a round that failed, ever more rarely, and ends with the node', async () => {
    const { clock, stop, running, advertised } = setUp(1, [], async () => {
      throw new RangeError('no DHT')
    })
    await clock.advance(3_600_000)
    expect(advertised()).toBeGreaterThan(5)
    expect(advertised()).toBeLessThan(20)
    const before = advertised()
    stop.abort()
    await running
    await clock.advance(3_600_000)
    expect(advertised()).toBe(before)
  })
})
