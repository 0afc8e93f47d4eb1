/**
 * A disk behind the `Store` port, over the memory store: what is written is durable a moment later, and only then seen and
 * acknowledged. A power cut keeps the batches that had reached the disk, in their order; a torn one is as if it
 * had never been, as the log of the real store has it. The disk can be slow, fail and fill up.
 */

import type { Random } from '../node/ports.ts'
import { StoreError } from '../store/errors.ts'
import { type MemoryStore, openMemoryStore } from '../store/memory.ts'
import type { Store, StoreOp, StoreRange } from '../store/ports.ts'
import type { EventQueue, Life } from './events.ts'
import type { InternedRows } from './interned.ts'
import { between, happens } from './random.ts'

interface Pending {
  readonly ops: readonly StoreOp[]
  readonly bytes: number
  done(): void
  failed(error: StoreError): void
}

export interface DiskInit {
  readonly events: EventQueue
  readonly random: Random
  readonly interned: InternedRows
  /** Told of every batch at the moment in which it is durable. */
  readonly onDurable?: (ops: readonly StoreOp[]) => void
}

/** One synced write, shared by all batches that wait for it. */
const syncMs = { least: 0.5, most: 4 }
/** What a row costs beyond key and value. */
const rowBytes = 16

/** It outlives the nodes that run on it. */
export class Disk {
  /** How many times slower than usual. */
  slowness = 1
  /** The share of writes that fail. */
  failing = 0
  /** What fits on it. */
  bytesMax = Number.POSITIVE_INFINITY
  /** When it last refused a write. */
  refusedMs = Number.NEGATIVE_INFINITY
  readonly #init: DiskInit
  #memory = openMemoryStore()
  #bytes = 0
  #open: DiskStore | undefined

  constructor(init: DiskInit) {
    this.#init = init
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether all that was given to it is on it. */
  get isIdle(): boolean {
    return this.#open === undefined || this.#open.isIdle
  }

  /** For one node at a time. */
  open(life: Life): Store {
    if (this.#open?.isOpen) throw new StoreError('store-locked', 'Another node has this disk open.')
    this.#open = new DiskStore(this, this.#init, life)
    return this.#open
  }

  /** What of the writes under way had reached the disk is chance; no more is heard of any of them. */
  powerCut(): void {
    const { random } = this.#init
    const pending = this.#open?.abandon() ?? []
    for (const { ops, bytes } of pending.slice(0, random.below(pending.length + 1))) this.#write(ops, bytes)
    this.#open = undefined
  }

  /** All that is on it now. */
  async copy(): Promise<readonly StoreOp[]> {
    const ops: StoreOp[] = []
    for await (const [key, value] of this.#memory.entries({ prefix: '' }))
      ops.push({ type: 'put', key, value })
    return ops
  }

  /** Another disk's content in place of this one's. No node may run on it. */
  async restore(ops: readonly StoreOp[]): Promise<void> {
    if (this.#open?.isOpen) throw new StoreError('store-locked', 'A node has this disk open.')
    this.#memory = openMemoryStore()
    this.#bytes = bytesOf(ops)
    this.#memory.keep(ops.map(op => (op.type === 'put' ? this.#init.interned.put(op) : op)))
  }

  refused(error: StoreError): StoreError {
    this.refusedMs = this.#init.events.nowMs
    return error
  }

  get rows(): MemoryStore {
    return this.#memory
  }

  syncMs(): number {
    return between(this.#init.random, syncMs.least, syncMs.most) * this.slowness
  }

  /** Writes what waits, or fails as a disk would. */
  sync(pending: readonly Pending[]): void {
    for (const { ops, bytes, done, failed } of pending) {
      if (this.#bytes + bytes > this.bytesMax)
        failed(this.refused(new StoreError('store-full', 'The simulated disk is full.')))
      else if (happens(this.#init.random, this.failing))
        failed(this.refused(new StoreError('store-write-failed', 'The simulated disk failed.')))
      else {
        this.#write(ops, bytes)
        done()
      }
    }
  }

  #write(ops: readonly StoreOp[], bytes: number): void {
    this.#bytes += bytes
    this.#memory.keep(ops)
    this.#init.onDurable?.(ops)
  }
}

class DiskStore implements Store {
  readonly #disk: Disk
  readonly #events: EventQueue
  readonly #interned: InternedRows
  readonly #life: Life
  #pending: Pending[] = []
  #syncing = false
  #idlers: (() => void)[] = []
  /** Why nothing is written any more: after one failed write, the real store wants a restart, too. */
  #broken: StoreError | undefined
  isOpen = true

  constructor(disk: Disk, { events, interned }: DiskInit, life: Life) {
    this.#disk = disk
    this.#events = events
    this.#interned = interned
    this.#life = life
  }

  get(key: string): Uint8Array | undefined {
    this.#assertOpen()
    return this.#disk.rows.get(key)
  }

  has(key: string): boolean {
    this.#assertOpen()
    return this.#disk.rows.has(key)
  }

  async batch(given: readonly StoreOp[]): Promise<void> {
    this.#assertOpen()
    if (this.#broken !== undefined) throw this.#disk.refused(this.#broken)
    // The caller may go on to use its arrays.
    const ops = given.map(op => (op.type === 'put' ? this.#interned.put(op) : op))
    await new Promise<void>((done, failed) => {
      const broke = (error: StoreError): void => {
        if (error.code === 'store-write-failed') this.#broken = error
        failed(error)
      }
      this.#pending.push({ ops, bytes: bytesOf(ops), done, failed: broke })
      this.#sync()
    })
  }

  entries(range: StoreRange): AsyncGenerator<readonly [string, Uint8Array]> {
    return this.#disk.rows.entries(range, () => this.#assertOpen())
  }

  async close(): Promise<void> {
    this.isOpen = false
    if (this.#pending.length > 0) await new Promise<void>(resolve => this.#idlers.push(resolve))
  }

  get isIdle(): boolean {
    return this.#pending.length === 0
  }

  abandon(): readonly Pending[] {
    this.isOpen = false
    return this.#pending.splice(0)
  }

  #sync(): void {
    if (this.#syncing || this.#pending.length === 0) return
    this.#syncing = true
    const together = this.#pending.length
    const synced = (): undefined => {
      this.#syncing = false
      this.#disk.sync(this.#pending.splice(0, together))
      if (this.#pending.length === 0) for (const done of this.#idlers.splice(0)) done()
      this.#sync()
    }
    this.#events.in(this.#disk.syncMs(), synced, this.#life)
  }

  #assertOpen(): void {
    if (!this.isOpen) throw new StoreError('store-closed', 'The simulated disk is not open.')
  }
}

/** What a batch adds at most: what is deleted or replaced makes room only when the real store tidies up. */
function bytesOf(ops: readonly StoreOp[]): number {
  let bytes = 0
  for (const op of ops) bytes += rowBytes + op.key.length + (op.type === 'put' ? op.value.length : 0)
  return bytes
}
