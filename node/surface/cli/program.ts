/**
 * What the command line needs of the world around it. main.ts hands it in, so that no command imports an
 * adapter, and so that a test can run the commands on a node of its own.
 */

import type { Result } from '../../../protocol/types.ts'
import type { SwarmloreNode } from '../../api.ts'
import type { Settings } from '../../config.ts'
import type { SimOptions, SpreadOptions } from './options.ts'

export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void

export interface Composed {
  readonly node: SwarmloreNode
  /** Stops the node and everything under it. */
  close(): Promise<void>
}

export interface ExperimentOptions {
  readonly files: readonly string[]
  readonly seed: string
  readonly heldOut: number
  readonly settings: Settings
  readonly log: Log
  readonly onProgress: (line: string) => void
}

/** What `sim` is asked for, as it stands on the command line. */
export interface SimulateOptions {
  readonly written: SimOptions
  /** So many runs will follow. */
  readonly onRuns: (count: number) => void
  /** How much of the present run is done, from 0 to 1. */
  readonly onProgress: (share: number) => void
  readonly onResult: (result: SimulatedRun) => void
}

export interface SimulatedRun {
  readonly figures: Readonly<Record<string, unknown>> & {
    readonly violations: readonly {
      readonly check: string
      /** Milliseconds. */
      readonly atMs: number
      readonly node?: string | undefined
      readonly message: string
      /** Its number in the trace. */
      readonly event: number
    }[]
    /** Runs the same again. */
    readonly command: string
  }
  /** What happened before the first violation, or before the run was stopped. */
  readonly trace: readonly string[]
  /** It was stopped where `--until` says. */
  readonly stopped: boolean
  /** Of a replay: whether it has the trace of the run that is replayed. */
  readonly isAgain?: boolean
}

export interface MergeOptions {
  readonly files: readonly string[]
  /** A folder. */
  readonly report?: string
}

/** Of a whole sweep. */
export type MergedRuns = Readonly<Record<string, unknown>> & {
  readonly seeds: number
  readonly failing: readonly {
    readonly seed: string
    readonly checks: readonly string[]
    readonly command: string
  }[]
}

/** What a digest did in a swarm of one size. */
export interface SpreadRow {
  readonly nodes: number
  readonly isWhole: boolean
  readonly figures: Readonly<Record<string, number>>
}

export interface CalibrateOptions {
  readonly onStep: (what: string) => void
}

/** The simulated network beside the real one. */
export interface Calibrated {
  /** What fits this machine's real nodes best, and what the simulator has. */
  readonly fit: Readonly<Record<string, number>>
  readonly inUse: Readonly<Record<string, number>>
  readonly swarms: readonly {
    readonly nodes: number
    /** The fit was made on this one; else it was only tested on it. */
    readonly isFitted: boolean
    /** Share of the machine's processors that other programs used meanwhile: a machine should have nothing else to do. */
    readonly othersBusy: number
    readonly rows: readonly ComparedRow[]
  }[]
  readonly costs: readonly {
    readonly work: string
    readonly measuredMicros: number
    readonly tableMicros: number
  }[]
}

export interface ComparedRow {
  readonly what: string
  readonly unit: string
  readonly real: number
  readonly simulated: number
  /** By how much the simulation is off, as a share of what is real. */
  readonly distance: number
}

export interface Program {
  readonly version: string
  /** How to start this program again: the executable and its first arguments. */
  readonly self: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string | undefined>>
  defaultDataFolder(): Promise<string>
  /** Whether a node was begun in the folder. */
  holdsNode(folder: string): Promise<boolean>
  /** Opens the store of the folder (made where it is not there) and puts the node together; it is not started. */
  compose(folder: string, settings: Settings, log: Log): Promise<Result<Composed>>
  /** A node that keeps nothing: for what may be tried without a data folder. */
  composeInMemory(settings: Settings, log: Log): Promise<Result<Composed>>
  /** Runs an experiment of `sim/experiments` on these files; the result is plain JSON. */
  experiment(options: ExperimentOptions): Promise<Result<readonly Readonly<Record<string, unknown>>[]>>
  /** Simulates; answers with the number of runs in which something was violated, or that did not come about again. */
  simulate(options: SimulateOptions): Promise<Result<number>>
  /** How digests spread in swarms of these sizes, one row after the other. */
  spread(written: SpreadOptions, onRow: (row: SpreadRow) => void): Promise<Result<void>>
  /** Holds the simulated network to real nodes on this machine; takes some ten minutes. */
  calibrate(options: CalibrateOptions): Promise<Calibrated>
  /** Joins what runs of shards have printed as JSON lines. */
  mergeSimulated(options: MergeOptions): Promise<Result<MergedRuns>>
  /** The bearer token of the folder's API, made where there is none. */
  token(folder: string): Promise<Result<string>>
  /** To be called once the node runs: gives back memory that only the start needed. */
  settle(): Promise<void>
}
