/** Operations on swarms and invitations: get others in, get in. */

import { z } from 'zod'
import { operation } from '../operation.ts'
import { inviteView, list, swarmIn, swarmView } from '../schemas.ts'

export const listSwarms = operation({
  name: 'listSwarms',
  group: 'swarms',
  summary: 'Lists the swarms this node is in',
  method: 'GET',
  path: '/api/v1/swarms',
  input: z.strictObject({}),
  output: list(swarmView),
  status: 200,
  needsRunning: false,
  handler: node => ({ ok: true, value: { items: node.swarms() } }),
})

export const joinSwarm = operation({
  name: 'joinSwarm',
  group: 'swarms',
  summary: 'Joins the swarm of an invitation',
  method: 'POST',
  path: '/api/v1/swarms',
  input: z.strictObject({ invitation: z.string().min(1).max(16_384) }),
  output: swarmView,
  status: 201,
  needsRunning: true,
  handler: (node, { invitation }) => node.join(invitation.trim()),
})

export const createInvite = operation({
  name: 'createInvite',
  group: 'swarms',
  summary: 'Makes an invitation: one string that lets others in',
  method: 'POST',
  path: '/api/v1/invites',
  input: z.strictObject({
    swarm: swarmIn.exactOptional(),
    uses: z.int().min(1).max(10_000).exactOptional(),
    expiresInS: z
      .int()
      .min(60)
      .max(366 * 86_400)
      .exactOptional(),
  }),
  output: z.object({ text: z.string(), invite: inviteView }),
  status: 201,
  needsRunning: true,
  handler: (node, options) => node.invite(options),
})

export const listInvites = operation({
  name: 'listInvites',
  group: 'swarms',
  summary: 'Lists the invitations this node has made',
  method: 'GET',
  path: '/api/v1/invites',
  input: z.strictObject({}),
  output: list(inviteView),
  status: 200,
  needsRunning: false,
  handler: async node => ({ ok: true, value: { items: await node.invites() } }),
})

export const revokeInvite = operation({
  name: 'revokeInvite',
  group: 'swarms',
  summary: 'Revokes an invitation: nobody can use it from now on',
  method: 'DELETE',
  path: '/api/v1/invites/{id}',
  input: z.strictObject({ id: z.string().min(1).max(200) }),
  output: inviteView,
  status: 200,
  needsRunning: false,
  handler: (node, { id }) => node.revokeInvite(id),
})
