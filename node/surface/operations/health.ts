/** Operations on the node itself: how it is, and what is wrong. */

import { z } from 'zod'
import { operation } from '../operation.ts'
import { finding, list, nodeStatus } from '../schemas.ts'

export const getStatus = operation({
  name: 'getStatus',
  group: 'node',
  summary: 'How the node is: swarms, episodes, entries, work that waits',
  method: 'GET',
  path: '/api/v1/status',
  input: z.strictObject({}),
  output: nodeStatus,
  status: 200,
  needsRunning: false,
  handler: node => ({ ok: true, value: node.status() }),
})

export const runDoctor = operation({
  name: 'runDoctor',
  group: 'node',
  summary: 'What is wrong, and how to mend it',
  method: 'GET',
  path: '/api/v1/doctor',
  input: z.strictObject({}),
  output: list(finding),
  status: 200,
  needsRunning: false,
  handler: async node => ({ ok: true, value: { items: await node.doctor() } }),
})
