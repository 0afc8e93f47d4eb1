/**
 * A hostile machine as those who attack with it have it in hand: the link of its node, its keys, what it has heard, and
 * time. The node on it is the real one; what it does otherwise is the business of each kind of adversary.
 */

import { utf8Bytes } from '../../crypto/bytes.ts'
import { deriveSeed, type KeyPair, keyPairFromSeed } from '../../crypto/keys.ts'
import type { NewEntry } from '../../node/api.ts'
import type { BlockSource, Network, OpenSwarm, Random, SwarmLink } from '../../node/ports.ts'
import { decodeRecord, type RecordDraft, signRecord } from '../../protocol/envelope.ts'
import { peerOf } from '../../protocol/identity.ts'
import { swarmSeed, topicOf, topicsOf } from '../../protocol/swarm.ts'
import type { EntryCid, PeerId, Seconds, SwarmRecord } from '../../protocol/types.ts'
import { altered } from '../altered.ts'
import { markOf } from '../checks.ts'
import type { Machine } from '../machine.ts'
import { isStoreError } from '../operator.ts'
import { between, pick } from '../random.ts'
import { lessonOn, type Topic } from '../topics.ts'
import type { Workload, Worth } from '../workload.ts'
import type { World } from '../world.ts'
import { type Made, type Making, makeEntry } from './entries.ts'

export interface AgentInit {
  readonly machine: Machine
  readonly world: World
  readonly workload: Workload
  readonly random: Random
}

/** What it remembers of what it heard. */
const heardMax = 500
const patienceMs = 10_000
/** A machine lets others in for as long as a member may be. */
const membershipDays = 180

export class Agent {
  readonly machine: Machine
  readonly world: World
  readonly workload: Workload
  readonly random: Random
  readonly pair: KeyPair
  readonly self: PeerId
  /** Blocks that it serves beside those of its node. */
  readonly blocks = new Map<EntryCid, Uint8Array>()
  /** Records of others, oldest first. */
  readonly heard: SwarmRecord[] = []
  /** False until it turns on the others: before, it is a machine like any other. */
  isHostile = false
  /** Whom it has in view, where it is after one node. */
  target: PeerId | undefined
  /** Told of each record of others. */
  onHeard: (record: SwarmRecord) => void = () => undefined
  /** Told of its link, as it is, each time its node has opened the swarm. */
  onOpened: (network: Network) => void = () => undefined
  #link: SwarmLink | undefined
  #open: OpenSwarm | undefined
  #identities = 0
  #written = 0

  constructor({ machine, world, workload, random }: AgentInit) {
    this.machine = machine
    this.world = world
    this.workload = workload
    this.random = random
    this.pair = keyPairFromSeed(swarmSeed(machine.seed, world.descriptor))
    this.self = peerOf(this.pair.publicKey)
  }

  get nowS(): Seconds {
    return Math.floor(this.world.nowMs / 1000)
  }

  /** Its link as it is, while its node runs. */
  get network(): Network | undefined {
    return this.machine.node === undefined ? undefined : this.#link?.network
  }

  get topics(): readonly string[] {
    return topicsOf(this.world.swarm, this.world.descriptor.shards)
  }

  /** Correct machines that it is connected with. */
  get victims(): readonly PeerId[] {
    return (this.network?.peers() ?? []).filter(peer => this.world.isCorrect(peer))
  }

  /** Each time its node opens the swarm. It listens in. */
  opened(link: SwarmLink): SwarmLink {
    this.#link = link
    const { network } = link
    this.onOpened(network)
    const subscribe: Network['subscribe'] = (topic, handler) =>
      network.subscribe(topic, (bytes, from) => {
        this.#hear(bytes)
        return handler(bytes, from)
      })
    return { ...link, network: altered(network, { subscribe }) }
  }

  serving(own: BlockSource): BlockSource {
    return {
      get: cid => this.blocks.get(cid) ?? own.get(cid),
      has: cid => this.blocks.has(cid) || own.has(cid),
      hasSoon: cid => this.blocks.has(cid) || own.hasSoon(cid),
    }
  }

  /**
   * Does it again and again, half as often more or less, as long as its node runs; one at a time, for a line that is
   * simply full is no matter of any node.
   */
  every(ms: number, act: (network: Network) => unknown): void {
    let boot: number | undefined
    const again = (): void => {
      this.world.events.in(between(this.random, ms / 2, 1.5 * ms), () => {
        again()
        const { network } = this
        // What a machine had in hand when it lost power does not end.
        if (network === undefined || boot === this.machine.boots) return 'quiet'
        const begun = this.machine.boots
        boot = begun
        this.attempt(async () => {
          try {
            await act(network)
          } finally {
            if (boot === begun) boot = undefined
          }
        })
        return undefined
      })
    }
    again()
  }

  /** That a peer, a connection or its own disk fails it is no bug. */
  attempt(act: () => unknown): void {
    this.world.begin(`${this.machine.name} attacks`, async () => {
      try {
        await act()
      } catch (cause) {
        if (!isExpected(cause)) throw cause
      }
    })
  }

  sign<Draft extends Omit<RecordDraft, 'swarm' | 't'>>(
    draft: Draft,
    t = this.nowS,
    pair = this.pair,
  ): SwarmRecord {
    return signRecord({ ...draft, swarm: this.world.swarm, t } as RecordDraft, pair)
  }

  /** Gossips it to all neighbours. */
  async say(record: SwarmRecord): Promise<void> {
    await this.network?.publish(topicOf(record), record.bytes)
  }

  /** Undefined where the peer did not answer, or refused. */
  async ask(
    peer: PeerId,
    protocol: string,
    bytes: Uint8Array,
    network = this.network,
  ): Promise<Uint8Array | undefined> {
    const patience = new AbortController()
    const planned = this.world.events.in(patienceMs, () => {
      patience.abort(new DOMException('It took too long.', 'TimeoutError'))
      return undefined
    })
    try {
      const options = { maxBytes: 2 ** 20, signal: patience.signal }
      return await network?.request(peer, protocol, bytes, options)
    } catch (cause) {
      if (!isExpected(cause)) throw cause
      return undefined
    } finally {
      planned.cancel()
    }
  }

  /** One more identity, for which this machine's own vouches. */
  async letIn(inviter = this.pair): Promise<KeyPair> {
    const pair = keyPairFromSeed(
      deriveSeed(this.machine.seed, 'identity', utf8Bytes(`${this.#identities++}`)),
    )
    const member = peerOf(pair.publicKey)
    this.world.adopt(member, this.machine)
    const expires = Math.floor(this.nowS / 86_400) + membershipDays
    const body = { member, box: pair.box.publicKey, expires }
    await this.say(this.sign({ kind: 'member', body }, this.nowS, inviter))
    return pair
  }

  /** A second connection of this machine to the network, under another of its keys. */
  async openPuppet(pair: KeyPair): Promise<SwarmLink | undefined> {
    const { host } = this.machine
    const own = [...this.world.network.links].find(
      link => link.host === host && link.options.id === this.world.swarm,
    )
    if (own === undefined) return undefined
    this.#open ??= this.world.network.opener(host)
    return this.#open({ ...own.options, seed: pair.seed, bootstrap: [], listen: [] })
  }

  /** What an honest owner would say of the topic, or the opposite; both look the same. */
  lesson(topic: Topic, isRight = false): { readonly mark: string; readonly lesson: NewEntry } {
    const mark = markOf(`${this.machine.name}x`, ++this.#written)
    const { answers } = isRight ? topic : this.anyTopic()
    return { mark, lesson: lessonOn({ ...topic, answers }, mark, this.random) }
  }

  /** By way of its own node, as its owner would. */
  async publish(topic: Topic, isRight: boolean): Promise<void> {
    const { mark, lesson } = this.lesson(topic, isRight)
    const added = await this.machine.node?.addEntry({ ...lesson, swarm: this.world.swarm })
    if (added?.ok) this.workload.written(added.value.cid, mark, isRight ? { topic, turn: 0 } : 'wrong')
  }

  /** Past its node: signed by any of its keys, and served from here. */
  async announce(making: Making, mark: string, worth: Worth, pair = this.pair): Promise<Made> {
    const made = await makeEntry(making, { swarm: this.world.swarm, pair, nowS: this.nowS })
    this.blocks.set(made.cid, made.bytes)
    this.workload.written(made.cid, mark, worth)
    await this.say(made.digest)
    return made
  }

  anyTopic(): Topic {
    return pick(this.random, this.workload.topics)
  }

  #hear(bytes: Uint8Array): void {
    const read = decodeRecord(bytes, this.world.swarm)
    if (!read.ok || !this.world.isCorrect(read.author)) return
    this.heard.push(read.claimed)
    if (this.heard.length > heardMax) this.heard.shift()
    this.onHeard(read.claimed)
  }
}

function isExpected(cause: unknown): boolean {
  if (isStoreError(cause)) return true
  return cause instanceof Error && (cause.name === 'NetworkFailure' || cause.name === 'TimeoutError')
}
