/** Authors of a swarm and what they sign: members let in by its founder, and digests of their entries. */

import { createHash } from 'node:crypto'
import { type KeyPair, keyPairFromSeed } from '../../crypto/keys.ts'
import { signRecord } from '../../protocol/envelope.ts'
import { peerOf } from '../../protocol/identity.ts'
import { sketchOf } from '../../protocol/sketch.ts'
import { decodeDescriptor, shardOf, swarmSeed } from '../../protocol/swarm.ts'
import type {
  Descriptor,
  DigestRecord,
  Entry,
  EntryCid,
  MemberRecord,
  PeerId,
  SpaceId,
  SwarmId,
} from '../../protocol/types.ts'
import type { StoredSwarm } from '../../store/swarms.ts'
import { value } from './real-node.ts'

export interface Author {
  readonly pair: KeyPair
  readonly peer: PeerId
}

/** A swarm of which this node is the founder, so that it can let authors in. */
export interface OwnSwarm {
  readonly id: SwarmId
  readonly descriptor: Descriptor
  readonly founder: KeyPair
}

const membershipDays = 180
const domain = 'benchmark'

export function ownSwarm(stored: StoredSwarm, seed: Uint8Array): OwnSwarm {
  const descriptor = value(decodeDescriptor(stored.descriptor))
  return { id: stored.id, descriptor, founder: keyPairFromSeed(swarmSeed(seed, descriptor)) }
}

export function makeAuthors(count: number): Author[] {
  return Array.from({ length: count }, (_, number) => {
    const seed = createHash('sha256').update(`benchmark author ${number}`).digest()
    const pair = keyPairFromSeed(new Uint8Array(seed))
    return { pair, peer: peerOf(pair.publicKey) }
  })
}

export function memberRecord(swarm: OwnSwarm, author: Author, nowS: number): MemberRecord {
  const expires = Math.floor(nowS / 86_400) + membershipDays
  const body = { member: author.peer, box: author.pair.box.publicKey, expires }
  return signRecord({ swarm: swarm.id, kind: 'member', t: nowS, body }, swarm.founder)
}

export interface EntryTexts {
  readonly situation: string
  readonly summary: string
  readonly detail: string
  readonly action: string
}

export function entryBy(author: Author, insight: EntryTexts, nowS: number): Entry {
  const { situation, ...rest } = insight
  const today = Math.floor(nowS / 86_400)
  return {
    v: 1,
    kind: 'procedure',
    domains: [domain],
    situation,
    insight: rest,
    context: {},
    support: { episodes: 3, asks: 2, solved: 3, unsolved: 0, firstSeen: today, lastSeen: today },
    lineage: { parents: [], method: 'benchmark' },
    author: author.peer,
    created: nowS,
  }
}

export function digestRecord(
  swarm: OwnSwarm,
  author: Author,
  of: { cid: EntryCid; size: number; created: number; space: SpaceId; vector: ArrayLike<number> },
): DigestRecord {
  const { cid, size, created, space, vector } = of
  const shard = shardOf(domain, swarm.descriptor.shards)
  const body = { cid, size, shard, created, space, sketch: sketchOf(vector) }
  return signRecord({ swarm: swarm.id, kind: 'digest', t: created, body }, author.pair)
}
