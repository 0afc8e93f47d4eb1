/**
 * How the room that strangers may fill is shared among them: evenly among those who let them in, and evenly among what one
 * of these let in. So a stranger's flood keeps no other stranger out, and many names behind one invitation gain little.
 * Pure.
 */

import type { PeerId } from '../../protocol/types.ts'

export interface StrangerRoom {
  /** Entries that strangers may fill all together. */
  readonly room: number
  /** Strangers of whom something is kept, and how many entries. */
  readonly kept: ReadonlyMap<PeerId, number>
  readonly inviterOf: (peer: PeerId) => PeerId | undefined
}

/** Whose entry goes, so that this author's finds room: nobody's, where there is room; `full` when it gets none. */
export function yieldsTo(
  author: PeerId,
  { room, kept, inviterOf }: StrangerRoom,
): PeerId | 'nobody' | 'full' {
  const total = [...kept.values()].reduce((sum, count) => sum + count, 0)
  if (total < room) return 'nobody'
  const groups = new Map<PeerId, { count: number; members: [PeerId, number][] }>()
  const groupOf = (peer: PeerId): PeerId => inviterOf(peer) ?? peer
  for (const [peer, count] of kept) {
    const group = groups.get(groupOf(peer)) ?? { count: 0, members: [] }
    group.count += count
    group.members.push([peer, count])
    groups.set(groupOf(peer), group)
  }
  const greatest = [...groups].reduce<[PeerId, number] | undefined>(
    (most, [peer, { count }]) => (most === undefined || isAfter([peer, count], most) ? [peer, count] : most),
    undefined,
  )
  if (greatest === undefined) return 'full'
  const own = groups.get(groupOf(author))
  // One entry that changes hands must leave the shares more even than they were, or two would take turns for ever.
  const isOther = (own?.count ?? 0) + 1 < greatest[1]
  const members = (isOther ? groups.get(greatest[0]) : own)?.members ?? []
  const [most] = members.toSorted((a, b) => (isAfter(a, b) ? -1 : 1))
  if (most === undefined) return 'full'
  return isOther || (kept.get(author) ?? 0) + 1 < most[1] ? most[0] : 'full'
}

/** More, or as many under a lower id: nodes need not agree, but one node shall do the same again. */
function isAfter([a, countA]: readonly [PeerId, number], [b, countB]: readonly [PeerId, number]): boolean {
  return countA > countB || (countA === countB && a < b)
}
