/**
 * What comes in from a swarm: whether an announced entry is wanted, what happens when it is here, when it turns out
 * not to be what was announced, and when it leaves the replicated set.
 */

import { embeddingText } from '../../protocol/entry-text.ts'
import { sketchBitsMax } from '../../protocol/limits.ts'
import { hamming, sketchOf } from '../../protocol/sketch.ts'
import type { DigestRecord, Entry, EntryCid } from '../../protocol/types.ts'
import type { StoreOp } from '../../store/ports.ts'
import type { NodeEvent } from '../api.ts'
import type { Wanted } from '../pipeline/fetch/failed-fetches.ts'
import type { Ports } from '../ports.ts'
import { createQueue, type Queue } from '../queue.ts'
import type { Authors } from '../trust/authors.ts'
import type { KeptSet } from './kept-set.ts'
import type { Gone } from './ledger.ts'
import type { RecallOutcomes } from './recall-outcomes.ts'
import type { Room } from './room.ts'
import type { StrangersRoom } from './strangers-room.ts'
import type { Swarm } from './swarm.ts'
import { today } from './today.ts'

export interface IntakeDeps {
  readonly ports: Ports
  readonly kept: KeptSet
  readonly authors: Authors
  readonly outcomes: RecallOutcomes
  readonly room: Room
  readonly strangersRoom: StrangersRoom
  /** Entries that may wait for their vector: as many as may be kept. */
  readonly queueLimit: number
  readonly swarms: () => readonly Swarm[]
  readonly emit: (event: NodeEvent) => void
}

/** Entries embedded in one call when many arrive. */
const embedBatch = 32
/** Bits in which sketches of one text may differ between processors (protocol.md, "Records"). */
const sketchToleranceBits = 8

export class Intake {
  readonly #deps: IntakeDeps
  readonly #embedQueue: Queue<EntryCid>
  /** Digests whose sketch is still to be held against the entry's own vector. */
  readonly #sketches = new Map<EntryCid, DigestRecord>()
  readonly #stopping = new AbortController()

  constructor(deps: IntakeDeps) {
    this.#deps = deps
    this.#embedQueue = createQueue<EntryCid>({
      limit: deps.queueLimit,
      workers: 1,
      run: cid => this.#embed(cid),
      onError: (cause, cid) =>
        deps.ports.log('error', 'An entry could not be embedded; it is found by its words.', {
          cid,
          cause: String(cause),
        }),
    })
  }

  /** Kept entries that have no vector in this node's space yet. */
  embed(cids: Iterable<EntryCid>): void {
    for (const cid of cids) this.#embedQueue.push(cid)
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#embedQueue.close()
  }

  /** Trust alone so far; nothing for what is blocked, replaced, here already, or beyond what strangers may fill. */
  worth(swarm: Swarm, digest: DigestRecord): number | undefined {
    const { room, strangersRoom } = this.#deps
    const { author, body } = digest.envelope
    if (this.#deps.kept.get(body.cid) !== undefined || this.#deps.authors.isBlocked(author, body.created))
      return undefined
    if (swarm.set.successors(body.cid, author).length > 0) return undefined
    if (swarm.set.isRetracted(body.cid, author, body.created)) return undefined
    if (!strangersRoom.admitOrTurnAway(swarm, author)) return undefined
    const { trust } = this.#deps.authors.standing(author, swarm.membership)
    return room.isWorth(digest, trust) ? trust : undefined
  }

  async take(swarm: Swarm, entry: Entry, bytes: Uint8Array, { digest, from }: Wanted): Promise<void> {
    const { cid, space, sketch } = digest.envelope.body
    // It may have been retracted, or replaced, while it was on its way.
    if (this.worth(swarm, digest) === undefined) return
    const isOwnSpace = space === this.#deps.ports.embedder.space
    if (isOwnSpace && sketch.length !== this.#sketchBytes) {
      return this.mismatch(swarm, digest, 'its sketch has not the length of its space')
    }
    const meta = {
      swarm: swarm.id,
      cid,
      author: entry.author,
      shared: true,
      receivedAt: this.#deps.ports.clock.now(),
      uses: 0,
      ...(from === undefined ? {} : { from }),
    }
    await this.#deps.room.makeForStranger(swarm, entry.author)
    const keeping = this.#deps.kept.put(meta, entry, bytes, undefined)
    const replaced = entry.supersedes === undefined ? undefined : this.#deps.kept.get(entry.supersedes)
    const dropping = replaced?.author === entry.author ? this.#deps.kept.drop(replaced.cid) : undefined
    await this.#deps.ports.store.batch([...keeping.ops, ...(dropping?.ops ?? [])])
    dropping?.apply()
    keeping.apply()
    if (!swarm.announces(entry.author, cid)) {
      // Taken back while it was written.
      await this.#deps.ports.store.batch(this.drop(swarm, [{ cid, author: entry.author }]))
      return
    }
    swarm.wanted.settled(cid)
    if (isOwnSpace) {
      this.#deps.kept.addSketch(cid, sketch)
      this.#sketches.set(cid, digest)
    }
    this.#deps.emit({ type: 'entry', cid, author: entry.author, own: false })
    this.#embedQueue.push(cid)
    await this.#deps.room.make()
  }

  /** An entry that is here is announced once more: by somebody else it can only be a lie. */
  async recheck(swarm: Swarm, digest: DigestRecord): Promise<void> {
    const { author, body } = digest.envelope
    const meta = this.#deps.kept.get(body.cid)
    if (meta?.swarm !== swarm.id || meta.author === author) return
    await this.mismatch(swarm, digest, 'its author is another one')
  }

  get #sketchBytes(): number {
    return Math.ceil(Math.min(this.#deps.ports.embedder.dimensions, sketchBitsMax) / 8)
  }

  /** What leaves the replicated set leaves memory at once, and the disk with the record that caused it. */
  drop(swarm: Swarm, gone: readonly Gone[]): readonly StoreOp[] {
    const ops: StoreOp[] = []
    for (const { cid, author } of gone) {
      const meta = this.#deps.kept.get(cid)
      if (meta?.swarm !== swarm.id || meta.author !== author) continue
      const created = this.#deps.kept.entry(cid)?.created ?? 0
      // An own lesson that only grew old, or whose author is no member any more, is no less true here.
      const stays = meta.draftKey !== undefined && !swarm.set.isRetracted(cid, author, created)
      const change = stays ? this.#deps.kept.keepHere(cid) : this.#deps.kept.drop(cid)
      ops.push(...change.ops)
      change.apply()
      if (!stays) this.#deps.emit({ type: 'retracted', cid, author: meta.author })
    }
    return ops
  }

  /** Counts once for each digest, as a lesson that hurt: the author signed what is not so. */
  async mismatch(swarm: Swarm, digest: DigestRecord, reason: string): Promise<void> {
    const { author, body } = digest.envelope
    swarm.wanted.dismiss(digest)
    this.#deps.ports.log('warn', 'An entry is not what its author announced.', {
      cid: body.cid,
      author,
      reason,
    })
    await this.#deps.outcomes.note({
      recallId: `mismatch-${digest.id.slice(0, 32)}`,
      cid: body.cid,
      author,
      outcome: 'hurt',
      day: today(this.#deps.ports.clock),
      authorOnly: true,
    })
  }

  /** Embeds one entry and whatever else waits, in one call; checks the author's sketch on the way. */
  async #embed(first: EntryCid): Promise<void> {
    const cids = [first, ...this.#embedQueue.take(embedBatch - 1)]
    try {
      await this.#embedAll(cids.filter(cid => this.#deps.kept.vector(cid) === undefined))
    } finally {
      for (const cid of cids) this.#sketches.delete(cid)
    }
  }

  async #embedAll(cids: readonly EntryCid[]): Promise<void> {
    const entries = cids.map(cid => [cid, this.#deps.kept.entry(cid)] as const)
    const found = entries.filter((pair): pair is readonly [EntryCid, Entry] => pair[1] !== undefined)
    if (found.length === 0) return
    await this.#deps.ports.cpu.spend('embed', found.length)
    const vectors = await this.#deps.ports.embedder.embed(
      found.map(([, entry]) => embeddingText(entry)),
      this.#stopping.signal,
    )
    const ops: StoreOp[] = []
    const applies: (() => void)[] = []
    for (const [index, [cid]] of found.entries()) {
      const vector = vectors[index]
      const meta = this.#deps.kept.get(cid)
      const swarm = this.#deps.swarms().find(one => one.id === meta?.swarm)
      if (vector === undefined || swarm === undefined) continue
      const digest = this.#sketches.get(cid)
      const lied =
        digest !== undefined && hamming(sketchOf(vector), digest.envelope.body.sketch) > sketchToleranceBits
      if (lied) await this.mismatch(swarm, digest, 'its sketch is not of its situation')
      const change = lied ? this.#deps.kept.drop(cid) : this.#deps.kept.setVector(cid, vector)
      ops.push(...change.ops)
      applies.push(() => change.apply())
    }
    await this.#deps.ports.store.batch(ops)
    for (const apply of applies) apply()
  }
}
