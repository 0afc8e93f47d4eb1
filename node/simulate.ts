/**
 * Puts a simulation together with the little that it needs of the real world, its time, its memory and its files, and only
 * to be told of: a part of the composition root that only `swarmlore sim` loads.
 */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getHeapStatistics } from 'node:v8'
import type { Result } from '../protocol/types.ts'
import { lineOf, type RunLine } from '../sim/lines.ts'
import { type Memory, memoryFailure, memoryLimit, neededBytes, spreadBytes } from '../sim/memory.ts'
import { figuresOf, type LinesFile, merge, type Sweep, type SweepFigures } from '../sim/merge.ts'
import { type Plan, readPlan } from '../sim/plan.ts'
import { seededRandom } from '../sim/random.ts'
import { Recorder } from '../sim/recorder.ts'
import { comesAgain, replayBytesMax, replayOf } from '../sim/replay.ts'
import { type ReportData, reportHtml } from '../sim/report/html.ts'
import { type Outside, run } from '../sim/run.ts'
import { readSpread, writtenOf } from '../sim/settings.ts'
import { spread, usualSpread } from '../sim/spread.ts'
import { spreadByCatchUp } from '../sim/spread-by-catch-up.ts'
import { spreadWhole, wholeByCatchUp } from '../sim/spread-whole.ts'
import { filesOf, textBytesMax, topicsFrom } from '../sim/texts.ts'
import type { Topic } from '../sim/topics.ts'
import { openReportFolder, type ReportFolder, readTextFile } from './adapters/simulation-files.ts'
import { systemClock } from './adapters/system.ts'
import type { SpreadOptions } from './surface/cli/options.ts'
import type { MergeOptions, SimulateOptions, SpreadRow } from './surface/cli/program.ts'

/** Of one file of results: 100,000 lines of less than a kilobyte each, some of them with violations. */
const linesBytesMax = 256 * 1024 * 1024

/** Runs one seed after the other. `value` is how many of them failed: violated a check, or did not come about again. */
export async function simulate(
  options: SimulateOptions,
  version: string,
  memory: Memory = systemMemory(),
): Promise<Result<number>> {
  const { report, replay, workloadData, ...written } = options.written
  const text = replay === undefined ? undefined : await readTextFile(replay, replayBytesMax)
  if (text?.ok === false) return text
  const plan = readPlan({ ...written, ...(text && { replay: text.value }) }, version)
  if (!plan.ok) return plan
  const limit = memoryLimit(memory)
  const largest = plan.value.runs.find(one => neededBytes(one.nodes) > limit)
  if (largest !== undefined) return memoryFailure(largest.nodes, limit)
  const topics = await readTopics(plan.value, workloadData)
  if (!topics.ok) return topics
  const folder = report === undefined ? undefined : await openReportFolder(report)
  if (folder?.ok === false) return folder
  options.onRuns(plan.value.runs.length)
  return runAll(plan.value, { options, version, limit, folder: folder?.value, topics: topics.value })
}

function systemMemory(): Memory {
  return {
    availableBytes: process.availableMemory(),
    heapBytes: getHeapStatistics().heap_size_limit,
  }
}

interface Surroundings {
  readonly options: SimulateOptions
  readonly version: string
  /** Bytes of memory. */
  readonly limit: number
  readonly folder: ReportFolder | undefined
  /** What there is to learn, where it is not synthetic. */
  readonly topics: readonly Topic[] | undefined
}

/** Where a checkout may have public data beside it. */
const dataBeside = fileURLToPath(new URL('../../shared/data', import.meta.url))

/** Undefined for the synthetic ones, which need no data. */
async function readTopics(
  { runs: [first] }: Plan,
  folder: string | undefined,
): Promise<Result<readonly Topic[] | undefined>> {
  const name = first?.workload ?? 'synthetic'
  if (folder === '')
    return { ok: false, code: 'bad-usage', message: '--workload-data wants the name of a folder.' }
  if (name === 'synthetic') {
    if (folder === undefined) return { ok: true, value: undefined }
    return {
      ok: false,
      code: 'bad-usage',
      message: 'The synthetic workload needs no data: leave out --workload-data, or name another --workload.',
    }
  }
  const texts: string[] = []
  for (const file of filesOf[name]) {
    const text = await readTextFile(join(folder ?? dataBeside, file), textBytesMax)
    if (!text.ok) {
      const message = `The workload ${name} needs public data that is not here: ${text.message} Name the folder that has ${file} with --workload-data, or take --workload synthetic.`
      return { ok: false, code: 'bad-usage', message }
    }
    texts.push(text.value)
  }
  return topicsFrom(name, texts, seededRandom(name))
}

async function runAll(plan: Plan, surroundings: Surroundings): Promise<Result<number>> {
  const { folder, limit, options, topics, version } = surroundings
  const { expected, runs, until } = plan
  const lines: RunLine[] = []
  let failed = 0
  let details: Details = {}
  for (const settings of runs) {
    // Of a sweep the figures are shown, and of a single run all that can be recorded.
    const recorder = folder !== undefined && runs.length === 1 ? new Recorder() : undefined
    const result = await run(
      settings,
      { ...outside(options, limit), ...given({ topics }) },
      {},
      given({ recorder, until }),
    )
    if (result.stopped === 'memory') return memoryFailure(settings.nodes, limit)
    const line = lineOf(result, settings, version)
    const isAgain = expected && comesAgain(result, expected, until)
    const hasFailed = result.violations.length > 0
    if (hasFailed || isAgain === false) failed++
    const { trace } = result
    options.onResult({ figures: line, trace, stopped: result.stopped === 'until', ...given({ isAgain }) })
    if (folder === undefined) continue
    lines.push(line)
    if (recorder !== undefined) details = { recording: recorder.recording(), trace }
    // Who sees a run again has its file.
    if (hasFailed && until === undefined && expected === undefined) {
      const file = `replay-${settings.seed}.json`
      const written = await folder.write({ [file]: json(replayOf(settings, version, result)) })
      if (!written.ok) return written
    }
  }
  const [first] = runs
  if (folder === undefined || first === undefined) return { ok: true, value: failed }
  const { seed: _, ...common } = writtenOf(first)
  const written = await writeReport(folder, { version, settings: common, lines }, details)
  return written.ok ? { ok: true, value: failed } : written
}

function outside({ onProgress }: SimulateOptions, limitBytes: number): Outside {
  const rssBytes = (): number => process.memoryUsage.rss()
  return { elapsed: systemClock.now, rssBytes, onProgress, isMemoryShort: () => rssBytes() > limitBytes }
}

/** Joins the results of shards. */
export async function mergeSimulated({ files, report }: MergeOptions): Promise<Result<SweepFigures>> {
  const read: LinesFile[] = []
  for (const name of files) {
    const text = await readTextFile(name, linesBytesMax)
    if (!text.ok) return text
    read.push({ name, lines: text.value.split('\n') })
  }
  const sweep = merge(read)
  if (!sweep.ok) return sweep
  const folder = report === undefined ? undefined : await openReportFolder(report)
  if (folder?.ok === false) return folder
  const written = await (folder && writeReport(folder.value, sweep.value, {}))
  if (written?.ok === false) return written
  return { ok: true, value: figuresOf(sweep.value) }
}

/** Of a single run. */
type Details = Pick<ReportData, 'recording' | 'trace'>

async function writeReport(folder: ReportFolder, sweep: Sweep, details: Details): Promise<Result<undefined>> {
  const { lines, settings, version } = sweep
  const data = { version, settings, figures: figuresOf(sweep), runs: lines, ...details }
  return folder.write({ 'report.json': json(data), 'report.html': reportHtml({ sweep, ...details }) })
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 1)}\n`
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** The object without what is undefined. */
function given<T extends object>(object: T): Given<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Given<T>
}

/** One row for each size; last, where it is wanted, a swarm of whole nodes. */
export async function spreadAll(
  written: SpreadOptions,
  onRow: (row: SpreadRow) => void,
  memory: Memory = systemMemory(),
): Promise<Result<void>> {
  const plan = readSpread(written)
  if (!plan.ok) return plan
  const { sizes, whole, ...asked } = plan.value
  const limit = memoryLimit(memory)
  const largest = Math.max(...sizes)
  if (spreadBytes(largest) > limit) return memoryFailure(largest, limit, spreadBytes(largest))
  if (whole !== undefined && neededBytes(whole) > limit) return memoryFailure(whole, limit)
  for (const nodes of sizes) {
    const random = seededRandom('spread')
    const settings = { ...usualSpread, ...asked, nodes }
    const spreading =
      asked.by === 'gossip' ? spread(settings, random) : await spreadByCatchUp(settings, random)
    const { nodes: _, ...figures } = spreading
    onRow({ nodes, isWhole: false, figures })
  }
  if (whole !== undefined) {
    const watch = asked.by === 'gossip' ? spreadWhole : wholeByCatchUp
    const { nodes, messageBytes: _, ...figures } = await watch({ ...asked, nodes: whole, seed: 'spread' })
    onRow({ nodes, isWhole: true, figures })
  }
  return { ok: true, value: undefined }
}
