/**
 * Where libp2p keeps what it is told of other peers. Kademlia writes down whatever a peer announces, for two days, and
 * the address book whomever anybody names, both without a bound. Here a peer has room for the rendezvous keys of a swarm
 * (SPEC, "Transport") and for nothing else, and the book for so many peers and no more, so that nobody fills a node's
 * memory with announcements of entries, values, peers that are none, or noise.
 */

import { peerIdFromCID } from '@libp2p/peer-id'
import { MemoryDatastore } from 'datastore-core/memory'
import type { Pair } from 'interface-datastore'
import { Key } from 'interface-datastore/key'
import { CID } from 'multiformats/cid'
import { shardsMax } from '../../protocol/limits.ts'

/** What their rows begin with: the key and the peer follow. */
const announcements = '/dht/provider/'
/** Keys of one peer: one for each shard of the largest swarm. */
const rowsPerPeerMax = shardsMax
/** Of all peers together: the oldest give way. Some 200 bytes each. */
const rowsMax = 8_192
/** Handed out of one key: three times what a query takes, and an answer of a bounded length. */
const rowsOfKeyMax = 64
/**
 * An announcement is made anew every ten minutes, in the largest swarm every three hours. The address book forgets a peer
 * after six: whoever asks for a key under which it still stands would be answered nothing at all.
 */
const announcedMsMax = 4 * 3_600_000
/** Peers in the address book; those who are connected stay. */
const peersMax = 2_048
/** Of one of them: sixty addresses, what it speaks, and its signed record. What goes beyond is not taken up. */
const peerBytesMax = 8 * 1024

export interface DhtStoreInit {
  /** Milliseconds. */
  readonly now: () => number
  readonly isConnected: (libp2pId: string) => boolean
}

export class DhtStore extends MemoryDatastore {
  readonly #init: DhtStoreInit
  /** Of each peer, oldest first: when it announced what, in milliseconds. */
  readonly #rows = new Map<string, Map<string, number>>()
  /** Of each key, oldest first, by the beginning that its rows share. */
  readonly #ofKey = new Map<string, Set<string>>()
  #count = 0
  /** Rows of the address book, oldest first. */
  readonly #peers = new Set<string>()

  constructor(init: DhtStoreInit) {
    super()
    this.#init = init
  }

  override put(...[key, value, options]: Parameters<MemoryDatastore['put']>): Key | Promise<Key> {
    const [space, kind, , peer] = key.namespaces()
    if (space === 'peers' && !this.#takesPeer(key.toString(), value)) return key
    // Values are refused: the swarm keeps none in the DHT. A dropped announcement is no error that its sender could mend.
    if (
      space === 'dht' &&
      (kind !== 'provider' || peer === undefined || !this.#hasRoom(peer, key.toString()))
    )
      return key
    return super.put(key, value, options)
  }

  override delete(...[key, options]: Parameters<MemoryDatastore['delete']>): void | Promise<void> {
    const [space, , , peer = ''] = key.namespaces()
    if (space === 'dht') this.#drop(peer, key.toString())
    if (space === 'peers') this.#peers.delete(key.toString())
    return super.delete(key, options)
  }

  /** Of one key without going through all of them: anybody may ask, as often as it likes. */
  override query(
    ...[query, options]: Parameters<MemoryDatastore['query']>
  ): ReturnType<MemoryDatastore['query']> {
    const { prefix = '' } = query
    return prefix.startsWith(announcements) ? this.#announced(prefix) : super.query(query, options)
  }

  async *#announced(prefix: string): AsyncGenerator<Pair> {
    let left = rowsOfKeyMax
    for (const row of this.#ofKey.get(prefix) ?? []) {
      const key = new Key(row)
      if (this.#isStale(key)) await this.delete(key)
      else if (left-- > 0) yield { key, value: await this.get(key) }
      else return
    }
  }

  #isStale(key: Key): boolean {
    const announcedAt = this.#rows.get(key.name())?.get(key.toString())
    return announcedAt !== undefined && this.#init.now() - announcedAt > announcedMsMax
  }

  #takesPeer(row: string, value: Uint8Array): boolean {
    if (value.length > peerBytesMax) return false
    if (this.#peers.has(row)) return true
    if (this.#peers.size >= peersMax) this.#dropPeer()
    this.#peers.add(row)
    return true
  }

  /** The oldest that is not connected; there are fewer connections than places. */
  #dropPeer(): void {
    for (const row of this.#peers) {
      const peer = peerIdFromCID(CID.parse(new Key(row).name())).toString()
      if (this.#init.isConnected(peer)) continue
      for (const announced of [...(this.#rows.get(peer)?.keys() ?? [])]) void this.delete(new Key(announced))
      void this.delete(new Key(row))
      return
    }
  }

  #hasRoom(peer: string, row: string): boolean {
    const rows = this.#rows.get(peer) ?? new Map<string, number>()
    const isNew = !rows.has(row)
    if (isNew && rows.size >= rowsPerPeerMax) return false
    if (isNew && this.#count >= rowsMax) this.#dropOldest()
    this.#rows.set(peer, rows.set(row, this.#init.now()))
    const key = keyOf(row)
    this.#ofKey.set(key, (this.#ofKey.get(key) ?? new Set()).add(row))
    if (isNew) this.#count++
    return true
  }

  #dropOldest(): void {
    const [oldest] = this.#rows.values()
    const [row] = oldest?.keys() ?? []
    if (row !== undefined) void this.delete(new Key(row))
  }

  #drop(peer: string, row: string): void {
    const rows = this.#rows.get(peer)
    if (rows?.delete(row) !== true) return
    this.#count--
    if (rows.size === 0) this.#rows.delete(peer)
    const key = keyOf(row)
    const others = this.#ofKey.get(key)
    others?.delete(row)
    if (others?.size === 0) this.#ofKey.delete(key)
  }
}

function keyOf(row: string): string {
  return row.slice(0, row.lastIndexOf('/'))
}
