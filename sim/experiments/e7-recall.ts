/**
 * Recall with a task left out entirely. The right entries of a task are found mechanically: its own runs, distilled
 * alone, give lessons; those that the other tasks gave in the very same words are right for it. The moments of need
 * are its calls, one for each tool that a right entry names; a failing one where a right entry is about an error.
 */

import type { createNode } from '../../node/node.ts'
import type { Embedder } from '../../node/ports.ts'
import type { Entry } from '../../protocol/types.ts'
import { bm25, ranking } from './bm25.ts'
import { entryText } from './e7-checks.ts'
import type { RecordedCall, RecordedRun } from './e7-data.ts'

export type SwarmloreNode = Extract<Awaited<ReturnType<typeof createNode>>, { ok: true }>['value']

export interface Need {
  readonly task: string
  readonly firstMessage: string
  readonly call: RecordedCall
  /** Right entries, as texts. */
  readonly right: ReadonlySet<string>
  /** Those of them that speak of the call's tool before it is called. */
  readonly rightForCall: ReadonlySet<string>
  /** The error of the call and the right entries that name it; undefined where it did not fail. */
  readonly error: { readonly text: string; readonly right: ReadonlySet<string> } | undefined
}

export interface Hits {
  readonly asked: number
  readonly first: number
  readonly five: number
}

/** Rank of the first right one, from 0, for each query. */
export function hits(ranks: readonly (number | undefined)[]): Hits {
  return {
    asked: ranks.length,
    first: ranks.filter(rank => rank === 0).length,
    five: ranks.filter(rank => rank !== undefined && rank < 5).length,
  }
}

/** One need for each tool that the task's runs call, and that a right entry names in its situation. */
export function needsOf(
  task: string,
  runs: readonly RecordedRun[],
  own: readonly Entry[],
  others: readonly Entry[],
): readonly Need[] {
  const known = new Set(others.map(entryText))
  const right = own.filter(entry => known.has(entryText(entry)))
  const calls = runs.flatMap(run => run.calls)
  return [...new Set(calls.map(call => call.tool))].flatMap(tool => {
    const about = right.filter(entry => entry.situation.includes(`\`${tool}\``))
    const ofError = about.filter(entry => entry.situation.includes('failed with'))
    const mine = calls.filter(call => call.tool === tool)
    const failed = ofError.length === 0 ? undefined : mine.find(call => call.error !== undefined)
    const call = failed ?? mine[0]
    if (call === undefined || about.length === 0) return []
    return [
      {
        task,
        firstMessage: runs[0]?.firstMessage ?? '',
        call,
        right: new Set(right.map(entryText)),
        rightForCall: new Set(
          about.filter(entry => !entry.situation.startsWith(`\`${tool}\` failed with`)).map(entryText),
        ),
        error:
          failed?.error === undefined
            ? undefined
            : { text: failed.error, right: new Set(ofError.map(entryText)) },
      },
    ]
  })
}

interface Ranks {
  readonly call: number | undefined
  readonly message: number | undefined
  readonly error: number | undefined
}

/** How the node itself ranks, asked as the command line asks. */
export async function recallRanks(node: SwarmloreNode, need: Need): Promise<Ranks> {
  const limits = { limit: 5, tokenBudget: 8000, timeBudgetMs: 2000 }
  const rankIn = async (
    request: Parameters<SwarmloreNode['recall']>[0],
    right: ReadonlySet<string>,
  ): Promise<number | undefined> => {
    const { items } = await node.recall({ ...request, ...limits })
    const rank = items.findIndex(item => right.has(entryText(item)))
    return rank < 0 ? undefined : rank
  }
  const pendingCall = { tool: need.call.tool, arguments: need.call.arguments }
  return {
    call: need.rightForCall.size === 0 ? undefined : await rankIn({ pendingCall }, need.rightForCall),
    message: await rankIn({ query: need.firstMessage }, need.right),
    error:
      need.error === undefined
        ? undefined
        : await rankIn({ pendingCall, lastError: need.error.text }, need.error.right),
  }
}

export interface Baselines {
  readonly bm25: number | undefined
  readonly dense: number | undefined
  readonly transcripts: number | undefined
  /** Chance that a random entry is right, and that one of five is. */
  readonly random: readonly [number, number]
}

/** The same need by other means: words, meaning, whole transcripts of other tasks, and chance. All asked by the next call. */
export async function baselineRanks(
  need: Need,
  entries: readonly Entry[],
  transcripts: readonly { readonly run: RecordedRun; readonly lessons: ReadonlySet<string> }[],
  embedder: Embedder,
): Promise<Baselines> {
  const query = `${need.call.tool} ${namesOf(need.call.arguments).join(' ')}`
  const isRight = entries.map(entry => need.rightForCall.has(entryText(entry)))
  const rankOf = (order: readonly number[], right: readonly boolean[]): number | undefined => {
    const rank = order.findIndex(index => right[index])
    return rank < 0 ? undefined : rank
  }
  const [asked, ...vectors] = await embedder.embed([query, ...entries.map(entry => entry.situation)])
  const cosines = vectors.map(vector =>
    vector.reduce((sum, value, index) => sum + value * (asked?.[index] ?? 0), 0),
  )
  const wrong = isRight.filter(right => !right).length
  let noneOfFive = 1
  for (let drawn = 0; drawn < 5; drawn++)
    noneOfFive *= Math.max(0, wrong - drawn) / Math.max(1, entries.length - drawn)
  const rightTranscripts = transcripts.map(({ lessons }) =>
    [...need.rightForCall].some(text => lessons.has(text)),
  )
  return {
    bm25: rankOf(bm25(entries.map(entryText))(query), isRight),
    dense: rankOf(ranking(cosines), isRight),
    transcripts: rankOf(bm25(transcripts.map(({ run }) => run.text))(need.firstMessage), rightTranscripts),
    random: [1 - wrong / Math.max(1, entries.length), 1 - noneOfFive],
  }
}

function namesOf(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? Object.keys(value) : []
  } catch (cause) {
    if (cause instanceof SyntaxError) return []
    throw cause
  }
}
