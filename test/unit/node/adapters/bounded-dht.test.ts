/** Whom the DHT may call: whoever is connected, and others only as long as there are few. */

import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, test } from 'vitest'
import { dhtConnectionsMax, frugal } from '../../../../node/adapters/bounded-dht.ts'

const peer = async (): Promise<PeerId> => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))

async function withConnected(count: number) {
  const connected = await Promise.all(Array.from({ length: count }, peer))
  const getConnections = (to?: PeerId) =>
    connected
      .filter(one => to === undefined || one.equals(to))
      .map(one => ({ remotePeer: one }) as Connection)
  return { connected, reach: frugal({ getConnections }) }
}

test('with enough connections nobody else is called, and those who are connected are asked as ever', async () => {
  const { connected, reach } = await withConnected(dhtConnectionsMax)
  await expect(reach(await peer(), async () => 'called')).rejects.toMatchObject({ code: 'peer-unreachable' })
  expect(await reach(connected[0], async () => 'asked')).toBe('asked')
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
