import { expect, test } from 'vitest'
import { gossipParameters, graylistScore } from '../../../../node/adapters/gossip-parameters.ts'

const parameters = gossipParameters(
  ['/a', '/b'],
  bytes => bytes.slice(0, 20),
  id => (id === 'blocked' ? -100 : 0),
)

test('fifty honest nodes of one office are not scored down for their one address', () => {
  const { IPColocationFactorWeight = -1, IPColocationFactorThreshold = 0 } = parameters.scoreParams ?? {}
  expect(IPColocationFactorWeight * (50 - IPColocationFactorThreshold) ** 2).toBeCloseTo(0)
})

test('whom a neighbour names when it prunes is not dialled, however well the neighbour scores', () => {
  const { topics = {}, topicScoreCap = 0 } = parameters.scoreParams ?? {}
  const best = Object.keys(topics).length * topicScoreCap + 5
  expect(parameters.scoreThresholds?.acceptPXThreshold).toBeGreaterThan(best * 1_000)
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
