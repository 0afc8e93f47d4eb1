/** A swarm, and what stands in a node's store before its first start, so that it is in that swarm alone. */

import { keyPairFromSeed } from '../crypto/keys.ts'
import type { Random } from '../node/ports.ts'
import { createDescriptor, encodeDescriptor, founderSeed, swarmIdOf } from '../protocol/swarm.ts'
import type { Descriptor, SwarmId } from '../protocol/types.ts'
import type { StoreOp } from '../store/ports.ts'
import { putSwarmOps } from '../store/swarms.ts'

export interface Founding {
  readonly swarm: SwarmId
  readonly descriptor: Descriptor
  /** What a node needs that begins in the swarm; it finds the others at these addresses. */
  readonly rows: (bootstrap: readonly string[], joinedAt: number) => readonly StoreOp[]
}

/** Whoever was let in lets others in, too, to this depth. */
export const depthMax = 3

/** @param founder the seed of the node that founds it. */
export function found(founder: Uint8Array, random: Random): Founding {
  const nonce = random.fork('swarm').bytes(16)
  const psk = random.fork('psk').bytes(32)
  const created = createDescriptor(
    {
      name: 'simulated',
      visibility: 'private',
      invite: { by: 'members', depth: depthMax },
      shards: 1,
      nonce,
      addresses: [],
    },
    keyPairFromSeed(founderSeed(founder, nonce)),
  )
  if (!created.ok) throw new TypeError(created.message)
  const descriptor = created.value
  const swarm = swarmIdOf(descriptor)
  const encoded = encodeDescriptor(descriptor)
  return {
    swarm,
    descriptor,
    rows: (bootstrap, joinedAt) =>
      putSwarmOps({ id: swarm, descriptor: encoded, psk, listen: [], bootstrap: [...bootstrap], joinedAt }),
  }
}
