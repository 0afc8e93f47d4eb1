/** Who is blamed for something, and until when. */

import { expect, it } from 'vitest'
import type { PeerId } from '../../../../protocol/types.ts'
import { score as parameters } from '../../../../sim/network/gossip-parameters.ts'
import { Scores } from '../../../../sim/network/score.ts'

const peer = 'did:key:z6MkPeer' as PeerId
const other = 'did:key:z6MkOther' as PeerId
const topic = 'topic'

it.each<[string, (scores: Scores) => void]>([
  ['misbehaved', scores => scores.misbehaved(peer)],
  ['delivered something invalid', scores => scores.deliveredInvalid(peer, topic)],
])('a peer that %s is blamed until that is forgotten, and nobody else is', (_what, act) => {
  const scores = new Scores()
  scores.deliveredFirst(peer, topic)
  expect(scores.isBlamed(peer)).toBe(false)
  act(scores)
  expect(scores.isBlamed(peer)).toBe(true)
  expect(scores.isBlamed(other)).toBe(false)
  scores.decay()
  expect(scores.isBlamed(peer)).toBe(true)
  for (let s = 0; s < 24 * 3_600; s++) scores.decay()
  expect(scores.isBlamed(peer)).toBe(false)
  expect(scores.of(peer, 0, 0)).toBe(0)
})

it('a peer that comes back is blamed still, and not any more long after it went', () => {
  const scores = new Scores()
  scores.misbehaved(peer)
  scores.gone(peer, 0)
  scores.came(peer, parameters.retainMs)
  expect(scores.isBlamed(peer)).toBe(true)
  scores.gone(peer, 0)
  scores.came(peer, parameters.retainMs + 1)
  expect(scores.isBlamed(peer)).toBe(false)
})
