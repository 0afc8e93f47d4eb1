/**
 * How simulated nodes come to know of each other: records that a peer has signed of where it listens, and meeting places
 * in the DHT, whose records stand for themselves (whom its lookups connect: `dht.ts`).
 */

import { toHex, utf8Bytes } from '../../crypto/bytes.ts'
import { sha256 } from '../../crypto/hash.ts'
import type { KeyPair } from '../../crypto/keys.ts'
import { sign, signatureBytes, verify } from '../../crypto/sign.ts'
import type { Discovery, PeerRecord } from '../../node/ports.ts'
import { parsePeerId, publicKeyOfPeer } from '../../protocol/identity.ts'
import { addressesMax, peerRecordBytesMax } from '../../protocol/limits.ts'
import type { PeerId } from '../../protocol/types.ts'
import type { LineEnd } from './line.ts'

export interface DiscoveryInit {
  readonly pair: KeyPair
  readonly self: LineEnd
  readonly linkOf: (peer: PeerId) => LineEnd | undefined
}

const records = new WeakMap<LineEnd, Uint8Array>()

export function createDiscovery({ pair, self, linkOf }: DiscoveryInit): Discovery {
  const text = utf8Bytes(JSON.stringify({ peer: self.self, addresses: [self.address] }))
  records.set(self, Uint8Array.of(...sign(text, pair), ...text))
  return {
    search: () => ({ mdns: false, dials: [] }),
    peerRecords: async peers => peers.map(linkOf).flatMap(link => (link && records.get(link)) ?? []),
    readPeerRecord: async bytes => readRecord(bytes),
  }
}

function readRecord(bytes: Uint8Array): PeerRecord | undefined {
  if (bytes.length > peerRecordBytesMax) return undefined
  const text = bytes.subarray(signatureBytes)
  let read: unknown
  try {
    read = JSON.parse(Buffer.from(text).toString())
  } catch {
    // What is no JSON is no record.
    return undefined
  }
  if (typeof read !== 'object' || read === null || !('peer' in read) || !('addresses' in read))
    return undefined
  const peer = typeof read.peer === 'string' ? parsePeerId(read.peer) : undefined
  if (peer === undefined || !Array.isArray(read.addresses)) return undefined
  if (!verify(text, bytes.subarray(0, signatureBytes), publicKeyOfPeer(peer))) return undefined
  const addresses = read.addresses.filter(address => typeof address === 'string')
  return { peer, addresses: addresses.slice(0, addressesMax) }
}

/** Where in the DHT a key belongs, or the peer of a public key: the first 32 bits of its hash. */
export function placeOf(key: Uint8Array): number {
  const hash = sha256(key)
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0)
}

export function meetingPlace(places: Map<string, Set<LineEnd>>, key: Uint8Array): Set<LineEnd> {
  const name = toHex(key)
  let place = places.get(name)
  if (place === undefined) {
    place = new Set()
    places.set(name, place)
  }
  return place
}
