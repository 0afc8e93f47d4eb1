/** Real nodes on loopback in one process, each behind a relay that makes the others as far away as they are in the simulation. */

import { addedMs, type WatchedSwarm } from '../../sim/calibration.ts'
import { syntheticEmbedder } from '../../sim/embedder.ts'
import { found, joiningWaves } from '../../sim/founding.ts'
import { must } from '../../sim/must.ts'
import { between, seededRandom } from '../../sim/random.ts'
import { openMemoryStore } from '../../store/memory.ts'
import type { StoreOp } from '../../store/ports.ts'
import { swarmOpener } from '../adapters/libp2p.ts'
import { systemClock, systemCpu, systemRandom } from '../adapters/system.ts'
import type { SwarmloreNode } from '../api.ts'
import { nodeConfigSchema } from '../config.ts'
import { createNode } from '../node.ts'
import { freePort, openRelay, type Relay } from './delaying-relay.ts'

export interface RealSwarm extends WatchedSwarm {
  close(): Promise<void>
}

/** Who lets whom in is drawn as in a simulated swarm: were it always the first, all would be its neighbours. */
export async function openRealSwarm(count: number, onJoined: (joined: number) => void): Promise<RealSwarm> {
  const seeds = Array.from({ length: count }, () => systemRandom.bytes(32))
  const [founderSeed] = seeds
  if (founderSeed === undefined) throw new RangeError('a swarm needs a node')
  const founding = found(founderSeed, systemRandom)
  const nodes: SwarmloreNode[] = []
  const relays: Relay[] = []
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map(node => node.stop()))
    await Promise.all(relays.map(relay => relay.close()))
  }
  try {
    const bySeed = new Map<Uint8Array, SwarmloreNode>()
    for (const { host: hostSeed, newcomer } of joiningWaves(seeds, seededRandom('joining')).flat()) {
      const host = hostSeed && bySeed.get(hostSeed)
      const bootstrap = host?.swarms()[0]?.addresses ?? []
      const { node, relay } = await startNode(newcomer, founding.rows(bootstrap, systemClock.now()))
      bySeed.set(newcomer, node)
      nodes.push(node)
      relays.push(relay)
      if (host !== undefined)
        must(await node.join(must(await host.invite({ swarm: founding.swarm, uses: 1 })).text))
      onJoined(nodes.length)
    }
  } catch (cause) {
    await close()
    throw cause
  }
  return {
    swarm: founding.swarm,
    nodes,
    nowMs: () => systemClock.now(),
    pass: ms => systemClock.sleep(ms),
    meanwhile: work => work,
    sent: () => ({
      bytes: relays.reduce((sum, relay) => sum + relay.carriedBytes(), 0),
      messages: undefined,
      busyMs: busyMs(),
    }),
    close,
  }
}

/** Of this thread, which all nodes and their relays share; Node 22 tells only of the process, which has little else to do. */
function busyMs(): number {
  const { user, system } = (process.threadCpuUsage ?? process.cpuUsage)()
  return (user + system) / 1000
}

async function startNode(
  seed: Uint8Array,
  rows: readonly StoreOp[],
): Promise<{ node: SwarmloreNode; relay: Relay }> {
  const random = seededRandom('relay')
  const port = await freePort()
  const relay = await openRelay({
    clock: systemClock,
    targetPort: port,
    delayMs: () => between(random, addedMs.least, addedMs.most),
  })
  const settings = {
    listen: [`/ip4/127.0.0.1/tcp/${port}`],
    announce: [`/ip4/127.0.0.1/tcp/${relay.port}`],
    mdns: false,
    dht: true,
  }
  const store = openMemoryStore()
  await store.batch(rows)
  const created = await createNode(
    {
      clock: systemClock,
      random: systemRandom,
      cpu: systemCpu(),
      store,
      embedder: syntheticEmbedder,
      distiller: { id: 'none/1', distil: async () => [] },
      openSwarm: swarmOpener(settings, () => undefined),
      seed,
      log: () => undefined,
    },
    nodeConfigSchema.parse({}),
  )
  const node = must(created)
  await node.start()
  return { node, relay }
}
