/** Real nodes on loopback in one process, each behind a relay that makes the others as far away as they are in the simulation. */

import { addedMs, type WatchedSwarm } from '../../sim/calibration.ts'
import { syntheticEmbedder } from '../../sim/embedder.ts'
import { found, joiningWaves } from '../../sim/founding.ts'
import { must } from '../../sim/must.ts'
import { between } from '../../sim/random.ts'
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
  const delayMs = (): number => between(systemRandom, addedMs.least, addedMs.most)
  const close = async (): Promise<void> => {
    try {
      await Promise.all(nodes.map(node => node.stop()))
    } finally {
      await Promise.all(relays.map(relay => relay.close()))
    }
  }
  try {
    const bySeed = new Map<Uint8Array, SwarmloreNode>()
    for (const { host: hostSeed, newcomer } of joiningWaves(seeds, systemRandom).flat()) {
      const host = hostSeed && bySeed.get(hostSeed)
      const bootstrap = host?.swarms()[0]?.addresses ?? []
      const port = await freePort()
      const relay = await openRelay({ clock: systemClock, targetPort: port, delayMs })
      relays.push(relay)
      const rows = founding.rows(bootstrap, systemClock.now())
      const node = await createdNode(newcomer, { own: port, told: relay.port }, rows)
      nodes.push(node)
      await node.start()
      bySeed.set(newcomer, node)
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

/** @param ports where it listens, and where it says that it does. */
async function createdNode(
  seed: Uint8Array,
  ports: { readonly own: number; readonly told: number },
  rows: readonly StoreOp[],
): Promise<SwarmloreNode> {
  const settings = {
    listen: [`/ip4/127.0.0.1/tcp/${ports.own}`],
    announce: [`/ip4/127.0.0.1/tcp/${ports.told}`],
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
  return must(created)
}
