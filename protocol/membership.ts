/**
 * Who is a member when: the graph of `member` records from the founder outwards. Built layer by layer, each from the
 * ones before it only, so that the answer does not depend on the order in which records came, and no circle of
 * members can hold itself up. SPEC section "Membership".
 */

import { isInForce, timeInForce } from './chain.ts'
import { founderMemberAllowance, memberAllowance } from './limits.ts'
import { always, holdsAt, never, type Spans, union, within } from './spans.ts'
import { chainLengthMax } from './swarm.ts'
import type { Descriptor, MemberRecord, PeerId, RecordId, Seconds } from './types.ts'

export interface MemberAllowances {
  readonly membersOfFounder: number
  readonly membersOfMember: number
}

export const memberAllowances: MemberAllowances = {
  membersOfFounder: founderMemberAllowance,
  membersOfMember: memberAllowance,
}

type MemberStatus = 'live' | 'not-member' | 'allowance'

export interface MembershipInput {
  readonly descriptor: Descriptor
  readonly allowances: MemberAllowances
  /** In any order, none aged out. */
  readonly records: Iterable<MemberRecord>
  /** When the inviter took a member record back; `undefined` where it did not. Where that changes, `takenBack` is called. */
  readonly removedAt: (record: MemberRecord) => Seconds | undefined
}

export interface Membership {
  status(id: RecordId): MemberStatus | undefined
  /** Whether a chain of memberships in force at that time leads from the founder to the peer. */
  isMember(peer: PeerId, atS: Seconds): boolean
  /** The shortest such chain, founder first; empty for the founder. */
  chainTo(peer: PeerId, atS: Seconds): readonly MemberRecord[] | undefined
  /**
   * The status of one more record, as building again would give it; only what is live is remembered. `isLeaf` says
   * that no record of its member is held. `undefined` where the record changes others, and the caller must build again.
   */
  add(record: MemberRecord, isLeaf: boolean): MemberStatus | undefined
  /** What `removedAt` says of a record has changed. */
  takenBack(): void
}

interface Edge {
  readonly record: MemberRecord
  readonly layer: number
}

/** What one author let in at one distance from the founder. */
interface Placed {
  readonly count: number
  readonly highest: RecordId
}

export function buildMembership(input: MembershipInput): Membership {
  const { descriptor, removedAt, allowances } = input
  const { founder } = descriptor
  const layersMax = chainLengthMax(descriptor)
  const layers = Array.from({ length: layersMax }, (_, index) => index + 1)
  const statuses = new Map<RecordId, MemberStatus>()
  const edgesTo = new Map<PeerId, Edge[]>()
  const placed = new Map<string, Placed>()
  /** By peer and number of memberships: asked thousands of times a second, and changed by a member record now and then. */
  const known = new Map<PeerId, Spans[]>()

  /** When a chain to the peer of at most `layer` memberships, all of layers up to it, is in force. */
  function membershipOf(peer: PeerId, layer: number): Spans {
    if (peer === founder) return always
    if (layer === 0) return never
    const before = known.get(peer)
    const ofPeer = before ?? []
    if (before === undefined) known.set(peer, ofPeer)
    const spans = ofPeer[layer] ?? spansOf(edgesTo.get(peer) ?? [], layer)
    ofPeer[layer] = spans
    return spans
  }

  function spansOf(edges: readonly Edge[], layer: number): Spans {
    const fit = edges.filter(edge => edge.layer <= layer)
    return union(
      fit.map(({ record }) => {
        const { from, to } = timeInForce(record)
        const end = Math.min(to, removedAt(record) ?? to)
        return within(membershipOf(record.envelope.author, layer - 1), { from, to: end })
      }),
    )
  }

  function isMemberWithin(layer: number, peer: PeerId, atS: Seconds): boolean {
    return holdsAt(membershipOf(peer, layer), atS)
  }

  /** The shortest chain to the peer that is in force at the time, and of those the first. */
  function chainTo(peer: PeerId, atS: Seconds): readonly MemberRecord[] | undefined {
    if (peer === founder) return []
    const length = layers.find(layer => isMemberWithin(layer, peer, atS))
    if (length === undefined) return undefined
    const last = edgesTo
      .get(peer)
      ?.find(
        ({ record, layer }) =>
          layer <= length && isHeld(record, atS) && isMemberWithin(length - 1, record.envelope.author, atS),
      )?.record
    const chain = last && chainTo(last.envelope.author, atS)
    return chain && [...chain, last]
  }

  function isHeld(record: MemberRecord, atS: Seconds): boolean {
    const end = removedAt(record)
    return isInForce(record, atS) && (end === undefined || atS < end)
  }

  function place(record: MemberRecord, layer: number): MemberStatus {
    const { author, body } = record.envelope
    const group = `${layer} ${author}`
    const before = placed.get(group)
    const count = before?.count ?? 0
    if (count >= allowanceOf(author)) return 'allowance'
    const isHighest = before === undefined || record.id > before.highest
    placed.set(group, { count: count + 1, highest: isHighest ? record.id : before.highest })
    const edges = edgesTo.get(body.member)
    if (edges === undefined) edgesTo.set(body.member, [{ record, layer }])
    else edges.push({ record, layer })
    return 'live'
  }

  function allowanceOf(author: PeerId): number {
    return author === founder ? allowances.membersOfFounder : allowances.membersOfMember
  }

  function layerOf({ envelope: { author, t } }: MemberRecord): number | undefined {
    return layers.find(layer => isMemberWithin(layer - 1, author, t))
  }

  function add(record: MemberRecord, isLeaf: boolean): MemberStatus | undefined {
    const { author, body } = record.envelope
    const layer = layerOf(record)
    // What hangs on its member does not matter: a stranger's word makes nobody a member.
    if (layer === undefined) return 'not-member'
    const full = placed.get(`${layer} ${author}`)
    if (full !== undefined && full.count >= allowanceOf(author)) {
      // A lower id pushes out a higher one.
      return record.id > full.highest ? 'allowance' : undefined
    }
    // The founder is a member without any record.
    if (!isLeaf && body.member !== founder) return undefined
    const status = place(record, layer)
    statuses.set(record.id, status)
    // Nobody's membership rests on a leaf's.
    known.delete(body.member)
    return status
  }

  let waiting = [...input.records].sort((a, b) => (a.id < b.id ? -1 : 1))
  for (const layer of layers) {
    const reached = waiting.filter(({ envelope: { author, t } }) => isMemberWithin(layer - 1, author, t))
    // The lowest ids come first, so the allowance takes them.
    for (const record of reached) statuses.set(record.id, place(record, layer))
    waiting = waiting.filter(record => !statuses.has(record.id))
  }
  for (const record of waiting) statuses.set(record.id, 'not-member')

  return {
    status: id => statuses.get(id),
    isMember: (peer, atS) => isMemberWithin(layersMax, peer, atS),
    chainTo,
    add,
    takenBack: () => known.clear(),
  }
}
