/** Whom the simulated DHT connects, where the nodes themselves call nobody. */

import { expect, it } from 'vitest'
import { dhtConnectionsMax as dhtConnectionsMaxOfReal } from '../../../../node/adapters/bounded-dht.ts'
import type { SwarmLink } from '../../../../node/ports.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { dhtConnectionsMax } from '../../../../sim/network/dht.ts'
import { Host } from '../../../../sim/network/host.ts'
import { SimNetwork } from '../../../../sim/network/network.ts'
import { seededRandom } from '../../../../sim/random.ts'
import { linkOptions } from '../../../contract/network.ts'

const soonMs = 60_000
const nextRoundMs = 6 * 60_000
const blockedScore = -100
const key = new Uint8Array(32)

function createNetwork() {
  const clock = new VirtualClock(1_700_000_000_000)
  const network = new SimNetwork({ events: clock.events })
  const open = async (number: number, bootstrap: readonly string[]) => {
    const host = new Host({ name: `h${number}`, random: seededRandom(`h${number}`) })
    const link = await network.opener(host)(
      linkOptions({ seed: new Uint8Array(32).fill(number + 1), bootstrap }),
    )
    return { host, link }
  }
  return { clock, network, open }
}

/** Each knows the one before it. */
async function chain(length: number) {
  const { clock, network, open } = createNetwork()
  const hosts: Host[] = []
  const links: SwarmLink[] = []
  for (let number = 0; number < length; number++) {
    const { host, link } = await open(number, links.at(-1)?.network.addresses() ?? [])
    hosts.push(host)
    links.push(link)
  }
  return { clock, network, hosts, links }
}

const degrees = (links: readonly SwarmLink[]) => links.map(({ network }) => network.peers().length)
const never = new AbortController().signal

it('lookups connect nodes of a small swarm that know each other only by way of others', async () => {
  const { clock, links } = await chain(6)
  await clock.advance(soonMs)
  expect(degrees(links)).toEqual([5, 5, 5, 5, 5, 5])
})

it('a node with neighbours enough calls nobody more, however many it is told of', async () => {
  const { clock, links } = await chain(40)
  for (let round = 0; round < 3; round++) {
    for (const { network } of links) void network.advertise(key, never)
    await clock.advance(nextRoundMs)
  }
  const calls = degrees(links).reduce((sum, count) => sum + count, 0) / 2
  expect(calls).toBeLessThanOrEqual(links.length * dhtConnectionsMax)
  expect(Math.min(...degrees(links))).toBeGreaterThanOrEqual(dhtConnectionsMax)
})

it('announcing oneself looks the key up: whoever is asked on the way is connected', async () => {
  const { clock, links } = await chain(3)
  const [, , last] = links
  // Less than the DHT waits before it looks around by itself.
  await clock.advance(500)
  expect(last?.network.peers()).toHaveLength(1)
  void last?.network.advertise(key, never)
  await clock.advance(400)
  expect(last?.network.peers()).toHaveLength(2)
})

it('whom the owner blocked, whom nothing reaches and who is closed is not connected by being named', async () => {
  const { clock, network, hosts, links } = await chain(6)
  const [first, second, , , , last] = links
  const [cutOff] = hosts
  if (first === undefined || second === undefined || last === undefined) throw new TypeError('six links')
  last.network.weigh(
    peer => (peer === second.network.self ? blockedScore : 0),
    () => true,
  )
  network.cut('apart', (from, to) => from === cutOff && to !== hosts[1])
  await clock.advance(soonMs)
  expect(last.network.peers()).not.toContain(second.network.self)
  expect(first.network.peers()).toEqual([second.network.self])
  expect(degrees(links)).toEqual([1, 4, 4, 4, 4, 3])
  await last.close()
  await clock.advance(nextRoundMs)
  expect(degrees(links)).toEqual([1, 4, 3, 3, 3, 0])
})

it('the simulated DHT stops calling where the real one does', () => {
  expect(dhtConnectionsMax).toBe(dhtConnectionsMaxOfReal)
})
