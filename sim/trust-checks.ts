/**
 * What must hold of a node's view of its peers, whatever they say of each other. Each takes all views of one node, and
 * says what is wrong with them, if anything.
 */

import type { PeerView } from '../node/api.ts'
import type { PeerId } from '../protocol/types.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

export type TrustCheck = 'influence-shared' | 'attested-by-influence' | 'trusted-for-a-reason'

type Judge = (views: readonly PeerView[], world: World, machine: Machine) => string | undefined

/** Whom nobody here has tried, sees no more than rounding errors beyond these bounds. */
const slack = 1e-9
/** Outcomes before an author's own record makes it trusted, a little decayed, and what that record must expect at least. */
const triedOutcomes = 3.5
const triedTrust = 0.5
/** One attester moves an opinion by as much as so many outcomes, times its influence. */
const attestedMax = 2

export const trustChecks: Readonly<Record<TrustCheck, Judge>> = {
  /** All identities behind one machine weigh together at most half of it. */
  'influence-shared': (views, world) => {
    for (const hostile of world.hostile) {
      const own = world.peerOf(hostile)
      const voucher = views.find(({ peer }) => peer === own)
      const names = views.filter(({ peer }) => peer !== own && world.machineOf(peer) === hostile)
      // Who has been tried here has its weight from this node, too.
      if (voucher === undefined || names.some(isTried)) continue
      const sum = names.reduce((all, { influence }) => all + influence, 0)
      if (sum > voucher.influence / 2 + slack)
        return `${names.length} identities behind ${hostile.name} weigh ${sum}, and it ${voucher.influence}`
    }
    return undefined
  },
  /** What others say of a peer weighs as much as they do. */
  'attested-by-influence': views => {
    const all = views.reduce((sum, { influence }) => sum + influence, 0)
    const over = views.find(
      ({ attested, influence }) => attested.helped + attested.hurt > attestedMax * (all - influence) + slack,
    )
    return over && `of ${over.peer} is attested what those who say it do not weigh`
  },
  /** Who is trusted is next to this node, or next to one who is, or has proved itself here. */
  'trusted-for-a-reason': (views, world, machine) => {
    const self = world.peerOf(machine)
    const inviter = world.inviterOf(self)
    const isNext = (peer: PeerId): boolean => peer === inviter || world.inviterOf(peer) === self
    const odd = views.find(({ peer, tier, word, evidence, trust }) => {
      if (tier !== 'trusted' || word.pinned || word.trust !== undefined) return false
      const its = world.inviterOf(peer)
      if (isNext(peer) || (its !== undefined && isNext(its))) return false
      return evidence.helped + evidence.hurt < triedOutcomes || trust < triedTrust
    })
    return odd && `${world.machineOf(odd.peer)?.name ?? odd.peer} is trusted, and nothing speaks for it`
  },
}

function isTried({ evidence, word }: PeerView): boolean {
  return evidence.helped + evidence.hurt > 0 || word.pinned || word.trust !== undefined
}
