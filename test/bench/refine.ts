/**
 * What it takes a node to go from 100,000 entries to 10,000 by what serves its queries best: a thousand recalls first, and
 * then the whole way of one refining, from the facts of every entry to the last eviction on the disk and in the indexes.
 */

import { join } from 'node:path'
import { corpusMax } from './corpus.ts'
import { atMost, type Bench, BenchFailure, type Group, type Measured } from './figure.ts'
import { withTempFolder } from './folders.ts'
import { copyFullFolder } from './full-folder.ts'
import { watchLoop } from './loop-delay.ts'
import { realNode, realPorts, value } from './real-node.ts'

const capacityEntries = 10_000
const queryCount = 1_000
/** For the words that the query's model reads: what is measured does not wait for it. */
const recallBudgetMs = 5_000

export const refineGroup: Group = {
  figures: [
    { name: 'refine_100k_to_10k_s', unit: 's', goal: atMost(5) },
    { name: 'refine_loop_delay_max_ms', unit: 'ms', goal: atMost(50) },
  ],
  measure,
}

async function* measure({ say }: Bench): AsyncGenerator<Measured> {
  yield* await withTempFolder(async temp => {
    const folder = join(temp, 'data')
    const { queries } = await copyFullFolder(corpusMax, folder, say)
    const ports = await realPorts(folder)
    const node = await realNode(ports, { capacityEntries })
    await node.readBack()
    for (const [at, query] of queries.slice(0, queryCount).entries()) {
      if (at % 50 === 0) say(`asking before refining: query ${at} of ${queryCount}`)
      await node.recall({ query, timeBudgetMs: recallBudgetMs })
    }
    say('refining')
    const endWatch = watchLoop()
    const startedAt = performance.now()
    // A new lesson finds no room.
    const lesson = {
      situation: 'The benchmark adds a lesson.',
      insight: { summary: 'It is full.', action: 'Refine.' },
    }
    value(await node.addEntry({ kind: 'procedure', domains: ['benchmark'], ...lesson }))
    const tookS = (performance.now() - startedAt) / 1000
    const { maxMs } = endWatch()
    const { own, received } = node.status().entries
    if (own + received > capacityEntries || own + received < capacityEntries / 2)
      throw new BenchFailure(`After refining ${own + received} of ${capacityEntries} entries are kept.`)
    await node.stop()
    await ports.embedder.close()
    return [
      { name: 'refine_100k_to_10k_s', value: tookS },
      { name: 'refine_loop_delay_max_ms', value: maxMs },
    ]
  })
}
