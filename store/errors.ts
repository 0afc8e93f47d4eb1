/**
 * What can go wrong with what is kept, as stable codes. Opening answers with a `Failure` of these; a batch or a
 * read of an open store can only throw, so there the same code and sentence stand in a `StoreError`.
 */

export type StoreErrorCode =
  /** Another node has the folder open. */
  | 'store-locked'
  /** The folder cannot be read or written by this user, or is no folder. */
  | 'store-unreadable'
  /** No room to write. Reading goes on. */
  | 'store-full'
  /** What is on the disk is not what was written. */
  | 'store-corrupt'
  /** Written by a later version of the program. */
  | 'store-newer'
  /** A write failed for another reason. Reading goes on; writing needs a restart. */
  | 'store-write-failed'
  /** Used after `close`. */
  | 'store-closed'

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}
