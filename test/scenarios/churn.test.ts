/** Nodes that come and go. `npm run bench -- churn` does it with 30 of them for two minutes, and says the figures. */

import { afterEach, expect, it } from 'vitest'
import { seededRandom } from '../../sim/random.ts'
import { churn } from './churning.ts'
import { endAll } from './real-nodes.ts'

afterEach(endAll)

it('nodes of which a fifth restarts again and again hold the same records once it is over', async () => {
  const churned = await churn({
    nodes: 8,
    random: seededRandom('churn'),
    restartShare: 0.2,
    everyMs: 5_000,
    forMs: 15_000,
    boundMs: 120_000,
  })
  expect(churned.restarts).toBeGreaterThanOrEqual(4)
  // Members, announcements that stand, and retractions.
  expect(churned.records).toBe(7 + churned.published)
}, 240_000)
