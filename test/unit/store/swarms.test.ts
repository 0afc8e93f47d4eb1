import { beforeEach, expect, it } from 'vitest'
import type { PeerId, SwarmId } from '../../../protocol/types.ts'
import { openMemoryStore } from '../../../store/memory.ts'
import type { Store } from '../../../store/ports.ts'
import {
  allInvites,
  allSwarms,
  knownAddresses,
  putAddressesOps,
  putInviteOps,
  putSwarmOps,
  redeemedBy,
  redeemOps,
  type StoredInvite,
  type StoredSwarm,
} from '../../../store/swarms.ts'

let store: Store
beforeEach(() => {
  store = openMemoryStore()
})

const id = 'ab' as SwarmId
const other = 'abc' as SwarmId
const peer = 'did:key:z6Mk' as PeerId

it('opens the same swarms again after a restart, in the order in which they were joined', async () => {
  const own: StoredSwarm = {
    id: other,
    descriptor: Uint8Array.of(1),
    listen: ['/ip4/127.0.0.1/tcp/4001'],
    bootstrap: [],
    joinedAt: 1,
  }
  const joined: StoredSwarm = {
    ...own,
    id,
    psk: new Uint8Array(32),
    inviter: peer,
    bootstrap: ['/x'],
    joinedAt: 2,
  }
  await store.batch([...putSwarmOps(joined), ...putSwarmOps(own)])
  expect(await allSwarms(store)).toEqual([own, joined])
})

it('knows where the peers of a swarm were reached last', async () => {
  await store.batch([...putAddressesOps(id, peer, ['/a']), ...putAddressesOps(other, peer, ['/c'])])
  await store.batch(putAddressesOps(id, peer, ['/b']))
  expect(await knownAddresses(store, id)).toEqual([{ peer, addresses: ['/b'] }])
})

it('counts each member that an invitation let in once', async () => {
  const invite: StoredInvite = { swarm: id, id: '0f', createdAt: 1, expires: 2, uses: 3, revoked: false }
  await store.batch([...putInviteOps(invite), ...redeemOps(id, '0f', peer), ...redeemOps(id, '0fff', peer)])
  await store.batch(redeemOps(id, '0f', peer))
  expect(await redeemedBy(store, id, '0f')).toEqual([peer])
  await store.batch(putInviteOps({ ...invite, revoked: true }))
  expect(await allInvites(store)).toEqual([{ ...invite, revoked: true }])
})
