/** Small valid entries and drafts for the tests of pure functions. */

import type { Entry, EntryCid, PeerId } from '../../../protocol/types.ts'

export const peer = (name: string): PeerId => `did:key:${name}` as PeerId
export const cid = (name: string): EntryCid => `bafkrei${name}` as EntryCid

export function entry(changes: Partial<Entry> = {}): Entry {
  return {
    v: 1,
    kind: 'pitfall',
    domains: ['orders'],
    situation: '`update_order` fails with "payment method not found".',
    insight: {
      summary: 'The id was built from what the user said.',
      detail: '',
      action: 'Take `payment_id` from `get_user.payment_methods`.',
    },
    context: { tools: [{ name: 'update_order', arguments: ['payment_id'] }] },
    support: { episodes: 4, asks: 2, solved: 3, unsolved: 1, firstSeen: 20_000, lastSeen: 20_000 },
    lineage: { parents: [], method: 'repair' },
    author: peer('a'),
    created: 1_728_000_000,
    ...changes,
  }
}

/** A unit vector at the given angle in a plane of eight dimensions. */
export function vectorAt(degrees: number): Float32Array {
  const vector = new Float32Array(8)
  vector[0] = Math.cos((degrees * Math.PI) / 180)
  vector[1] = Math.sin((degrees * Math.PI) / 180)
  return vector
}
