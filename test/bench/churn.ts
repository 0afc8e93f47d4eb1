/**
 * Thirty real nodes on loopback, in one process, of which a fifth restarts every ten seconds for two minutes while all
 * publish and take back: seconds until they hold the same records afterwards, and the memory of all thirty together.
 */

import { seededRandom } from '../../sim/random.ts'
import { churn } from '../scenarios/churning.ts'
import { endAll } from '../scenarios/real-nodes.ts'
import { type Bench, BenchFailure, type Group, type Measured } from './figure.ts'

const boundMs = 180_000
const rssEveryMs = 1_000

export const churnGroup: Group = {
  figures: [
    { name: 'churn_30_restarts', unit: '' },
    { name: 'churn_30_records', unit: '' },
    { name: 'churn_30_equal_s', unit: 's' },
    { name: 'churn_30_rss_mb', unit: 'MB' },
  ],
  measure,
}

async function* measure({ say }: Bench): AsyncGenerator<Measured> {
  let rss = 0
  const watch = setInterval(() => {
    rss = Math.max(rss, process.memoryUsage.rss())
  }, rssEveryMs)
  const random = seededRandom('churn')
  const much = { nodes: 30, restartShare: 0.2, everyMs: 10_000, forMs: 120_000 }
  try {
    const { restarts, records, equalAfterMs } = await churn({ ...much, random, boundMs, say })
    yield { name: 'churn_30_restarts', value: restarts }
    yield { name: 'churn_30_records', value: records }
    yield { name: 'churn_30_equal_s', value: equalAfterMs / 1000 }
    yield { name: 'churn_30_rss_mb', value: rss / 1e6 }
  } catch (error) {
    throw new BenchFailure(`Thirty nodes that restart did not end equal: ${String(error)}`)
  } finally {
    clearInterval(watch)
    await endAll()
  }
}
