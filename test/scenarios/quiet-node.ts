/** A node on a folder, never started: all that it does but the network; with vectors that cost nothing. */

import { createHash } from 'node:crypto'
import { systemClock, systemCpu, systemRandom } from '../../node/adapters/system.ts'
import type { SwarmloreNode } from '../../node/api.ts'
import { nodeConfigSchema } from '../../node/config.ts'
import { createDistiller } from '../../node/lessons/distiller.ts'
import { createNode } from '../../node/node.ts'
import type { Distiller, Embedder } from '../../node/ports.ts'
import type { SpaceId } from '../../protocol/types.ts'
import { openLevelStore } from '../../store/level.ts'

/** Unit vectors out of a hash: the same for the same text, and no more meaning than that. */
const hashEmbedder: Embedder = {
  space: 'ee'.repeat(32) as SpaceId,
  dimensions: 32,
  embed: async texts =>
    texts.map(text => {
      const bytes = createHash('sha256').update(text).digest()
      const vector = Float32Array.from(bytes, byte => byte - 127.5)
      const length = Math.hypot(...vector)
      return vector.map(component => component / length)
    }),
}

/** Its facts wait for no review here, so that entries with digests are written while the node learns. */
function withoutReview(distiller: Distiller): Distiller {
  return {
    id: distiller.id,
    distil: async (episodes, signal) =>
      (await distiller.distil(episodes, signal)).map(({ needsReview: _, ...draft }) => draft),
  }
}

export async function quietNode(folder: string): Promise<SwarmloreNode> {
  const store = await openLevelStore(folder)
  if (!store.ok) throw new Error(store.message)
  const node = await createNode(
    {
      clock: systemClock,
      random: systemRandom,
      cpu: systemCpu(),
      store: store.value,
      embedder: hashEmbedder,
      distiller: withoutReview(createDistiller()),
      openSwarm: () => Promise.reject(new Error('this node has no network')),
      seed: new Uint8Array(32).fill(5),
      log: () => undefined,
    },
    nodeConfigSchema.parse({}),
  )
  if (!node.ok) throw new Error(node.message)
  return node.value
}

/** A transcript that holds one fact. */
export function question(number: number): Record<string, unknown> {
  return {
    question: `How many screws does shelf number ${number} need?`,
    answer: `It needs ${number * 4} of them.`,
    feedback: 'correct',
  }
}
