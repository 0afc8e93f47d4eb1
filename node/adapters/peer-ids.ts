/**
 * The two spellings of a peer: `did:key` in the node, libp2p's PeerId below it. Both name the same Ed25519 key,
 * so each can be made from the other without asking anyone.
 */

import type { PeerId as Libp2pId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { didOf, libp2pIdOf, publicKeyOfDid, publicKeyOfLibp2pId } from '../../crypto/keys.ts'
import type { PeerId } from '../../protocol/types.ts'
import { NetworkFailure } from './network-failure.ts'

/** Undefined for a peer with another kind of key: it cannot be an author or a member, and is not let in. */
export function didOfLibp2pId(id: Libp2pId | string): PeerId | undefined {
  const key = publicKeyOfLibp2pId(id.toString())
  return key && (didOf(key) as PeerId)
}

export function libp2pIdOfDid(peer: PeerId): Libp2pId {
  const key = publicKeyOfDid(peer)
  if (!key) throw new NetworkFailure('address-invalid', `${peer} is not the did:key of an Ed25519 key.`)
  return peerIdFromString(libp2pIdOf(key))
}
