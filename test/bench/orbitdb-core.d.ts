/** As much of `@orbitdb/core` as the benchmark uses: it ships no types of its own. */
declare module '@orbitdb/core' {
  import type { EventEmitter } from 'node:events'
  import type { Helia } from 'helia'

  export interface OrbitStorage {
    close(): Promise<void>
  }

  export interface EventsDatabase {
    readonly address: string
    /** Emits 'update' when a head and what stands before it has come. */
    readonly events: EventEmitter
    add(value: unknown): Promise<string>
    all(): Promise<readonly unknown[]>
    close(): Promise<void>
  }

  export interface OpenOptions {
    readonly type?: 'events'
    readonly entryStorage?: OrbitStorage
    readonly headsStorage?: OrbitStorage
    readonly indexStorage?: OrbitStorage
  }

  export interface OrbitDB {
    open(address: string, options?: OpenOptions): Promise<EventsDatabase>
    stop(): Promise<void>
  }

  export function createOrbitDB(init: {
    readonly ipfs: Helia
    readonly id: string
    readonly directory: string
  }): Promise<OrbitDB>
  export function ComposedStorage(first: OrbitStorage, second: OrbitStorage): Promise<OrbitStorage>
  export function LRUStorage(init: { readonly size: number }): Promise<OrbitStorage>
  export function MemoryStorage(): Promise<OrbitStorage>
  export function IPFSBlockStorage(init: {
    readonly ipfs: Helia
    readonly pin: boolean
  }): Promise<OrbitStorage>
}
