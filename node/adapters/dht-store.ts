/**
 * Where libp2p keeps what the DHT is told. Kademlia writes down whatever a peer announces, for two days, without a bound;
 * here a peer has room for the rendezvous keys of a swarm (SPEC, "Transport") and for nothing else, so that nobody fills
 * a node's memory with announcements of entries, values, or noise.
 */

import { MemoryDatastore } from 'datastore-core/memory'
import { Key } from 'interface-datastore/key'
import { shardsMax } from '../../protocol/limits.ts'

/** Keys of one peer: one for each shard of the largest swarm. */
const rowsPerPeerMax = shardsMax
/** Of all peers together: the oldest give way. Some 200 bytes each. */
const rowsMax = 8_192

export class DhtStore extends MemoryDatastore {
  /** Of each peer, oldest first. */
  readonly #rows = new Map<string, Set<string>>()
  #count = 0

  override put(...[key, value, options]: Parameters<MemoryDatastore['put']>): Key | Promise<Key> {
    const [dht, kind, , peer] = key.namespaces()
    if (dht !== 'dht') return super.put(key, value, options)
    // Values are refused: the swarm keeps none in the DHT. A dropped announcement is no error that its sender could mend.
    if (kind !== 'provider' || peer === undefined || !this.#hasRoom(peer, key.toString())) return key
    return super.put(key, value, options)
  }

  override delete(...[key, options]: Parameters<MemoryDatastore['delete']>): void | Promise<void> {
    const [dht, , , peer = ''] = key.namespaces()
    if (dht === 'dht') this.#drop(peer, key.toString())
    return super.delete(key, options)
  }

  #hasRoom(peer: string, row: string): boolean {
    const rows = this.#rows.get(peer) ?? new Set()
    if (rows.has(row)) return true
    if (rows.size >= rowsPerPeerMax) return false
    if (this.#count >= rowsMax) this.#dropOldest()
    this.#rows.set(peer, rows.add(row))
    this.#count++
    return true
  }

  #dropOldest(): void {
    const [oldest] = this.#rows
    const [row] = oldest?.[1] ?? []
    if (row !== undefined) void this.delete(new Key(row))
  }

  #drop(peer: string, row: string): void {
    const rows = this.#rows.get(peer)
    if (rows?.delete(row) !== true) return
    this.#count--
    if (rows.size === 0) this.#rows.delete(peer)
  }
}
