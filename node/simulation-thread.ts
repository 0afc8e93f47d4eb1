/**
 * The simulator on a thread of its own. Where it needs more memory than the engine may use, the engine ends that thread,
 * and the process lives to say so; on the main thread the process itself would die with a trace of the engine.
 */

import { getHeapStatistics } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { Failure, Result } from '../protocol/types.ts'
import type { SimOptions, SpreadOptions } from './surface/cli/options.ts'
import type {
  MergedRuns,
  MergeOptions,
  SimulatedRun,
  SimulateOptions,
  SpreadRow,
} from './surface/cli/program.ts'

export type SimulationWork =
  | { readonly task: 'simulate'; readonly written: SimOptions; readonly version: string }
  | { readonly task: 'merge'; readonly options: MergeOptions }
  | { readonly task: 'spread'; readonly written: SpreadOptions }

/** One thing that the thread tells; the outcome comes last. */
export interface Told {
  readonly runs?: number
  readonly progress?: number
  readonly result?: SimulatedRun
  readonly row?: SpreadRow
  readonly outcome?: Result<unknown>
}

export async function simulateInThread(
  { written, onProgress, onResult, onRuns }: SimulateOptions,
  version: string,
): Promise<Result<number>> {
  return inThread<number>({ task: 'simulate', written, version }, ({ progress, result, runs }) => {
    if (runs !== undefined) onRuns(runs)
    if (progress !== undefined) onProgress(progress)
    if (result !== undefined) onResult(result)
  })
}

export async function mergeInThread(options: MergeOptions): Promise<Result<MergedRuns>> {
  return inThread<MergedRuns>({ task: 'merge', options }, () => undefined)
}

export async function spreadInThread(
  written: SpreadOptions,
  onRow: (row: SpreadRow) => void,
): Promise<Result<void>> {
  return inThread<void>({ task: 'spread', written }, ({ row }) => {
    if (row !== undefined) onRow(row)
  })
}

/** `Value` is what that work comes to. */
function inThread<Value>(work: SimulationWork, onTold: (told: Told) => void): Promise<Result<Value>> {
  const { promise, resolve, reject } = Promise.withResolvers<Result<Value>>()
  new Worker(new URL('./simulation-worker.ts', import.meta.url), { workerData: work })
    .on('message', (told: Told) => {
      onTold(told)
      if (told.outcome !== undefined) resolve(told.outcome as Result<Value>)
    })
    .on('error', (cause: Error) => {
      if ('code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(heapFull())
      else reject(cause)
    })
  return promise
}

function heapFull(): Failure {
  const heapMb = Math.round(getHeapStatistics().heap_size_limit / 2 ** 20)
  return {
    ok: false,
    code: 'out-of-memory',
    message: `This does not fit into the ${heapMb} MB that Node may use for its objects: take fewer nodes or minutes, or, where the machine has more memory, let Node use it with NODE_OPTIONS=--max-old-space-size=${2 * heapMb}.`,
  }
}
