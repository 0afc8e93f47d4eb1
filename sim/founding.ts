/** A swarm, and what stands in a node's store before its first start, so that it is in that swarm alone. */

import { type KeyPair, keyPairFromSeed } from '../crypto/keys.ts'
import type { Random } from '../node/ports.ts'
import { dayOf, secondsPerDay } from '../protocol/body.ts'
import { signRecord } from '../protocol/envelope.ts'
import { peerOf } from '../protocol/identity.ts'
import { recordAgeDaysMax } from '../protocol/limits.ts'
import { createDescriptor, encodeDescriptor, founderSeed, swarmIdOf } from '../protocol/swarm.ts'
import type { Descriptor, PeerId, SwarmId } from '../protocol/types.ts'
import type { StoreOp } from '../store/ports.ts'
import { putRecordOps } from '../store/records.ts'
import { putSwarmOps } from '../store/swarms.ts'
import { must } from './must.ts'
import { pick } from './random.ts'

export interface Founding {
  readonly swarm: SwarmId
  readonly descriptor: Descriptor
  /** What a node needs that begins in the swarm; it finds the others at these addresses. */
  readonly rows: (bootstrap: readonly string[], joinedAt: number, inviter?: PeerId) => readonly StoreOp[]
}

/** Whoever was let in lets others in, too, to this depth. */
const depthMax = 3
/** Newcomers come one after the other, in a large swarm one for every so many that are in. */
const joinedToOne = 20

export interface Joining<T> {
  readonly newcomer: T
  /** Who lets it in: none for the founder, who is the first. */
  readonly host: T | undefined
}

/** Who enters together, and who lets whom in: somebody who is in before. */
export function joiningWaves<T>(all: readonly T[], random: Random): readonly (readonly Joining<T>[])[] {
  const waves: (readonly Joining<T>[])[] = []
  const joined: { readonly one: T; readonly depth: number }[] = []
  while (joined.length < all.length) {
    const together = Math.max(1, Math.floor(joined.length / joinedToOne))
    const hosts = joined.filter(({ depth }) => depth < depthMax)
    const wave = all.slice(joined.length, joined.length + together).map(newcomer => {
      const host = hosts.length === 0 ? undefined : pick(random, hosts)
      joined.push({ one: newcomer, depth: host === undefined ? 0 : host.depth + 1 })
      return { newcomer, host: host?.one }
    })
    waves.push(wave)
  }
  return waves
}

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
  const descriptor = must(created)
  const swarm = swarmIdOf(descriptor)
  const encoded = encodeDescriptor(descriptor)
  return {
    swarm,
    descriptor,
    rows: (bootstrap, joinedAt, inviter) =>
      putSwarmOps({
        id: swarm,
        descriptor: encoded,
        psk,
        listen: [],
        bootstrap: [...bootstrap],
        joinedAt,
        ...(inviter && { inviter }),
      }),
  }
}

/** What every member has of one who was let in the day before. */
export function memberRows(swarm: SwarmId, inviter: KeyPair, member: KeyPair, nowMs: number): StoreOp[] {
  const t = Math.floor(nowMs / 1000) - secondsPerDay
  const expires = dayOf(t) + recordAgeDaysMax
  const body = { member: peerOf(member.publicKey), box: member.box.publicKey, expires }
  return putRecordOps(swarm, signRecord({ swarm, kind: 'member', t, body }, inviter))
}
