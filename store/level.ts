/**
 * The store on disk: one Level database. Batches that wait together are written together with one sync (group
 * commit), and each is acknowledged only after it. Every value carries a CRC-32 over key and value, because
 * Level reads its tables without checking theirs: a byte that the disk lost must not pass for data (a damaged
 * index of a table can still hide a row).
 */

import { mkdir, readdir, realpath, statfs } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { Level } from 'level'
import type { Result } from '../protocol/types.ts'
import { StoreError, type StoreErrorCode } from './errors.ts'
import { compareKeys, prefixEnd } from './order.ts'
import type { Store, StoreOp, StoreRange } from './ports.ts'

type Database = Level<string, Uint8Array>

/** Bytes in one synced write; what waits beyond goes into the next one, so that no write holds the disk for long. */
const GROUP_BYTES_MAX = 4 * 2 ** 20
/** Level needs room to rewrite tables in the background; a disk that fills up during that stops all writing for good. */
const RESERVE_BYTES = 16 * 2 ** 20
/** Items that one step of an iterator brings; some 100 KB of small values. */
const ITERATOR_ITEMS = 500
const ITERATOR_BYTES = 256 * 2 ** 10
const CHECKSUM_BYTES = 4

/**
 * Real paths that this process has open. Level's lock is the system's, which a process loses when it closes any
 * handle on the lock file, as a second attempt to open the same folder would.
 */
const openFolders = new Set<string>()

interface LevelStoreOptions {
  /** Free bytes on the disk below which writing is refused (and reading goes on). */
  readonly reserveBytes?: number
}

/** Opens the database in `folder`, or makes it, readable by this user only. Fails with a sentence that names the folder and the way out. */
export async function openLevelStore(
  folder: string,
  { reserveBytes = RESERVE_BYTES }: LevelStoreOptions = {},
): Promise<Result<Store, StoreErrorCode>> {
  let path: string | undefined
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const real = await realpath(folder)
    if (openFolders.has(real)) return failure(lockedError(folder))
    openFolders.add(real)
    path = real
    // Without CURRENT Level would take the folder for a new one, and every table in it for garbage to delete.
    const names = await readdir(folder)
    if (!names.includes('CURRENT') && names.some(name => /\.(ldb|sst|log)$/.test(name)))
      throw new StoreError('store-corrupt', corruptMessage(folder))
    const db: Database = new Level(folder, { keyEncoding: 'utf8', valueEncoding: 'view' })
    await db.open({ passive: false })
    return { ok: true, value: new LevelStore(db, folder, reserveBytes, () => openFolders.delete(real)) }
  } catch (cause) {
    if (path !== undefined) openFolders.delete(path)
    const error = openError(folder, cause)
    if (error === undefined) throw cause
    return failure(error)
  }
}

interface WaitingBatch {
  readonly ops: readonly StoreOp[]
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

class LevelStore implements Store {
  readonly #db: Database
  readonly #folder: string
  readonly #reserveBytes: number
  readonly #onClosed: () => void
  #waiting: WaitingBatch[] = []
  #writing: Promise<void> | undefined
  #closing: Promise<void> | undefined
  /** Set by the first write that failed: Level's log may end in half a record then, and what follows it could be lost. */
  #broken: StoreError | undefined

  constructor(db: Database, folder: string, reserveBytes: number, onClosed: () => void) {
    this.#db = db
    this.#folder = folder
    this.#reserveBytes = reserveBytes
    this.#onClosed = onClosed
  }

  get(key: string): Uint8Array | undefined {
    this.#assertOpen()
    const sealed = this.#read(() => this.#db.getSync(key))
    return sealed === undefined ? undefined : unseal(key, sealed, this.#folder)
  }

  has(key: string): boolean {
    this.#assertOpen()
    return this.#read(() => this.#db.getSync(key)) !== undefined
  }

  async batch(ops: readonly StoreOp[]): Promise<void> {
    this.#assertOpen()
    if (ops.length === 0) return
    // Sealing copies the values, so the caller may reuse its buffers at once.
    const sealed = ops.map(op => (op.type === 'put' ? { ...op, value: seal(op.key, op.value) } : op))
    const bytes = sealed.reduce(
      (sum, op) => sum + op.key.length + (op.type === 'put' ? op.value.length : 0),
      0,
    )
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ ops: sealed, bytes, resolve, reject })
      this.#writing ??= this.#writeWaiting()
    })
  }

  async *entries(range: StoreRange): AsyncGenerator<readonly [string, Uint8Array]> {
    this.#assertOpen()
    const iterator = this.#db.iterator({ ...bounds(range), highWaterMarkBytes: ITERATOR_BYTES })
    try {
      let reading = iterator.nextv(ITERATOR_ITEMS)
      for (;;) {
        const items = await reading
        if (items.length === 0) return
        // The next items are read while these are worked on; a failure meanwhile is met by the `await` above.
        reading = iterator.nextv(ITERATOR_ITEMS)
        reading.catch(() => undefined)
        for (const [key, value] of items) yield [key, unseal(key, value, this.#folder)]
      }
    } catch (error) {
      throw this.#readError(error)
    } finally {
      await iterator.close()
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeOnce()
    return this.#closing
  }

  async #closeOnce(): Promise<void> {
    await this.#writing
    await this.#db.close()
    this.#onClosed()
  }

  async #writeWaiting(): Promise<void> {
    // Let every batch of this turn of the event loop join the first write.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      const error = await this.#write(group.flatMap(batch => batch.ops))
      for (const batch of group) error === undefined ? batch.resolve() : batch.reject(error)
    }
    this.#writing = undefined
  }

  #takeGroup(): WaitingBatch[] {
    let bytes = 0
    let count = 0
    for (const batch of this.#waiting) {
      bytes += batch.bytes
      if (count > 0 && bytes > GROUP_BYTES_MAX) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #write(ops: readonly StoreOp[]): Promise<StoreError | undefined> {
    if (this.#broken !== undefined) return this.#broken
    try {
      const disk = await statfs(this.#folder)
      if (disk.bavail * disk.bsize < this.#reserveBytes)
        return new StoreError('store-full', fullMessage(this.#folder, 'Then go on'))
      await this.#db.batch([...ops], { sync: true })
      return undefined
    } catch (cause) {
      this.#broken = messageOf(cause).includes('No space left')
        ? new StoreError('store-full', fullMessage(this.#folder, 'Then restart the node'), cause)
        : new StoreError(
            'store-write-failed',
            `Writing to the data folder ${this.#folder} failed (${messageOf(cause)}). Nothing acknowledged is lost; mend the disk, then restart the node.`,
            cause,
          )
      return this.#broken
    }
  }

  #read<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      throw this.#readError(error)
    }
  }

  #readError(error: unknown): unknown {
    if (error instanceof StoreError) return error
    if (this.#closing !== undefined) return closedError(this.#folder, error)
    const code = codeOf(error)
    return code === 'LEVEL_CORRUPTION' || code === 'LEVEL_IO_ERROR'
      ? new StoreError('store-corrupt', corruptMessage(this.#folder), error)
      : error
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError(this.#folder)
  }
}

function bounds({ prefix, after, limit, reverse }: StoreRange) {
  const end = prefixEnd(prefix)
  const start =
    !reverse && after !== undefined && compareKeys(after, prefix) >= 0 ? { gt: after } : { gte: prefix }
  const stop =
    reverse && after !== undefined && (end === undefined || compareKeys(after, end) < 0) ? after : end
  return {
    ...start,
    ...(stop === undefined ? {} : { lt: stop }),
    ...(limit === undefined ? {} : { limit }),
    reverse: reverse ?? false,
  }
}

function seal(key: string, value: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(CHECKSUM_BYTES + value.length)
  sealed.set(value, CHECKSUM_BYTES)
  new DataView(sealed.buffer).setUint32(0, crc32(value, crc32(key)))
  return sealed
}

function unseal(key: string, sealed: Uint8Array, folder: string): Uint8Array {
  const { buffer, byteOffset, length } = sealed
  if (length >= CHECKSUM_BYTES) {
    const value = new Uint8Array(buffer, byteOffset + CHECKSUM_BYTES, length - CHECKSUM_BYTES)
    if (new DataView(buffer, byteOffset).getUint32(0) === crc32(value, crc32(key))) return value
  }
  throw new StoreError('store-corrupt', corruptMessage(folder))
}

/** Level's and the system's errors of opening, as ours; undefined for what is none of them (a bug). */
function openError(folder: string, error: unknown): StoreError | undefined {
  // Level wraps what happened in "database failed to open".
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = codeOf(cause)
  const message = messageOf(cause)
  if (cause instanceof StoreError) return cause
  if (code === 'LEVEL_LOCKED') return lockedError(folder, error)
  if (code === 'ENOSPC' || message.includes('No space left'))
    return new StoreError('store-full', fullMessage(folder, 'Then start the node again'), error)
  if (code === 'LEVEL_CORRUPTION' || (code === 'LEVEL_IO_ERROR' && /No such file|NotFound/.test(message)))
    return new StoreError('store-corrupt', corruptMessage(folder), error)
  if (code?.startsWith('E') || code === 'LEVEL_IO_ERROR')
    return new StoreError(
      'store-unreadable',
      `The data folder ${folder} cannot be opened (${message}). Make it a folder that this user can read and write, or choose another with --data.`,
      error,
    )
  return undefined
}

function lockedError(folder: string, cause?: unknown): StoreError {
  return new StoreError(
    'store-locked',
    `The data folder ${folder} is in use by another node. Stop that node, or choose another folder with --data.`,
    cause,
  )
}

function corruptMessage(folder: string): string {
  return `The data folder ${folder} is damaged: what is on the disk is not what was written. Restore it from a backup, or move it away and start anew; what peers hold comes back from them.`
}

function fullMessage(folder: string, then: string): string {
  return `The disk that holds the data folder ${folder} is full. Nothing acknowledged is lost and reading goes on; free some space. ${then}.`
}

function closedError(folder: string, cause?: unknown): StoreError {
  return new StoreError('store-closed', `The store in ${folder} is closed.`, cause)
}

function failure(error: StoreError): Result<never, StoreErrorCode> {
  return { ok: false, code: error.code, message: error.message }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
