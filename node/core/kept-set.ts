/**
 * The kept set in memory: what is known of each kept entry, and the two indexes that recall searches. Changes come
 * as writes for the caller's batch and an `apply` for after it, so that memory never runs ahead of the disk.
 */

import { restoreEntry } from '../../protocol/entry.ts'
import { duplicateKey } from '../../protocol/entry-text.ts'
import { createMultimap } from '../../protocol/multimap.ts'
import type { Entry, EntryCid, PeerId, SpaceId, SwarmId } from '../../protocol/types.ts'
import {
  allEntries,
  deleteEntryOps,
  getBlock,
  type KeptEntry,
  putEntryOps,
  updateEntryOps,
} from '../../store/entries.ts'
import { LexicalIndex } from '../../store/lexical.ts'
import type { Pause, Store, StoreOp } from '../../store/ports.ts'
import { deleteVectorOps, putVectorOps, VectorIndex, vectorsOf } from '../../store/vectors.ts'
import type { Known } from '../pipeline/reconcile.ts'

/** Writes, and what makes them visible in memory once they are durable. */
export interface Change {
  readonly ops: readonly StoreOp[]
  apply(): void
}

/** Decoded entries that are remembered: recall looks at some hundred of them. */
const decodedMax = 2_000

export class KeptSet {
  readonly #store: Store
  readonly #space: SpaceId
  readonly #kept = new Map<EntryCid, KeptEntry>()
  readonly #byDraft = createMultimap<string, EntryCid>()
  /** By swarm: who somebody is, is said by the records of one. */
  readonly #authored = new Map<SwarmId, Map<PeerId, number>>()
  /** Lengths of the blocks, and their sum. */
  readonly #lengths = new Map<EntryCid, number>()
  #bytes = 0
  #version = 0
  readonly #decoded = new Map<EntryCid, Entry>()
  readonly #meanings: VectorIndex
  readonly #words = new LexicalIndex()

  private constructor(store: Store, space: SpaceId, dimensions: number) {
    this.#store = store
    this.#space = space
    this.#meanings = new VectorIndex(dimensions)
  }

  /**
   * Reads what was kept, but for its words (`readWords`); entries without a vector in this space are told, so that they
   * can be embedded.
   */
  static async load(
    store: Store,
    space: SpaceId,
    dimensions: number,
    pause: Pause,
  ): Promise<{ readonly kept: KeptSet; readonly withoutVector: readonly EntryCid[] }> {
    const set = new KeptSet(store, space, dimensions)
    for await (const { entry, block } of allEntries(store)) {
      set.#remember(entry, block.length)
      await pause(1)
    }
    for await (const [id, vector] of vectorsOf(store, space, dimensions)) {
      if (set.#kept.has(id as EntryCid)) set.#meanings.add(id, vector)
    }
    const withoutVector = [...set.#kept.keys()].filter(cid => !set.#meanings.hasVector(cid))
    return { kept: set, withoutVector }
  }

  /** Indexes the words of what was kept: the larger part of reading it back, and of use only to recall. */
  async readWords(pause: Pause, signal: AbortSignal): Promise<void> {
    for await (const { entry, block } of allEntries(this.#store)) {
      if (signal.aborted) return
      // It may have been dropped since, or come anew.
      if (!this.#kept.has(entry.cid) || this.#words.has(entry.cid)) continue
      const restored = restoreEntry(block)
      if (restored !== undefined) this.#index(entry.cid, restored)
      await pause(1)
    }
  }

  get size(): number {
    return this.#kept.size
  }

  /** Another one whenever an entry came or went. */
  get version(): number {
    return this.#version
  }

  /** Bytes of all blocks together. */
  get bytes(): number {
    return this.#bytes
  }

  /** Length of an entry's block; 0 where it is not kept. */
  bytesOf(cid: EntryCid): number {
    return this.#lengths.get(cid) ?? 0
  }

  get(cid: EntryCid): KeptEntry | undefined {
    return this.#kept.get(cid)
  }

  all(): Iterable<KeptEntry> {
    return this.#kept.values()
  }

  /** The entries of one own draft, one for each swarm. */
  ofDraft(key: string): readonly EntryCid[] {
    return [...this.#byDraft.get(key)]
  }

  countOf(author: PeerId): number {
    let count = 0
    for (const authored of this.#authored.values()) count += authored.get(author) ?? 0
    return count
  }

  /** Authors of entries of this swarm, with how many entries each has here. */
  authors(swarm: SwarmId): ReadonlyMap<PeerId, number> {
    return this.#authored.get(swarm) ?? new Map()
  }

  entry(cid: EntryCid): Entry | undefined {
    const known = this.#decoded.get(cid)
    if (known !== undefined) return known
    const block = this.block(cid)
    const entry = block === undefined ? undefined : restoreEntry(block)
    if (entry === undefined) return undefined
    if (this.#decoded.size >= decodedMax) this.#decoded.clear()
    this.#decoded.set(cid, entry)
    return entry
  }

  block(cid: EntryCid): Uint8Array | undefined {
    const meta = this.#kept.get(cid)
    return meta === undefined ? undefined : getBlock(this.#store, meta.swarm, cid)
  }

  vector(cid: EntryCid): Float32Array | undefined {
    return this.#meanings.vector(cid)
  }

  known(cid: EntryCid): Known | undefined {
    const entry = this.entry(cid)
    if (entry === undefined) return undefined
    return { cid, entry, vector: this.vector(cid), duplicateKey: duplicateKey(entry) }
  }

  /** Without a vector the entry is found by words and by its sketch, until `setVector`. */
  put(meta: KeptEntry, entry: Entry, block: Uint8Array, vector: Float32Array | undefined): Change {
    const { cid } = meta
    return {
      ops: [
        ...putEntryOps(meta, block),
        ...(vector === undefined ? [] : putVectorOps(this.#space, cid, vector)),
      ],
      apply: () => {
        this.#remember(meta, block.length)
        this.#index(cid, entry)
        if (vector !== undefined) this.#meanings.add(cid, vector)
      },
    }
  }

  addSketch(cid: EntryCid, sketch: Uint8Array): void {
    if (this.#kept.has(cid) && !this.#meanings.hasVector(cid)) this.#meanings.addSketch(cid, sketch)
  }

  setVector(cid: EntryCid, vector: Float32Array): Change {
    return {
      ops: putVectorOps(this.#space, cid, vector),
      apply: () => {
        if (this.#kept.has(cid)) this.#meanings.add(cid, vector)
      },
    }
  }

  /** An own entry that is announced no more, and stays for this node alone. */
  keepHere(cid: EntryCid): Change {
    const meta = this.#kept.get(cid)
    const block = this.block(cid)
    if (meta === undefined || block === undefined) return { ops: [], apply: () => undefined }
    const here = { ...meta, shared: false }
    return { ops: putEntryOps(here, block), apply: () => void this.#kept.set(cid, here) }
  }

  drop(cid: EntryCid): Change {
    const meta = this.#kept.get(cid)
    if (meta === undefined) return { ops: [], apply: () => undefined }
    return {
      ops: [...deleteEntryOps(meta.swarm, cid), ...deleteVectorOps(this.#space, cid)],
      apply: () => {
        this.#forget(meta)
        this.#meanings.remove(cid)
        this.#words.remove(cid)
        this.#decoded.delete(cid)
      },
    }
  }

  /** Notes that these were handed out. */
  use(cids: readonly EntryCid[], nowMs: number): Change {
    const metas = cids.map(cid => this.#kept.get(cid)).filter(meta => meta !== undefined)
    const used = metas.map(meta => ({ ...meta, uses: meta.uses + 1, lastUsedAt: nowMs }))
    return {
      ops: used.flatMap(updateEntryOps),
      apply: () => {
        for (const meta of used) if (this.#kept.has(meta.cid)) this.#kept.set(meta.cid, meta)
      },
    }
  }

  /** Writes the sketch of an entry as words; false where it has none. */
  copySketch(cid: EntryCid, into: Uint32Array, at: number): boolean {
    return this.#meanings.copySketch(cid, into, at)
  }

  /** How near an entry is to a query; 0 where it has no vector. */
  cosine(cid: EntryCid, query: Float32Array): number {
    return this.#meanings.cosine(cid, query) ?? 0
  }

  searchMeaning(vector: Float32Array, k: number, pause: Pause, accept?: (cid: EntryCid) => boolean) {
    return this.#meanings.search(vector, searchOptions(k, pause, accept))
  }

  searchWords(text: string, k: number, pause: Pause, accept?: (cid: EntryCid) => boolean) {
    return this.#words.search(text, searchOptions(k, pause, accept))
  }

  #remember(meta: KeptEntry, length: number): void {
    if (!this.#kept.has(meta.cid)) {
      this.#addAuthored(meta, 1)
      this.#lengths.set(meta.cid, length)
      this.#bytes += length
    }
    this.#kept.set(meta.cid, meta)
    if (meta.draftKey === undefined) return
    if (!this.#byDraft.get(meta.draftKey).includes(meta.cid)) this.#byDraft.put(meta.draftKey, meta.cid)
  }

  #forget(meta: KeptEntry): void {
    if (!this.#kept.delete(meta.cid)) return
    this.#bytes -= this.bytesOf(meta.cid)
    this.#lengths.delete(meta.cid)
    this.#addAuthored(meta, -1)
    if (meta.draftKey !== undefined) this.#byDraft.take(meta.draftKey, meta.cid)
  }

  #addAuthored({ author, swarm }: KeptEntry, by: 1 | -1): void {
    this.#version++
    const authored = this.#authored.get(swarm) ?? new Map<PeerId, number>()
    const count = (authored.get(author) ?? 0) + by
    if (count > 0) this.#authored.set(swarm, authored.set(author, count))
    else authored.delete(author)
  }

  #index(cid: EntryCid, entry: Entry): void {
    const tools = entry.context.tools ?? []
    // A name in a call or an error says more than a word of prose, and the situation more than the advice.
    this.#words.add(cid, [
      { text: entry.situation, weight: 3 },
      {
        text: [...tools.flatMap(tool => [tool.name, ...tool.arguments]), ...entry.domains].join(' '),
        weight: 2,
      },
      { text: entry.insight.summary, weight: 2 },
      { text: `${entry.insight.detail} ${entry.insight.action}`, weight: 1 },
    ])
  }
}

function searchOptions(k: number, pause: Pause, accept: ((cid: EntryCid) => boolean) | undefined) {
  return accept === undefined ? { k, pause } : { k, pause, accept: (id: string) => accept(id as EntryCid) }
}
