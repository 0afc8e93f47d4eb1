/**
 * Signed peer records, in libp2p's own format: what a peer says of where it listens, under its own key, so that
 * whoever hands it on cannot change it. identify brings them, and libp2p checks that they are the peer's; from others
 * they are checked here.
 */

import type { Libp2p } from '@libp2p/interface'
import { peerIdFromCID } from '@libp2p/peer-id'
import { PeerRecord as Libp2pRecord, RecordEnvelope } from '@libp2p/peer-record'
import { CODE_P2P } from '@multiformats/multiaddr'
import { addressesMax, peerRecordBytesMax } from '../../protocol/limits.ts'
import type { Discovery } from '../ports.ts'
import { isWithin, nearest, type Scope, scopeOf } from './address-scope.ts'
import { didOfLibp2pId, libp2pIdOfDid } from './peer-ids.ts'

export function createPeerRecords(
  libp2p: Pick<Libp2p, 'getConnections' | 'peerStore'>,
): Omit<Discovery, 'search'> {
  return {
    peerRecords: async peers => {
      const found: Uint8Array[] = []
      for (const peer of peers) {
        const id = libp2pIdOfDid(peer)
        if (libp2p.getConnections(id).length === 0 || !(await libp2p.peerStore.has(id))) continue
        const { peerRecordEnvelope } = await libp2p.peerStore.get(id)
        if (peerRecordEnvelope !== undefined && peerRecordEnvelope.length <= peerRecordBytesMax)
          found.push(peerRecordEnvelope)
      }
      return found
    },
    readPeerRecord: async (bytes, from) => {
      const reach = reachOf(libp2p.getConnections(libp2pIdOfDid(from)))
      if (bytes.length > peerRecordBytesMax || reach === undefined) return undefined
      try {
        const envelope = await RecordEnvelope.openAndCertify(bytes, Libp2pRecord.DOMAIN)
        const { peerId, multiaddrs } = Libp2pRecord.createFromProtobuf(envelope.payload)
        const peer = didOfLibp2pId(peerId)
        // Anyone may sign with a key of its own; the record must be of that key's peer.
        if (peer === undefined || !peerIdFromCID(envelope.publicKey.toCID()).equals(peerId)) return undefined
        const addresses = multiaddrs
          .slice(0, addressesMax)
          .filter(address => isWithin(address, reach))
          .map(address => `${address.decapsulateCode(CODE_P2P)}/p2p/${peerId}`)
        return { peer, addresses }
      } catch {
        // The library throws at whatever is no envelope, no record, or not signed: all of it is a record that does not hold.
        return undefined
      }
    },
  }
}

/** From where a peer may speak: the nearest scope at which it is connected; undefined when it is not. */
export function reachOf(connections: ReturnType<Libp2p['getConnections']>): Scope | undefined {
  if (connections.length === 0) return undefined
  return nearest(connections.map(({ remoteAddr }) => scopeOf(remoteAddr)))
}
