/**
 * Two nodes of one swarm and one of another, none of them told an address: runs until the two have found each other,
 * and prints whom each is connected to. For a network of its own in which multicast leaves nothing but the loopback.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { swarmOpener } from '../../../node/adapters/libp2p.ts'
import type { SwarmLink } from '../../../node/ports.ts'
import { messageId } from '../../../protocol/envelope.ts'
import { swarmIdOf, topicsOf } from '../../../protocol/swarm.ts'
import { descriptor, descriptorWith, filled } from '../../unit/protocol/fixtures.ts'

const open = swarmOpener({ listen: ['/ip4/127.0.0.1/tcp/0'], mdns: true, dht: false }, () => undefined)

function node(swarm: typeof descriptor, seed: number): Promise<SwarmLink> {
  const id = swarmIdOf(swarm)
  return open({
    id,
    descriptor: swarm,
    seed: filled(32, seed),
    topics: topicsOf(id, 1),
    blocks: { get: () => undefined, has: () => false, hasSoon: () => false },
    bootstrap: [],
    messageId,
    listen: [],
  })
}

const links = [
  await node(descriptor, 1),
  await node(descriptorWith({ by: 'members', depth: 1 }), 2),
  await node(descriptor, 3),
]
const boundMs = 25_000
const met = (): number[] => links.map(link => link.network.peers().length)
for (const end = Date.now() + boundMs; Date.now() < end && (met()[0] === 0 || met()[2] === 0); )
  await sleep(50)
const names = links.map(link => link.network.self)
const connected = links.map(link => link.network.peers().map(peer => names.indexOf(peer)))
process.stdout.write(`${JSON.stringify(connected)}\n`)
for (const link of links) await link.close()
