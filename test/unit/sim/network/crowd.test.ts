/** How many a simulated node lets in at once. */

import { expect, it } from 'vitest'
import * as real from '../../../../node/adapters/libp2p-options.ts'
import { VirtualClock } from '../../../../sim/clock.ts'
import { connectionsMax, newcomersMax } from '../../../../sim/network/gate.ts'
import { Host } from '../../../../sim/network/host.ts'
import { SimNetwork } from '../../../../sim/network/network.ts'
import { seededRandom } from '../../../../sim/random.ts'
import { linkOptions } from '../../../contract/network.ts'

const callers = 100
const beforeAnyGoesMs = 5_000
const twoRoundsMs = 25_000

/** All call the first. */
async function crowd() {
  const clock = new VirtualClock(1_700_000_000_000)
  const network = new SimNetwork({ events: clock.events })
  const open = (number: number, bootstrap: readonly string[]) => {
    const host = new Host({ name: `h${number}`, random: seededRandom(`h${number}`) })
    return network.opener(host)(linkOptions({ seed: new Uint8Array(32).fill(number + 1), bootstrap }))
  }
  const called = await open(0, [])
  for (let number = 1; number <= callers; number++) await open(number, called.network.addresses())
  return { clock, called }
}

it('as many connections are kept, and newcomers let in, as on the real network', () => {
  expect([connectionsMax, newcomersMax]).toEqual([real.connectionsMax, real.newcomersMax])
})

it('who is called by a hundred at once lets twenty more in than it keeps, and refuses the others', async () => {
  const { clock, called } = await crowd()
  await clock.advance(beforeAnyGoesMs)
  expect(called.network.peers()).toHaveLength(connectionsMax + newcomersMax)
})

it('and lets some go when they have had the time to show who they are', async () => {
  const { clock, called } = await crowd()
  await clock.advance(twoRoundsMs)
  expect(called.network.peers().length).toBeGreaterThanOrEqual(connectionsMax)
  expect(called.network.peers().length).toBeLessThanOrEqual(connectionsMax + newcomersMax)
})
