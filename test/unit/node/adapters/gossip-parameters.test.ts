import { expect, test } from 'vitest'
import { gossipParameters, graylistScore } from '../../../../node/adapters/gossip-parameters.ts'

const parameters = gossipParameters(
  ['/a', '/b'],
  bytes => bytes.slice(0, 20),
  id => (id === 'blocked' ? -100 : 0),
)

test('one address for many is a fault in public ranges only', () => {
  const exempt = parameters.scoreParams?.IPColocationFactorWhitelist
  for (const address of ['127.0.0.1', '10.1.2.3', '172.20.0.1', '192.168.1.9', '::1', 'fd00::1', 'fe80::1']) {
    expect(exempt?.has(address), address).toBe(true)
  }
  for (const address of ['8.8.8.8', '172.32.0.1', '2001:4860::1', 'not an address', '']) {
    expect(exempt?.has(address), address).toBe(false)
  }
})

test('every topic is scored: the third rejected message graylists a neighbour with the best record', () => {
  expect(Object.keys(parameters.scoreParams?.topics ?? {})).toEqual(['/a', '/b'])
  for (const topic of Object.values(parameters.scoreParams?.topics ?? {})) {
    const best =
      topic.timeInMeshCap * topic.timeInMeshWeight +
      topic.firstMessageDeliveriesCap * topic.firstMessageDeliveriesWeight
    expect(topic.topicWeight * (best + topic.invalidMessageDeliveriesWeight * 3 ** 2)).toBeLessThan(
      graylistScore,
    )
    expect(best + topic.invalidMessageDeliveriesWeight).toBeGreaterThan(graylistScore)
  }
})

test('a peer that the owner blocked is below the graylist by that alone', () => {
  const { appSpecificScore, appSpecificWeight = 0 } = parameters.scoreParams ?? {}
  expect((appSpecificScore?.('blocked') ?? 0) * appSpecificWeight).toBeLessThan(graylistScore)
})
