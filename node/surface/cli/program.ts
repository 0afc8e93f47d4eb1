/**
 * What the command line needs of the world around it. main.ts hands it in, so that no command imports an
 * adapter, and so that a test can run the commands on a node of its own.
 */

import type { Result } from '../../../protocol/types.ts'
import type { SwarmloreNode } from '../../api.ts'
import type { Settings } from '../../config.ts'

export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void

export interface Program {
  readonly version: string
  /** How to start this program again: the executable and its first arguments. */
  readonly self: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string | undefined>>
  defaultDataFolder(): string
  /** Opens the store of the folder (made where it is not there) and puts the node together; it is not started. */
  compose(folder: string, settings: Settings, log: Log): Promise<Result<SwarmloreNode>>
  /** A node that keeps nothing: for what may be tried without a data folder. */
  composeInMemory(settings: Settings, log: Log): Promise<Result<SwarmloreNode>>
  /** The bearer token of the folder's API, made where there is none. */
  token(folder: string): Promise<Result<string>>
}
