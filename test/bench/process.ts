/** The program as a process: how long until it is ready, how much memory it holds, how quick its help is. */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { corpusMax } from './corpus.ts'
import { atMost, type Bench, type Group, type Measured, median } from './figure.ts'
import { withTempFolder } from './folders.ts'
import { copyFullFolder } from './full-folder.ts'
import { mainFile, startNode } from './node-process.ts'

const run = promisify(execFile)

const sizes = [
  { name: 'empty', count: 0, starts: 5 },
  { name: '100k', count: corpusMax, starts: 3 },
] as const
const helpRuns = 10
/** Quiet time after the recall, before memory is read. */
const settleMs = 2_000

export const processGroup: Group = {
  figures: [
    { name: 'startup_ms_empty', unit: 'ms', goal: atMost(3_000) },
    { name: 'startup_ms_100k', unit: 'ms', goal: atMost(10_000) },
    // Until recall finds what is kept by its words as well, which a large store reads after it is ready.
    { name: 'startup_words_ms_100k', unit: 'ms' },
    { name: 'rss_mb_empty', unit: 'MB', goal: atMost(400) },
    { name: 'rss_mb_100k', unit: 'MB', goal: atMost(900) },
    { name: 'help_ms', unit: 'ms', goal: atMost(300) },
  ],
  measure,
}

async function* measure(bench: Bench): AsyncGenerator<Measured> {
  for (const size of sizes) {
    const isWanted = ['startup_ms', 'startup_words_ms', 'rss_mb'].some(name =>
      bench.wanted.has(`${name}_${size.name}`),
    )
    if (isWanted) yield* measureSize(size, bench)
  }
  if (bench.wanted.has('help_ms')) yield { name: 'help_ms', value: await helpMs(bench) }
}

async function* measureSize(
  { name, count, starts }: (typeof sizes)[number],
  { say }: Bench,
): AsyncGenerator<Measured> {
  const times: number[] = []
  const words: number[] = []
  const memory: number[] = []
  for (let start = 0; start < starts; start++) {
    await withTempFolder(async temp => {
      const folder = join(temp, 'data')
      if (count > 0) await copyFullFolder(count, folder, say)
      say(`starting a node, ${name}: ${start + 1} of ${starts}`)
      const node = await startNode(folder)
      try {
        times.push(node.startMs)
        if (count > 0) words.push(await node.wordsMs)
        await node.call('recall', { query: 'How do I cancel an order that was paid by card?' })
        await sleep(settleMs)
        const rss = await node.rssMb()
        if (rss !== undefined) memory.push(rss)
      } finally {
        await node.stop()
      }
    })
  }
  yield { name: `startup_ms_${name}`, value: median(times) }
  if (words.length > 0) yield { name: `startup_words_ms_${name}`, value: median(words) }
  yield memory.length > 0
    ? { name: `rss_mb_${name}`, value: median(memory) }
    : { name: `rss_mb_${name}`, skipped: 'resident memory is read from /proc, which only Linux has' }
}

async function helpMs({ say }: Bench): Promise<number> {
  const times: number[] = []
  for (let at = 0; at < helpRuns; at++) {
    say(`asking for help: ${at + 1} of ${helpRuns}`)
    const startedAt = performance.now()
    await run(process.execPath, [mainFile, '--help'])
    times.push(performance.now() - startedAt)
  }
  return median(times)
}
