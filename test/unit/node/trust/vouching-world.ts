/** Small vouching graphs, written as edges between names. */

import type { Attested, VouchingInput } from '../../../../node/trust/vouching.ts'
import { type Weights, weighPeers } from '../../../../node/trust/weights.ts'
import type { PeerId } from '../../../../protocol/types.ts'
import { peer } from '../entry-samples.ts'

export const today = 20_000

export interface World {
  /** Whom I vouch for, and how much. */
  readonly mine: Readonly<Record<string, number>>
  /** Inviter → those whom it let in. */
  readonly invited?: Readonly<Record<string, readonly string[]>>
  readonly attested?: readonly Attested[]
  readonly words?: Readonly<Record<string, 'blocked' | 'spoken'>>
  /** Members whom nobody here let in. */
  readonly others?: readonly string[]
}

export function said(author: string, subject: string, helped: number, hurt = 0, day = today): Attested {
  return { author: peer(author), subject: peer(subject), day, helped, hurt }
}

function vouchingOf({ mine, invited = {}, attested = [], words = {}, others = [] }: World): VouchingInput {
  const inviters = new Map<PeerId, PeerId>()
  for (const [inviter, guests] of Object.entries(invited))
    for (const guest of guests) inviters.set(peer(guest), peer(inviter))
  const spokenOf = new Map(Object.entries(words).map(([name, word]) => [peer(name), word]))
  const own = new Map(Object.entries(mine).map(([name, weight]) => [peer(name), weight]))
  const names = new Set([
    peer('me'),
    ...own.keys(),
    ...inviters.keys(),
    ...inviters.values(),
    ...others.map(peer),
  ])
  return {
    self: peer('me'),
    members: [...names].map(name => ({ peer: name, inviter: inviters.get(name) })),
    ownEdge: member => own.get(member.peer),
    attested,
    wordOn: member => spokenOf.get(member) ?? 'none',
    today,
    decay: days => 2 ** (-days / 30),
    reading: { hurtWeight: 1.5 },
  }
}

export function weighed(world: World): Weights {
  return weighPeers(vouchingOf(world))
}
