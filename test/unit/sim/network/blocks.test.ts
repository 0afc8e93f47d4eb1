/** A wish stands for a moment, as bitswap's do: who is asked may be fetching the block itself. */

import { expect, it } from 'vitest'
import { keyPairFromSeed } from '../../../../crypto/keys.ts'
import { cidOf, peerOf } from '../../../../protocol/identity.ts'
import type { PeerId } from '../../../../protocol/types.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { createBlocks } from '../../../../sim/network/blocks.ts'
import { NetworkFailure } from '../../../../sim/network/failure.ts'

const bytes = new TextEncoder().encode('a block')
const cid = cidOf(bytes)
const peers: readonly PeerId[] = [1, 2].map(seed =>
  peerOf(keyPairFromSeed(new Uint8Array(32).fill(seed)).publicKey),
)

/** A fetch from both peers; what each of them answers at its first asking, its second, and so on. */
async function fetched(answers: readonly (readonly (Uint8Array | NetworkFailure)[])[]) {
  const clock = new VirtualClock(0)
  const asked: string[] = []
  const { fetch } = createBlocks({
    clock,
    ask: async ({ peer }) => {
      const at = peers.indexOf(peer)
      const before = asked.filter(line => line.startsWith(`${at} `)).length
      asked.push(`${at} at ${clock.now()}`)
      await clock.sleep(100)
      const answer = answers[at]?.[before]
      if (!(answer instanceof Uint8Array)) throw answer
      return answer
    },
  })
  const providers = peers.map(peer => ({ peer }))
  const result = fetch(cid, { providers, maxBytes: 100, signal: new AbortController().signal })
  const settled = result.then(
    ({ from }) => (from === undefined ? 'unknown' : peers.indexOf(from)),
    () => 'nobody',
  )
  await clock.advance(10_000)
  return { from: await settled, asked }
}

const lacks = new NetworkFailure('block-not-found', 'Not here.')
const gone = new NetworkFailure('peer-unreachable', 'Gone.')

it('a peer that has the block a moment later delivers it', async () => {
  expect(await fetched([[lacks, bytes]])).toEqual({ from: 0, asked: ['0 at 0', '0 at 250'] })
})

it('a peer that lacks it twice is not asked a third time, and the next one is', async () => {
  expect(await fetched([[lacks, lacks], [bytes]])).toEqual({
    from: 1,
    asked: ['0 at 0', '0 at 250', '1 at 350'],
  })
})

it('a peer that cannot be reached is not asked again', async () => {
  expect(await fetched([[gone], [gone]])).toEqual({ from: 'nobody', asked: ['0 at 0', '1 at 100'] })
})
