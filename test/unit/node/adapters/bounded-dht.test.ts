/** Whom the DHT may call: whoever is connected, and others only as long as there are few. */

import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, test } from 'vitest'
import { dhtConnectionsMax, frugal } from '../../../../node/adapters/bounded-dht.ts'

const peer = async (): Promise<PeerId> => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))

interface Circumstances {
  readonly members?: boolean
  readonly direction?: Connection['direction']
  readonly sinceMs?: number
}

const nowMs = 1_700_000_000_000

async function withConnected(
  count: number,
  { members = true, direction = 'inbound', sinceMs = 0 }: Circumstances = {},
) {
  const connected = await Promise.all(Array.from({ length: count }, peer))
  const getConnections = (to?: PeerId) =>
    connected
      .filter(one => to === undefined || one.equals(to))
      .map(one => ({ remotePeer: one, direction, timeline: { open: nowMs - sinceMs } }) as Connection)
  return { connected, reach: frugal({ getConnections }, { isMember: () => members, now: () => nowMs }) }
}

test('with enough connections nobody else is called, and those who are connected are asked as ever', async () => {
  const { connected, reach } = await withConnected(dhtConnectionsMax)
  await expect(reach(await peer(), async () => 'called')).rejects.toMatchObject({ code: 'peer-unreachable' })
  expect(await reach(connected[0], async () => 'asked')).toBe('asked')
})

test('strangers who called keep nobody from being called, however many they are; nor do others who stay strangers', async () => {
  const called = await withConnected(30, { members: false })
  expect(await called.reach(await peer(), async () => 'called')).toBe('called')
  const lasting = await withConnected(30, { members: false, direction: 'outbound', sinceMs: 60_000 })
  expect(await lasting.reach(await peer(), async () => 'called')).toBe('called')
})

test('a newcomer, who knows no member yet, calls no more than others', async () => {
  const { reach } = await withConnected(dhtConnectionsMax, {
    members: false,
    direction: 'outbound',
    sinceMs: 59_000,
  })
  await expect(reach(await peer(), async () => 'called')).rejects.toMatchObject({ code: 'peer-unreachable' })
})

test('calls under way count, until they have come to an end; a second question to the same peer does not', async () => {
  const { reach } = await withConnected(dhtConnectionsMax - 1)
  const [called, other] = [await peer(), await peer()]
  let fail: (cause: Error) => void = () => undefined
  const call = reach(called, () => new Promise((_, reject) => (fail = reject)))
  await expect(reach(other, async () => 'called')).rejects.toMatchObject({ code: 'peer-unreachable' })
  expect(await reach(called, async () => 'called again')).toBe('called again')
  fail(new Error('nobody there'))
  await expect(call).rejects.toThrow('nobody there')
  expect(await reach(other, async () => 'called')).toBe('called')
})
