/** A node inside the benchmark's own process, with what really stands behind its ports. */

import { join } from 'node:path'
import { loadOrCreateSeed } from '../../node/adapters/keyfile.ts'
import { defaultSwarmSettings, swarmOpener } from '../../node/adapters/libp2p.ts'
import { type OnnxEmbedder, openEmbedder } from '../../node/adapters/onnx.ts'
import { systemClock, systemCpu, systemRandom } from '../../node/adapters/system.ts'
import type { SwarmloreNode } from '../../node/api.ts'
import { type NodeConfig, nodeConfigSchema } from '../../node/config.ts'
import { createDistiller } from '../../node/lessons/distiller.ts'
import { createNode } from '../../node/node.ts'
import type { Log, Ports } from '../../node/ports.ts'
import type { Result } from '../../protocol/types.ts'
import { checkSchema } from '../../store/layout.ts'
import { openLevelStore } from '../../store/level.ts'
import { BenchFailure } from './figure.ts'

/** The ports of a node on this data folder. Whoever asks closes the embedder; the node closes the store. */
export async function realPorts(
  folder: string,
  log: Log = () => {},
): Promise<Ports & { readonly embedder: OnnxEmbedder }> {
  const seed = value(await loadOrCreateSeed(folder))
  const store = value(await openLevelStore(join(folder, 'store')))
  value(await checkSchema(store, folder))
  return {
    clock: systemClock,
    random: systemRandom,
    cpu: systemCpu(),
    store,
    embedder: value(await openEmbedder()),
    distiller: createDistiller(),
    openSwarm: swarmOpener(defaultSwarmSettings, log),
    seed,
    log,
  }
}

export async function realNode(ports: Ports, settings: Partial<NodeConfig> = {}): Promise<SwarmloreNode> {
  return value(await createNode(ports, nodeConfigSchema.parse(settings)))
}

/** What cannot be done ends the benchmark. */
export function value<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new BenchFailure(result.message)
}
