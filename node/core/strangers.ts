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

interface Group {
  readonly count: number
  /** Who of it has most. */
  readonly most: readonly [PeerId, number]
}

/** How the room is filled: made once, and asked for each of the thousands of digests that a flood announces. */
export interface Shares extends Omit<StrangerRoom, 'inviterOf'> {
  readonly total: number
  /** By who let them in. */
  readonly groups: ReadonlyMap<PeerId, Group>
  readonly greatest: readonly [PeerId, Group] | undefined
}

export function sharesOf({ inviterOf, kept, room }: StrangerRoom): Shares {
  const groups = new Map<PeerId, Group>()
  let total = 0
  for (const one of kept) {
    const [peer, count] = one
    const name = inviterOf(peer) ?? peer
    const before = groups.get(name)
    const most = before === undefined || isAfter(one, before.most) ? one : before.most
    groups.set(name, { count: (before?.count ?? 0) + count, most })
    total += count
  }
  let greatest: [PeerId, Group] | undefined
  for (const one of groups)
    if (greatest === undefined || isAfter([one[0], one[1].count], [greatest[0], greatest[1].count]))
      greatest = one
  return { room, kept, total, groups, greatest }
}

/** Whose entry goes, so that this author's finds room: nobody's, where there is room; `full` when it gets none. */
export function yieldsTo(
  author: PeerId,
  inviter: PeerId | undefined,
  { greatest, groups, kept, room, total }: Shares,
): PeerId | 'nobody' | 'full' {
  if (total < room) return 'nobody'
  if (greatest === undefined) return 'full'
  const own = groups.get(inviter ?? author)
  // One entry that changes hands must leave the shares more even than they were, or two would take turns for ever.
  if ((own?.count ?? 0) + 1 < greatest[1].count) return greatest[1].most[0]
  return own !== undefined && (kept.get(author) ?? 0) + 1 < own.most[1] ? own.most[0] : 'full'
}

/** More, or as many under a lower id: nodes need not agree, but one node shall do the same again. */
function isAfter([a, countA]: readonly [PeerId, number], [b, countB]: readonly [PeerId, number]): boolean {
  return countA > countB || (countA === countB && a < b)
}
