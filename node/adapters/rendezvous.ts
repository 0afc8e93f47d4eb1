/**
 * Finding each other without an address: a node provides the CID of the swarm's rendezvous key in the swarm's own
 * DHT, and asks who else does. No entry is ever announced there; a million of them would take longer to announce
 * than they live.
 */

import type { Libp2p } from '@libp2p/interface'
import { CODE_P2P, type Multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { sha256 } from '../../crypto/hash.ts'
import { addressesMax } from '../../protocol/limits.ts'
import type { Network } from '../ports.ts'
import { didOfLibp2pId } from './peer-ids.ts'

const sha256Code = 0x12

/** `mayDial`: whether an address may be taken from the DHT. Without a DHT both do nothing: there is nobody to ask. */
export function createRendezvous(
  libp2p: Libp2p,
  dht: boolean,
  mayDial: (address: Multiaddr) => boolean,
): Pick<Network, 'advertise' | 'discover'> {
  return {
    advertise: async (key, signal) => {
      if (dht) await libp2p.contentRouting.provide(cidOf(key), { signal })
    },
    discover: (key, signal) => (dht ? discover(libp2p, mayDial, key, signal) : nobody()),
  }
}

async function* discover(
  libp2p: Libp2p,
  mayDial: (address: Multiaddr) => boolean,
  key: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  for await (const { id, multiaddrs } of libp2p.contentRouting.findProviders(cidOf(key), { signal })) {
    if (id.equals(libp2p.peerId) || didOfLibp2pId(id) === undefined) continue
    const addresses = multiaddrs.filter(mayDial).slice(0, addressesMax)
    if (addresses.length > 0) yield addresses.map(address => `${address.decapsulateCode(CODE_P2P)}/p2p/${id}`)
  }
}

async function* nobody(): AsyncGenerator<readonly string[]> {}

function cidOf(key: Uint8Array): CID {
  return CID.createV1(rawCode, createDigest(sha256Code, sha256(key)))
}
