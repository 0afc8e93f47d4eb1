/**
 * The swarms this node is in: what it needs to open them again after a restart, whom it reached there, and the
 * invitations it issued. Each use of an invitation is a row of its own, so that a member who asks again (the
 * answer was lost) uses it once. Redemptions of one invitation run one after the other.
 */

import type { PeerId, Seconds, SwarmId } from '../protocol/types.ts'
import { encode, read } from './codec.ts'
import { keyOf, lastPart, partsOf, prefixes } from './layout.ts'
import type { Store, StoreOp } from './ports.ts'

export interface StoredSwarm {
  readonly id: SwarmId
  /** The signed descriptor as it travels. */
  readonly descriptor: Uint8Array
  /** Pre-shared key of a private swarm. */
  readonly psk?: Uint8Array
  /** Multiaddrs at which it listened last. */
  readonly listen: readonly string[]
  /** Multiaddrs out of the invitation. */
  readonly bootstrap: readonly string[]
  /** Who let this node in; absent for one's own swarm. */
  readonly inviter?: PeerId
  /** Milliseconds. */
  readonly joinedAt: number
}

export interface StoredInvite {
  readonly swarm: SwarmId
  /** The invitation's nonce in hex. */
  readonly id: string
  readonly createdAt: number
  readonly expires: Seconds
  readonly uses: number
  readonly revoked: boolean
}

export function putSwarmOps(swarm: StoredSwarm): StoreOp[] {
  const { id, descriptor, psk, listen, bootstrap, inviter, joinedAt } = swarm
  const value = encode({ descriptor, psk, listen, bootstrap, inviter, joinedAt })
  return [{ type: 'put', key: keyOf(prefixes.swarm, id), value }]
}

/** For a swarm into which this node was not let: whatever it heard there meanwhile. */
export async function removeSwarmOps(store: Store, id: SwarmId): Promise<StoreOp[]> {
  const ops: StoreOp[] = [{ type: 'del', key: keyOf(prefixes.swarm, id) }]
  for (const prefix of [prefixes.record, prefixes.address, prefixes.kept, prefixes.block]) {
    for await (const [key] of store.entries({ prefix: keyOf(prefix, id, '') })) ops.push({ type: 'del', key })
  }
  return ops
}

export async function allSwarms(store: Store): Promise<StoredSwarm[]> {
  const found: StoredSwarm[] = []
  for await (const [key, value] of store.entries({ prefix: prefixes.swarm })) {
    const fields = read(key, value)
    const psk = fields.optionalBytes('psk')
    const inviter = fields.optionalString('inviter')
    found.push({
      id: lastPart(key) as SwarmId,
      descriptor: fields.bytes('descriptor'),
      ...(psk === undefined ? {} : { psk }),
      listen: fields.strings('listen'),
      bootstrap: fields.strings('bootstrap'),
      ...(inviter === undefined ? {} : { inviter: inviter as PeerId }),
      joinedAt: fields.number('joinedAt'),
    })
  }
  return found.sort((a, b) => a.joinedAt - b.joinedAt || (a.id < b.id ? -1 : 1))
}

/** Where a peer was reached last: dialled first after a restart. */
export function putAddressesOps(swarm: SwarmId, peer: PeerId, addresses: readonly string[]): StoreOp[] {
  return [{ type: 'put', key: keyOf(prefixes.address, swarm, peer), value: encode({ addresses }) }]
}

export async function knownAddresses(
  store: Store,
  swarm: SwarmId,
): Promise<{ peer: PeerId; addresses: string[] }[]> {
  const found: { peer: PeerId; addresses: string[] }[] = []
  for await (const [key, value] of store.entries({ prefix: keyOf(prefixes.address, swarm, '') }))
    found.push({ peer: lastPart(key) as PeerId, addresses: read(key, value).strings('addresses') })
  return found
}

export function putInviteOps(invite: StoredInvite): StoreOp[] {
  const { swarm, id, createdAt, expires, uses, revoked } = invite
  const value = encode({ createdAt, expires, uses, revoked })
  return [{ type: 'put', key: keyOf(prefixes.invite, swarm, id), value }]
}

export async function allInvites(store: Store): Promise<StoredInvite[]> {
  const found: StoredInvite[] = []
  for await (const [key, value] of store.entries({ prefix: prefixes.invite })) {
    const [swarm = '', id = ''] = partsOf(prefixes.invite, key)
    const fields = read(key, value)
    found.push({
      swarm: swarm as SwarmId,
      id,
      createdAt: fields.number('createdAt'),
      expires: fields.number('expires'),
      uses: fields.number('uses'),
      revoked: fields.boolean('revoked'),
    })
  }
  return found
}

export function redeemOps(swarm: SwarmId, invite: string, member: PeerId): StoreOp[] {
  const key = keyOf(prefixes.redeemed, swarm, invite, member)
  return [{ type: 'put', key, value: new Uint8Array() }]
}

/** The members that an invitation let in. */
export async function redeemedBy(store: Store, swarm: SwarmId, invite: string): Promise<PeerId[]> {
  const found: PeerId[] = []
  for await (const [key] of store.entries({ prefix: keyOf(prefixes.redeemed, swarm, invite, '') }))
    found.push(lastPart(key) as PeerId)
  return found
}
