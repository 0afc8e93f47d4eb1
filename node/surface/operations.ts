/**
 * The table of operations: the one list behind the HTTP API, OpenAPI and the command line. A surface that is
 * added later (MCP, a client library) is made from it, too.
 */

import type { z } from 'zod'
import type { Operation } from './operation.ts'
import * as entries from './operations/entries.ts'
import * as episodes from './operations/episodes.ts'
import * as health from './operations/health.ts'
import * as peers from './operations/peers.ts'
import * as recall from './operations/recall.ts'
import * as swarms from './operations/swarms.ts'

export const operations = { ...episodes, ...recall, ...entries, ...peers, ...swarms, ...health }

export type OperationName = keyof typeof operations
/** What a caller gives, before defaults and conversion. */
export type InputOf<Name extends OperationName> = z.input<(typeof operations)[Name]['input']>
export type OutputOf<Name extends OperationName> = z.output<(typeof operations)[Name]['output']>

export const allOperations: readonly Operation[] = Object.values(operations)
