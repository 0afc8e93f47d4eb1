/**
 * How often this node's tasks succeed anyway: what a lesson's outcome is read against, so that a lesson handed out where
 * half of all tasks fail is not blamed for failing half of the time (behaviour.md, "Evidence and trust").
 */

import { episodeCursor, listEpisodes } from '../../store/episodes.ts'
import type { Ports } from '../ports.ts'

const pageEpisodes = 500
/** One success and one failure that nobody saw: a node without outcomes stands at one half. */
const priorEach = 1

/** The share of solved ones among the episodes that are kept and have an outcome, whether or not a lesson was recalled. */
export async function baseRateOf({ cpu, store }: Ports, signal: AbortSignal): Promise<number> {
  let solved = priorEach
  let all = 2 * priorEach
  let cursor: string | undefined
  do {
    const heads = await listEpisodes(store, pageEpisodes, cursor)
    for (const { outcome } of heads) {
      if (outcome === undefined) continue
      all++
      if (outcome.solved) solved++
    }
    await cpu.spend('decode', heads.length)
    const last = heads.at(-1)
    cursor = heads.length < pageEpisodes || last === undefined ? undefined : episodeCursor(last)
  } while (cursor !== undefined && !signal.aborted)
  return solved / all
}
