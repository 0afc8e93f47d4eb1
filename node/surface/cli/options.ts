/** The options of commands, as commander hands them to the actions. */

export interface RecallOptions {
  readonly call?: string
  readonly error?: string
  readonly tools?: string
  readonly limit?: string
  readonly prompt?: boolean
}

export interface ListOptions {
  readonly status?: string
  readonly author?: string
  readonly domain?: string
  readonly text?: string
  readonly swarm?: string
  readonly limit: string
  readonly cursor?: string
}

export interface AddOptions {
  readonly kind: string
  readonly domain: string[]
  readonly situation: string
  readonly summary: string
  readonly detail?: string
  readonly action: string
  readonly tool?: string[]
  readonly swarm?: string
}

export interface InviteOptions {
  readonly swarm?: string
  readonly uses?: string
  readonly days?: string
}

export interface E7CommandOptions {
  readonly data?: readonly string[]
  readonly seed: string
  readonly heldOut: string
}

export interface SimOptions {
  readonly nodes?: string
  readonly minutes?: string
  readonly seed?: string
  readonly seeds?: string
  readonly shard?: string
  readonly faults?: string
  readonly adversaries?: string
  readonly workload?: string
  readonly publishes?: string
  readonly recalls?: string
  /** A folder. */
  readonly workloadData?: string
  readonly until?: string
  /** A file. */
  readonly replay?: string
  /** A folder. */
  readonly report?: string
}

export interface SpreadOptions {
  readonly sizes?: string
  readonly lessons?: string
  readonly by?: string
  readonly loss?: string
  readonly whole?: string
}
