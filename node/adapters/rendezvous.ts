/**
 * Finding each other without an address: a node provides the CID of the swarm's rendezvous key in the swarm's own
 * DHT, and asks who else does. No entry is ever announced there; a million of them would take longer to announce
 * than they live.
 */

import type { Libp2p } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { sha256 } from '../../crypto/hash.ts'
import type { Network } from '../ports.ts'

const sha256Code = 0x12

/** Without a DHT both do nothing: there is nobody to ask. */
export function createRendezvous(libp2p: Libp2p, dht: boolean): Pick<Network, 'advertise' | 'discover'> {
  return {
    advertise: async (key, signal) => {
      if (dht) await libp2p.contentRouting.provide(cidOf(key), { signal })
    },
    discover: (key, signal) => discover(libp2p, dht, key, signal),
  }
}

async function* discover(
  libp2p: Libp2p,
  dht: boolean,
  key: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  if (!dht) return
  for await (const { id, multiaddrs } of libp2p.contentRouting.findProviders(cidOf(key), { signal })) {
    if (id.equals(libp2p.peerId) || multiaddrs.length === 0) continue
    const suffix = `/p2p/${id.toString()}`
    yield multiaddrs.map(String).map(text => (text.endsWith(suffix) ? text : `${text}${suffix}`))
  }
}

function cidOf(key: Uint8Array): CID {
  return CID.createV1(rawCode, createDigest(sha256Code, sha256(key)))
}
