/**
 * A peer that is nothing but the network adapter: it says and serves whatever a test makes it, by the rules or
 * against them. What it knows of the swarm comes out of an invitation, as for anybody else.
 */

import { randomBytes } from 'node:crypto'
import { concat } from '../../crypto/bytes.ts'
import { type KeyPair, keyPairFromSeed } from '../../crypto/keys.ts'
import { sign } from '../../crypto/sign.ts'
import { swarmOpener } from '../../node/adapters/libp2p.ts'
import type { SwarmLink } from '../../node/ports.ts'
import { encodeCanonical } from '../../protocol/cbor.ts'
import { encodeEntry } from '../../protocol/entry.ts'
import {
  decodeRecord,
  messageId,
  type RecordDraft,
  signedMessage,
  signRecord,
} from '../../protocol/envelope.ts'
import { encodeHello } from '../../protocol/hello.ts'
import { bytesOfId, cidOf, peerOf } from '../../protocol/identity.ts'
import { readInvitation } from '../../protocol/invitation.ts'
import { encodeJoinRequest, readJoinResponse } from '../../protocol/join.ts'
import { sketchOf } from '../../protocol/sketch.ts'
import { shardOf, streamsOf, swarmIdOf, topicOf, topicsOf } from '../../protocol/swarm.ts'
import type {
  DigestBody,
  DigestRecord,
  Entry,
  EntryCid,
  Invitation,
  MemberRecord,
  PeerId,
  SwarmId,
  SwarmRecord,
} from '../../protocol/types.ts'
import { afterwards, embedder, loopback, must, type TestNode, until } from './real-nodes.ts'

const requestMs = 5_000

export function nowS(): number {
  return Math.floor(Date.now() / 1000)
}

export class RawPeer {
  readonly pair: KeyPair
  readonly self: PeerId
  readonly swarm: SwarmId
  readonly invitation: Invitation
  /** What it serves; a test fills it. */
  readonly blocks: Map<EntryCid, Uint8Array>
  readonly link: SwarmLink
  /** Records that it heard. */
  readonly heard: Uint8Array[] = []
  #chain: readonly MemberRecord[] = []

  constructor(pair: KeyPair, invitation: Invitation, blocks: Map<EntryCid, Uint8Array>, link: SwarmLink) {
    this.pair = pair
    this.self = peerOf(pair.publicKey)
    this.invitation = invitation
    this.swarm = swarmIdOf(invitation.descriptor)
    this.blocks = blocks
    this.link = link
  }

  /** Redeems the invitation: from now on its records count. */
  async redeem(): Promise<readonly MemberRecord[]> {
    const { invitation } = this
    const answer = await this.link.network.request(
      invitation.inviter,
      streamsOf(this.swarm).join,
      encodeJoinRequest(invitation, nowS(), this.pair),
      { maxBytes: 2_048, signal: AbortSignal.timeout(requestMs) },
    )
    const { descriptor } = invitation
    this.#chain = must(readJoinResponse(answer, { descriptor, peer: this.self, nowS: nowS() }))
    return this.#chain
  }

  /** Tells its chain to whoever asks, as a well-behaved member does. */
  serveHello(): void {
    this.link.network.serve(streamsOf(this.swarm).hello, { maxBytes: 2_048, perPeer: 4 }, async () =>
      encodeHello(nowS(), this.#chain),
    )
  }

  /** Connects, and waits until its gossip is heard there: with records of a later version, which nobody minds. */
  async dial(node: TestNode): Promise<void> {
    const view = node.node.swarms().find(one => one.id === this.swarm)
    await this.link.network.dial(view?.addresses ?? [], AbortSignal.timeout(requestMs))
    const heard = (): number => node.node.status().rejected['unknown-version'] ?? 0
    const before = heard()
    await until('the raw peer is heard', async () => {
      await this.link.network.publish(this.commonTopic, encodeCanonical({ v: 2, noise: junk(16) }))
      return heard() > before
    })
  }

  /** Gossips bytes; to somebody, or it is an error of the test. */
  async say(bytes: Uint8Array, topic = this.commonTopic): Promise<void> {
    const receivers = await this.link.network.publish(topic, bytes)
    if (receivers === 0) throw new Error('nobody hears the raw peer, or it has said the same before')
  }

  tell(record: SwarmRecord): Promise<void> {
    return this.say(record.bytes, topicOf(record))
  }

  get commonTopic(): string {
    return topicsOf(this.swarm, 1)[0] ?? ''
  }

  sign<Draft extends Omit<RecordDraft, 'swarm' | 't'>>(draft: Draft, t = nowS()) {
    return signRecord({ ...draft, swarm: this.swarm, t } as RecordDraft, this.pair)
  }

  /** Signs whatever stands in `changes`, right or wrong: for what `signRecord` refuses to make. */
  signRaw(changes: Readonly<Record<string, unknown>>, pair = this.pair): Uint8Array {
    const fields: Record<string, unknown> = {
      v: 1,
      swarm: bytesOfId(this.swarm),
      kind: 'retract',
      author: pair.publicKey,
      t: nowS(),
      body: nowS(),
      ...changes,
    }
    const message = signedMessage(String(fields.kind), this.swarm, encodeCanonical(fields))
    return encodeCanonical({ ...fields, sig: sign(message, pair) })
  }

  /** An entry of its own, with the digest that announces it truly; `lie` changes the digest only. */
  async written(
    situation: string,
    { entry: changes = {}, lie = {}, t = nowS() }: WrittenOptions = {},
  ): Promise<{ entry: Entry; cid: EntryCid; bytes: Uint8Array; digest: DigestRecord }> {
    const day = Math.floor(t / 86_400)
    const entry: Entry = {
      v: 1,
      kind: 'pitfall',
      domains: ['orders'],
      situation,
      insight: { summary: 'It fails.', detail: '', action: 'Look at the record first.' },
      context: {},
      support: { episodes: 2, asks: 2, solved: 2, unsolved: 0, firstSeen: day, lastSeen: day },
      lineage: { parents: [], method: 'owner' },
      author: this.self,
      created: t,
      ...changes,
    }
    const { bytes, cid } = must(encodeEntry(entry))
    const { space, embed } = await embedder()
    const [vector] = await embed([situation])
    const body: DigestBody = {
      cid,
      size: bytes.length,
      shard: shardOf(entry.domains[0] ?? '', 1),
      created: entry.created,
      space,
      sketch: sketchOf(vector ?? []),
      ...(entry.supersedes === undefined ? {} : { supersedes: entry.supersedes }),
      ...lie,
    }
    const digest = signRecord({ swarm: this.swarm, kind: 'digest', t, body }, this.pair)
    return { entry, cid, bytes, digest }
  }

  /** A record of a kind that nobody knows yet. */
  signOpaque(number: number): SwarmRecord {
    const read = decodeRecord(this.signRaw({ kind: 'song', body: { number } }), this.swarm)
    if (!read.ok) throw new TypeError(read.reason)
    return read.claimed
  }

  /** Writes an entry, serves it and announces it. */
  async publish(situation: string, options: WrittenOptions = {}) {
    const written = await this.written(situation, options)
    this.blocks.set(written.cid, written.bytes)
    await this.tell(written.digest)
    return written
  }
}

export interface WrittenOptions {
  readonly entry?: Partial<Entry>
  readonly lie?: Partial<DigestBody>
  readonly t?: number
}

export interface RawPeerOptions {
  /** Whether it redeems its invitation; else it is in the network, and no member. */
  readonly member?: boolean
  /** Instead of a fresh one. */
  readonly seed?: Uint8Array
  /** Serves blocks, or stalls, or whatever. */
  readonly get?: (cid: EntryCid) => Uint8Array | undefined
  /** Instead of the one in the invitation. */
  readonly psk?: Uint8Array | undefined
  readonly connect?: boolean
  /** Another swarm than the one that the host founded. */
  readonly swarm?: SwarmId
}

/** A raw peer in the host's swarm, invited by it and connected to it. */
export async function rawPeer(host: TestNode, options: RawPeerOptions = {}): Promise<RawPeer> {
  const { text } = must(await host.node.invite(options.swarm === undefined ? {} : { swarm: options.swarm }))
  const invitation = must(readInvitation(text, nowS()))
  const pair = keyPairFromSeed(options.seed ?? new Uint8Array(randomBytes(32)))
  const blocks = new Map<EntryCid, Uint8Array>()
  const { descriptor } = invitation
  const swarm = swarmIdOf(descriptor)
  const topics = topicsOf(swarm, descriptor.shards)
  const get = (cid: EntryCid): Uint8Array | undefined => blocks.get(cid) ?? options.get?.(cid)
  const psk = 'psk' in options ? options.psk : invitation.psk
  const link = await swarmOpener(
    { listen: loopback, mdns: false, dht: false },
    () => undefined,
  )({
    id: swarm,
    descriptor,
    seed: pair.seed,
    ...(psk === undefined ? {} : { psk }),
    topics,
    blocks: { get, has: cid => get(cid) !== undefined, hasSoon: cid => get(cid) !== undefined },
    bootstrap: [],
    messageId,
    listen: [],
  })
  afterwards(() => link.close())
  const peer = new RawPeer(pair, invitation, blocks, link)
  for (const topic of topics) {
    link.network.subscribe(topic, async bytes => {
      peer.heard.push(bytes)
      return { verdict: 'accept' }
    })
  }
  if (options.connect === false) return peer
  await peer.dial(host)
  if (options.member ?? true) await peer.redeem()
  return peer
}

/** The CID of bytes that are no entry. */
export function cidOfBytes(bytes: Uint8Array): EntryCid {
  return cidOf(bytes)
}

export function junk(length: number): Uint8Array {
  return concat(new Uint8Array(randomBytes(length)))
}
