/**
 * The port to what is kept: an ordered map of bytes with atomic, durable batches. Everything else that is
 * stored (episodes, records, entries, vectors, evidence) is laid out on it by the files beside this one,
 * so that one batch can hold a whole step of the pipeline, blocks included.
 */

export type StoreOp =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

export interface StoreRange {
  /** Keys beginning with this, in order. */
  readonly prefix: string
  /** Only keys after this one (exclusive), in the direction of the listing. */
  readonly after?: string
  readonly limit?: number
  readonly reverse?: boolean
}

export interface Store {
  /** Synchronous: reads come from the page cache in microseconds. `undefined` where there is none. */
  get(key: string): Uint8Array | undefined
  has(key: string): boolean
  /** All or nothing. Resolves only when durable: after a synced write, shared with other batches then waiting. */
  batch(ops: readonly StoreOp[]): Promise<void>
  /** A consistent snapshot of the range, in key order (UTF-8 bytes). */
  entries(range: StoreRange): AsyncIterable<readonly [key: string, value: Uint8Array]>
  /** Waits for the batches under way; later calls throw. */
  close(): Promise<void>
}

/** Told how many units of work were done since it was called last; a promise gives others their turn. */
export type Pause = (units: number) => void | Promise<void>
