/**
 * How often this node's tasks succeed without a lesson: what a lesson's outcome is read against, so that one handed out where
 * half of all tasks fail is not blamed for failing half of the time (behaviour.md, "Evidence and trust").
 */

import { episodeCursor, listEpisodes } from '../../store/episodes.ts'
import type { Ports } from '../ports.ts'

const pageEpisodes = 500
/** One success and one failure that nobody saw: a node without outcomes stands at one half. */
const priorEach = 1

/** Fewer outcomes without a recall than this, and all are taken: a rate out of a handful would sway from day to day. */
const withoutRecallMin = 20

interface Outcomes {
  solved: number
  all: number
}

/**
 * The share of solved ones among the episodes that are kept and have an outcome: of those in which no lesson was handed
 * out, for what lessons did to the others is what is asked; of all where there are too few.
 */
export async function baseRateOf({ cpu, store }: Ports, signal: AbortSignal): Promise<number> {
  const without: Outcomes = { solved: 0, all: 0 }
  const every: Outcomes = { solved: 0, all: 0 }
  let cursor: string | undefined
  do {
    const heads = await listEpisodes(store, pageEpisodes, cursor)
    for (const { outcome, recalled } of heads) {
      if (outcome === undefined) continue
      count(every, outcome.solved)
      if (recalled === undefined) count(without, outcome.solved)
    }
    await cpu.spend('decode', heads.length)
    const last = heads.at(-1)
    cursor = heads.length < pageEpisodes || last === undefined ? undefined : episodeCursor(last)
  } while (cursor !== undefined && !signal.aborted)
  const { all, solved } = without.all < withoutRecallMin ? every : without
  return (solved + priorEach) / (all + 2 * priorEach)
}

function count(outcomes: Outcomes, solved: boolean): void {
  outcomes.all++
  if (solved) outcomes.solved++
}
