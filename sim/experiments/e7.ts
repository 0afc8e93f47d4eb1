/**
 * E7: are recorded agent runs turned into lessons that help another task? Distils with the node that ships, and
 * measures what the entries are made of, whether disjoint halves of the tasks give the same ones, and whether recall
 * finds the right one for a task that was left out. Nothing goes over a network: the node's swarm has no peers.
 */

import { type NodeConfig, nodeConfigSchema } from '../../node/config.ts'
import { createNode } from '../../node/node.ts'
import type { Clock, Cpu, Distiller, Embedder, OpenSwarm, Random } from '../../node/ports.ts'
import type { Entry } from '../../protocol/types.ts'
import { openMemoryStore } from '../../store/memory.ts'
import { seededRandom } from '../random.ts'
import { adviceBeyondPrompt, entryText, leakedValues, statesOf, wordsOutside } from './e7-checks.ts'
import { contradictions } from './e7-contradictions.ts'
import { type Recorded, type RecordedRun, readRecorded } from './e7-data.ts'
import {
  type Baselines,
  baselineRanks,
  hits,
  type Need,
  needsOf,
  recallRanks,
  type SwarmloreNode,
} from './e7-recall.ts'

export interface E7Ports {
  readonly clock: Clock
  readonly cpu: Cpu
  readonly embedder: Embedder
  readonly distiller: Distiller
  /** Of the values that calls were given, how many can be followed to where they came from. */
  tracedShare(
    transcripts: readonly unknown[],
  ): Promise<{ readonly structured: number; readonly traced: number }>
  /** Opened and never dialled. */
  readonly openSwarm: OpenSwarm
}

export interface E7Options {
  readonly files: readonly string[]
  readonly seed: string
  /** Tasks that are left out, each with a store of its own. */
  readonly heldOut: number
  /** Splits into halves, and shuffles of the outcomes; with none of them their figures are null. */
  readonly splits: number
  readonly shuffles: number
  readonly onProgress: (line: string) => void
}

export async function e7(ports: E7Ports, options: E7Options): Promise<readonly E7Result[]> {
  const results: E7Result[] = []
  for (const file of options.files) {
    const recorded = readRecorded(file)
    options.onProgress(`${recorded.name}: ${recorded.runs.length} runs`)
    results.push(await measure(ports, options, recorded))
  }
  return results
}

export type E7Result = Awaited<ReturnType<typeof measure>>

interface Distilled {
  readonly key: string
  readonly entry: Entry
  readonly bytes: number
  readonly published: boolean
}

async function measure(ports: E7Ports, options: E7Options, recorded: Recorded) {
  const random = seededRandom(`e7 ${options.seed} ${recorded.name}`)
  const started = ports.clock.now()
  const all = await distil(ports, recorded.runs)
  const tookMs = ports.clock.now() - started
  const published = all.filter(one => one.published)
  const entries = published.map(one => one.entry)
  options.onProgress(`${recorded.name}: ${entries.length} entries; halves`)
  const recurring = await recurringShare(ports, options, recorded, published, random.fork('halves'))
  options.onProgress(`${recorded.name}: shuffled outcomes`)
  const shuffled = await shuffledContrasts(ports, options, recorded, random.fork('labels'))
  const recall = await recallLeftOut(ports, options, recorded, all, random.fork('tasks'))
  const outside = wordsOutside(entries, recorded, statesOf(recorded))
  const leaks = leakedValues(entries, recorded)
  const pairs = contradictions(published)
  const beyond = adviceBeyondPrompt(entries, recorded)
  const { structured, traced } = await ports.tracedShare(recorded.runs.map(run => run.transcript))
  return {
    data: recorded.name,
    seed: options.seed,
    episodes: recorded.runs.length,
    entries: entries.length,
    drafts: all.length,
    recurring_share: recurring.drafted,
    recurring_published_share: recurring.published,
    contradictions: pairs.length,
    leaked_values: leaks.length,
    outside_vocabulary: outside.length,
    ...recall,
    ms_per_episode: round(tookMs / Math.max(1, recorded.runs.length)),
    bytes_per_entry: round(mean(published.map(one => one.bytes))),
    structured_values: structured,
    advice_beyond_prompt: beyond === null ? null : round(beyond),
    traced_share: structured === 0 ? null : round(traced / structured),
    entries_by_pattern: countBy(entries.map(entry => entry.lineage.method)),
    entries_by_kind: countBy(entries.map(entry => entry.kind)),
    contrasts: {
      real: entries.filter(entry => entry.lineage.method === 'contrast').length,
      shuffled_mean: shuffled,
    },
    draft_keys: all.map(one => one.key),
    contradicting: pairs,
    leaks,
    words_outside: outside,
    sample: sampleOf(entries, random.fork('sample')),
  }
}

function sampleOf(entries: readonly Entry[], random: Random) {
  return shuffle(entries, random)
    .slice(0, 20)
    .map(({ kind, situation, insight, support, lineage }) => ({
      pattern: lineage.method,
      kind,
      situation,
      ...insight,
      support: `${support.episodes} runs, ${support.asks} asks, ${support.solved} solved`,
    }))
}

async function openNode(ports: E7Ports): Promise<SwarmloreNode> {
  const config: NodeConfig = nodeConfigSchema.parse({})
  const made = await createNode(
    {
      ...ports,
      random: seededRandom('e7 node'),
      store: openMemoryStore(),
      seed: new Uint8Array(32).fill(7),
      log: () => undefined,
    },
    config,
  )
  if (!made.ok) throw new TypeError(made.message)
  return made.value
}

/** All drafts of these runs, as entries; `published` where the node's rules would share them. */
async function distil(ports: E7Ports, runs: readonly RecordedRun[]): Promise<readonly Distilled[]> {
  const node = await openNode(ports)
  const { drafts } = await node.preview(runs.map(run => run.transcript))
  await node.stop()
  return drafts.map(({ key, entry, bytes, heldBack }) => ({
    key,
    entry,
    bytes: bytes.length,
    published: heldBack === undefined,
  }))
}

/** Of the published entries, how many two disjoint halves of the tasks both give: as drafts, and as published ones. */
async function recurringShare(
  ports: E7Ports,
  { splits }: E7Options,
  { runs }: Recorded,
  published: readonly Distilled[],
  random: Random,
) {
  const tasks = [...new Set(runs.map(run => run.task))].sort()
  const drafted: number[] = []
  const shared: number[] = []
  for (let split = 0; split < splits; split++) {
    const half = new Set(shuffle(tasks, random).slice(0, Math.floor(tasks.length / 2)))
    const one = await distil(
      ports,
      runs.filter(run => half.has(run.task)),
    )
    const other = await distil(
      ports,
      runs.filter(run => !half.has(run.task)),
    )
    const both = (list: (all: readonly Distilled[]) => readonly Distilled[]): number => {
      const [a, b] = [one, other].map(all => new Set(list(all).map(({ entry }) => entryText(entry))))
      const again = published.filter(({ entry }) => a?.has(entryText(entry)) && b?.has(entryText(entry)))
      return again.length / Math.max(1, published.length)
    }
    drafted.push(both(all => all))
    shared.push(both(all => all.filter(one_ => one_.published)))
  }
  const share = (each: readonly number[]): number | null => (splits === 0 ? null : round(mean(each)))
  return { drafted: share(drafted), published: share(shared) }
}

/** Published contrasts when the outcomes are shuffled among the runs of each task. */
async function shuffledContrasts(
  ports: E7Ports,
  { shuffles }: E7Options,
  { runs }: Recorded,
  random: Random,
): Promise<number | null> {
  const counts: number[] = []
  for (let round_ = 0; round_ < shuffles; round_++) {
    const rewards = new Map<string, unknown[]>()
    for (const run of runs) rewards.set(run.task, [...(rewards.get(run.task) ?? []), run.transcript.reward])
    for (const [task, list] of rewards) rewards.set(task, shuffle(list, random))
    const relabelled = runs.map(run => ({
      ...run,
      transcript: { ...run.transcript, reward: rewards.get(run.task)?.pop() ?? 0 },
    }))
    const found = await distil(ports, relabelled)
    counts.push(
      found.filter(({ entry, published }) => published && entry.lineage.method === 'contrast').length,
    )
  }
  return shuffles === 0 ? null : round(mean(counts))
}

async function recallLeftOut(
  ports: E7Ports,
  options: E7Options,
  { runs, name }: Recorded,
  all: readonly Distilled[],
  random: Random,
) {
  const tasks = shuffle([...new Set(runs.map(run => run.task))].sort(), random)
  const ranks: {
    need: Need
    call: number | undefined
    message: number | undefined
    error: number | undefined
    other: Baselines
  }[] = []
  let left = 0
  for (const task of tasks) {
    if (left >= options.heldOut) break
    const mine = runs.filter(run => run.task === task)
    const own = (await distil(ports, mine)).map(one => one.entry)
    // Cheap first look: a task whose lessons nobody else has cannot be helped.
    if (!own.some(entry => all.some(one => entryText(one.entry) === entryText(entry)))) continue
    const node = await openNode(ports)
    const rest = runs.filter(run => run.task !== task)
    const { drafts } = await node.preview(rest.map(run => run.transcript))
    const shared = drafts
    const others = shared.map(draft => draft.entry)
    const needs = needsOf(task, mine, own, others)
    if (needs.length > 0) {
      options.onProgress(`${name}: recall without task ${task}`)
      left++
      await learn(node, rest)
      const transcripts = lessonsOfRuns(rest, shared)
      for (const need of needs) {
        const other = await baselineRanks(need, others, transcripts, ports.embedder)
        ranks.push({ need, ...(await recallRanks(node, need)), other })
      }
    }
    await node.stop()
  }
  return report(ranks)
}

/** Lets the node learn the runs as it would beside a deployment. */
async function learn(node: SwarmloreNode, runs: readonly RecordedRun[]): Promise<void> {
  for (const { transcript } of runs) {
    const captured = await node.capture(transcript)
    if (!captured.ok) throw new TypeError(captured.message)
  }
  while ((await node.distil()).heldOver > 0);
}

function lessonsOfRuns(runs: readonly RecordedRun[], drafts: readonly { readonly entry: Entry }[]) {
  // A transcript is right where a call of the entry's own tool stands in it: the most that raw text can be asked for.
  return runs.map(run => ({
    run,
    lessons: new Set(
      drafts
        .filter(({ entry }) => run.tools.has(entry.context.tools?.[0]?.name ?? ''))
        .map(({ entry }) => entryText(entry)),
    ),
  }))
}

function report(
  ranks: readonly {
    readonly need: Need
    readonly call: number | undefined
    readonly message: number | undefined
    readonly error: number | undefined
    readonly other: Baselines
  }[],
) {
  const calls = ranks.filter(one => one.need.rightForCall.size > 0)
  const call = hits(calls.map(one => one.call))
  // The first message is one for all the calls of a task.
  const message = hits(
    ranks
      .filter((one, at) => ranks.findIndex(other => other.need.task === one.need.task) === at)
      .map(one => one.message),
  )
  const error = hits(ranks.filter(one => one.need.error !== undefined).map(one => one.error))
  const share = (count: number, of: number): number | null => (of === 0 ? null : round(count / of))
  return {
    recall1_call: share(call.first, call.asked),
    recall5_call: share(call.five, call.asked),
    recall1_error: share(error.first, error.asked),
    recall1_message: share(message.first, message.asked),
    recall5_message: share(message.five, message.asked),
    recall_detail: {
      left_out_tasks: new Set(ranks.map(one => one.need.task)).size,
      call,
      error,
      message,
      by_call: {
        bm25: hits(calls.map(one => one.other.bm25)),
        dense: hits(calls.map(one => one.other.dense)),
        random: {
          first: round(mean(calls.map(one => one.other.random[0]))),
          five: round(mean(calls.map(one => one.other.random[1]))),
        },
      },
      raw_transcripts_by_message: hits(calls.map(one => one.other.transcripts)),
    },
  }
}

function shuffle<T>(items: readonly T[], random: Random): T[] {
  const drawn = items.map(item => ({ item, order: random.below(2 ** 32) }))
  return drawn.sort((a, b) => a.order - b.order).map(({ item }) => item)
}

function countBy(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
