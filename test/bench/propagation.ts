/**
 * From the call that publishes a lesson on one node to the recall that finds it on another: two processes,
 * connected over loopback, spoken to over HTTP as any program would.
 */

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { corpus } from './corpus.ts'
import { atMost, type Bench, BenchFailure, type Group, type Measured, quantile } from './figure.ts'
import { withTempFolder } from './folders.ts'
import { type NodeProcess, startNode } from './node-process.ts'

const lessonCount = 200
const warmupCount = 10
const pollMs = 5
const limitMs = 30_000

export const propagationGroup: Group = {
  figures: [
    { name: 'publish_to_recallable_ms_p50', unit: 'ms', goal: atMost(1_000) },
    { name: 'publish_to_recallable_ms_p99', unit: 'ms', goal: atMost(1_000) },
  ],
  measure,
}

async function* measure({ say }: Bench): AsyncGenerator<Measured> {
  yield* await withTempFolder(async temp => {
    say('starting two nodes')
    const nodes: NodeProcess[] = []
    try {
      const a = await startNode(join(temp, 'a'))
      nodes.push(a)
      const b = await startNode(join(temp, 'b'))
      nodes.push(b)
      await b.call('joinSwarm', { invitation: (await a.call('createInvite', {})).text })
      const { texts } = await corpus()
      const times: number[] = []
      for (const [at, text] of texts.slice(0, warmupCount + lessonCount).entries()) {
        say(`publishing lesson ${at} of ${warmupCount + lessonCount}`)
        const took = await publishUntilRecalled(a, b, text)
        if (at >= warmupCount) times.push(took)
      }
      return [
        { name: 'publish_to_recallable_ms_p50', value: quantile(times, 0.5) },
        { name: 'publish_to_recallable_ms_p99', value: quantile(times, 0.99) },
      ]
    } finally {
      await Promise.all(nodes.map(node => node.stop()))
    }
  })
}

async function publishUntilRecalled(a: NodeProcess, b: NodeProcess, text: string): Promise<number> {
  const startedAt = performance.now()
  const { cid } = await a.call('addEntry', {
    kind: 'fact',
    domains: ['benchmark'],
    situation: text,
    insight: { summary: `What to know: ${text}`, action: 'Look it up in the handbook.' },
  })
  for (;;) {
    const { items } = await b.call('recall', { query: text, limit: 20, tokenBudget: 20_000 })
    const tookMs = performance.now() - startedAt
    if (items.some(item => item.cid === cid)) return tookMs
    if (tookMs > limitMs) throw new BenchFailure(`A lesson was not recalled within ${limitMs / 1000} s.`)
    await sleep(pollMs)
  }
}
