/**
 * Nodes of one swarm on one local network find each other by multicast DNS. Multicast cannot be kept to the loopback by
 * a setting of the library, so the whole of it runs in a network namespace of its own that has nothing else.
 */

import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { afterEach, expect, test } from 'vitest'
import { libp2pOptions } from '../../../node/adapters/libp2p-options.ts'
import { createGate, createPeers } from '../../../node/adapters/peers.ts'
import { systemClock, systemRandom } from '../../../node/adapters/system.ts'
import { linkOptions } from '../../contract/network.ts'
import { realTime } from '../../contract/real-time.ts'

const listen = ['/ip4/127.0.0.1/tcp/0']
const inOwnNetwork = ['-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
const hasOwnNetwork = spawnSync('unshare', [...inOwnNetwork, 'true']).status === 0
const needs = hasOwnNetwork
  ? ''
  : ' (skipped: needs `unshare -rn` and `ip`, to keep multicast on this machine)'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

test.skipIf(!hasOwnNetwork)(`two nodes of a swarm that know no address find each other${needs}`, async () => {
  const script = fileURLToPath(new URL('./mdns-swarms.ts', import.meta.url))
  const { stdout } = await promisify(execFile)('unshare', [...inOwnNetwork, process.execPath, script])
  // The first and the third; the second is of another swarm.
  expect(JSON.parse(stdout)).toEqual([[2], [], [0]])
})

test('the swarm’s id is the name under which it is sought; without the setting nothing is', async () => {
  const hooks = {
    gate: openGate(),
    applicationScore: () => 0,
    isConnected: () => false,
    isMember: () => false,
    now: () => 0,
    onFound: () => undefined,
  }
  const swarm = linkOptions({ id: '12'.repeat(32) as ReturnType<typeof linkOptions>['id'] })
  const discovery = async (mdns: boolean) =>
    (await libp2pOptions({ listen, mdns, dht: false }, swarm, listen, hooks)).peerDiscovery
  const [make, ...others] = await discovery(true)
  expect(others).toEqual([])
  const silent = Object.assign(() => undefined, { error: () => undefined, trace: () => undefined })
  const made: unknown =
    make === undefined
      ? undefined
      : Reflect.apply(make, undefined, [
          { logger: { forComponent: () => silent }, addressManager: { getAddresses: () => [] } },
        ])
  expect(made).toMatchObject({
    [Symbol.toStringTag]: '@libp2p/mdns',
    serviceTag: `_${'12'.repeat(12)}._udp.local`,
  })
  expect(await discovery(false)).toEqual([])
})

test('a peer that was found on the local network is dialled, and again when it is lost', async () => {
  const [a, b] = await Promise.all([libp2p(), libp2p()])
  const peers = createPeers({
    libp2p: a,
    clock: systemClock,
    random: systemRandom,
    log: () => undefined,
    connectionsMax: 10,
    gate: openGate(),
    bootstrap: [],
    standing: () => 'member',
  })
  closing.push(() => peers.close())
  peers.found({ id: b.peerId, multiaddrs: b.getMultiaddrs() })
  await realTime.until(() => peers.peers().length === 1)
  await b.hangUp(a.peerId)
  await realTime.until(() => peers.peers().length === 0)
  await realTime.until(() => peers.peers().length === 1)
})

function openGate() {
  return createGate({ clock: systemClock, isBlocked: () => false, self: '', reach: () => 'machine' })
}

async function libp2p() {
  const made = await createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // They leave dialling to the adapter.
    connectionManager: { reconnectRetries: 0 },
    services: { identify: identify() },
  })
  closing.push(() => made.stop())
  return made
}
