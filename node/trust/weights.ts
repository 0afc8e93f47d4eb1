/**
 * What the vouching graph of one swarm says of each peer: how much its word weighs here, behind whom it stands, and what
 * others attest of it, weighed by their own influence. Made anew from the records and the evidence, never changed.
 */

import type { PeerId } from '../../protocol/types.ts'
import { branchesOf, nobody } from './dominators.ts'
import { shareOf, spreadInfluence } from './influence.ts'
import { type Counts, noCounts } from './opinion.ts'
import { buildVouching, type VouchingGraph, type VouchingInput } from './vouching.ts'

/** A peer that vouches for another. */
export interface Voucher {
  readonly peer: PeerId
  readonly influence: number
  /** Its opinion of the other. */
  readonly opinion: number
  /** How much of the other's influence comes over this edge; in later rounds a little more may. */
  readonly passesOn: number
}

/** What one peer attests of another, all days together. */
export interface Witness extends Counts {
  readonly peer: PeerId
  readonly influence: number
}

export interface Weights {
  readonly peers: number
  readonly edges: number
  /** 0 for whom nobody with influence vouches. */
  influenceOf(peer: PeerId): number
  /** The peer right next to me through which all vouching for this one passes, perhaps itself. Equal: not independent. */
  branchOf(peer: PeerId): PeerId | undefined
  /** What is attested of the peer, each attester's word times its influence. */
  attestedOf(peer: PeerId): Counts
  /** For a person who asks why; walks over all edges. Most influential first. */
  vouchersOf(peer: PeerId): readonly Voucher[]
  /** Those without influence as well, whose word counts nothing. */
  witnessesOf(peer: PeerId): readonly Witness[]
}

export function weighPeers(input: VouchingInput): Weights {
  const graph = buildVouching(input)
  const { peers, numberOf, edges } = graph
  const influence = spreadInfluence(graph)
  const branches = branchesOf(graph)
  const attested = weighStatements(graph, influence)
  const of = <T>(peer: PeerId, read: (number: number) => T, otherwise: T): T => {
    const number = numberOf(peer)
    return number === undefined ? otherwise : read(number)
  }
  return {
    peers: peers.length,
    edges: edges.to.length,
    influenceOf: peer => of(peer, number => influence[number] ?? 0, 0),
    branchOf: peer => of(peer, number => peers[branches[number] ?? nobody], undefined),
    attestedOf: peer =>
      of(
        peer,
        number => ({ helped: attested.helped[number] ?? 0, hurt: attested.hurt[number] ?? 0 }),
        noCounts,
      ),
    vouchersOf: peer => of(peer, number => vouchersOf(graph, influence, number), []),
    witnessesOf: peer => of(peer, number => witnessesOf(graph, influence, number), []),
  }
}

function weighStatements({ peers, statements }: VouchingGraph, influence: Float64Array) {
  const helped = new Float64Array(peers.length)
  const hurt = new Float64Array(peers.length)
  for (const [at, attester] of statements.by.entries()) {
    const weight = influence[attester] ?? 0
    const subject = statements.of[at] ?? 0
    helped[subject] = (helped[subject] ?? 0) + weight * (statements.helped[at] ?? 0)
    hurt[subject] = (hurt[subject] ?? 0) + weight * (statements.hurt[at] ?? 0)
  }
  return { helped, hurt }
}

function vouchersOf(
  { peers, edges, first }: VouchingGraph,
  influence: Float64Array,
  number: number,
): readonly Voucher[] {
  const vouchers: Voucher[] = []
  for (const [at, target] of edges.to.entries()) {
    const source = edges.from[at] ?? 0
    const peer = peers[source]
    const own = influence[source] ?? 0
    if (target !== number || own === 0 || peer === undefined) continue
    const opinion = edges.opinion[at] ?? 0
    const share = shareOf(edges.opinion, first[source] ?? 0, first[source + 1] ?? 0)
    vouchers.push({ peer, influence: own, opinion, passesOn: own * share * opinion })
  }
  return vouchers.sort((a, b) => b.passesOn - a.passesOn || byId(a, b))
}

function witnessesOf(
  { peers, statements }: VouchingGraph,
  influence: Float64Array,
  number: number,
): readonly Witness[] {
  const witnesses: Witness[] = []
  for (const [at, subject] of statements.of.entries()) {
    const attester = statements.by[at] ?? 0
    const peer = peers[attester]
    if (subject !== number || peer === undefined) continue
    const said = { helped: statements.helped[at] ?? 0, hurt: statements.hurt[at] ?? 0 }
    witnesses.push({ peer, influence: influence[attester] ?? 0, ...said })
  }
  return witnesses.sort((a, b) => b.influence - a.influence || byId(a, b))
}

function byId(a: { readonly peer: PeerId }, b: { readonly peer: PeerId }): number {
  return a.peer < b.peer ? -1 : 1
}
