/** Operations on peers: who is there, and how much their word weighs here. */

import { z } from 'zod'
import type { PeerId, Result } from '../../../protocol/types.ts'
import type { PeerDetail, SwarmloreNode } from '../../api.ts'
import { operation } from '../operation.ts'
import { resolvePeer } from '../resolve-peer.ts'
import { list, peerDetail, peerIn, peerView } from '../schemas.ts'

export const listPeers = operation({
  name: 'listPeers',
  group: 'peers',
  summary: 'Lists the peers this node knows, connected or not',
  method: 'GET',
  path: '/api/v1/peers',
  input: z.strictObject({}),
  output: list(peerView),
  status: 200,
  needsRunning: false,
  handler: async node => ({ ok: true, value: { items: await node.peers() } }),
})

export const explainTrust = operation({
  name: 'explainTrust',
  group: 'peers',
  summary: 'One peer, and why its word weighs what it weighs',
  method: 'GET',
  path: '/api/v1/peers/{id}/why',
  input: z.strictObject({ id: peerIn }),
  output: peerDetail,
  status: 200,
  needsRunning: false,
  handler: (node, { id }) => withPeer(node, id, peer => node.peer(peer)),
})

export const setTrust = operation({
  name: 'setTrust',
  group: 'peers',
  summary: "The owner's word on a peer: pin it, block it (from a time on), or set its trust",
  method: 'PUT',
  path: '/api/v1/peers/{id}/trust',
  input: z
    .strictObject({
      id: peerIn,
      pinned: z.boolean().exactOptional(),
      blocked: z.boolean().exactOptional(),
      blockedSince: z.int().min(0).exactOptional().meta({ description: 'Seconds since 1970-01-01 UTC' }),
      trust: z.number().min(0).max(1).exactOptional(),
    })
    .refine(
      given => [given.pinned, given.blocked, given.trust].some(value => value !== undefined),
      'give at least one of pinned, blocked and trust',
    ),
  output: peerDetail,
  status: 200,
  needsRunning: false,
  handler: (node, { id, ...word }) => withPeer(node, id, peer => node.setTrust(peer, word)),
})

export const clearTrust = operation({
  name: 'clearTrust',
  group: 'peers',
  summary: "Takes the owner's word on a peer back, so that evidence alone decides",
  method: 'DELETE',
  path: '/api/v1/peers/{id}/trust',
  input: z.strictObject({ id: peerIn }),
  output: peerDetail,
  status: 200,
  needsRunning: false,
  handler: (node, { id }) => withPeer(node, id, peer => node.setTrust(peer, undefined)),
})

async function withPeer(
  node: SwarmloreNode,
  text: string,
  use: (peer: PeerId) => Promise<Result<PeerDetail>>,
): Promise<Result<PeerDetail>> {
  const found = await resolvePeer(node, text)
  return found.ok ? use(found.value) : found
}
