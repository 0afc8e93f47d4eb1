/**
 * One run: a world is founded, its owners work in it while things go wrong, then the faults stop and it must mend. What it
 * was like follows from the settings alone; how long it took is told by the outside.
 */

import type { EntryCid } from '../protocol/types.ts'
import { Adversaries, type AdversaryName } from './adversaries.ts'
import { Checks, type Violation } from './checks.ts'
import { Halt } from './events.ts'
import { beginFaults, endFaults, type FaultContext, type FaultName } from './faults.ts'
import { checkAnswers, checkLiveness } from './liveness.ts'
import type { Tampering } from './machine.ts'
import { Measures } from './measures.ts'
import { Operator } from './operator.ts'
import type { Recorder } from './recorder.ts'
import type { WorkloadName } from './texts.ts'
import type { Topic } from './topics.ts'
import { traceLines } from './trace.ts'
import type { Until } from './until.ts'
import { Workload, type WorkloadSettings } from './workload.ts'
import { World } from './world.ts'

export interface RunSettings extends WorkloadSettings {
  readonly seed: string
  readonly nodes: number
  readonly minutes: number
  readonly faults: ReadonlyMap<FaultName, number>
  readonly adversaries: ReadonlyMap<AdversaryName, number>
  readonly capacityEntries: number
  readonly workload: WorkloadName
}

/** What only the machine that simulates can tell. */
export interface Outside {
  /** Milliseconds. */
  readonly elapsed: () => number
  readonly rssBytes: () => number
  /** From 0 to 1. */
  readonly onProgress: (share: number) => void
  /** What there is to learn, where it is not synthetic. */
  readonly topics?: readonly Topic[]
  /** Whether so little memory is left that the run must end. */
  readonly isMemoryShort?: () => boolean
}

/** What may be asked of a run beyond its figures; nothing of it changes what happens. */
export interface Wishes {
  /** Stop there. */
  readonly until?: Until
  readonly recorder?: Recorder
}

export interface RunResult {
  readonly seed: string
  readonly nodes: number
  readonly simulatedS: number
  readonly realS: number
  readonly traceHash: string
  readonly violations: readonly Violation[]
  readonly publishes: number
  readonly deliveries: number
  readonly delivered10s: number | undefined
  readonly delivered60s: number | undefined
  readonly propagationP50Ms: number | undefined
  readonly propagationP99Ms: number | undefined
  readonly entries10s: number | undefined
  readonly entries60s: number | undefined
  readonly entriesP50Ms: number | undefined
  readonly entriesP99Ms: number | undefined
  readonly bytesPerNodeDay: number | undefined
  readonly messagesPerNodeDay: number | undefined
  readonly convergedAfterHealS: number | undefined
  readonly recalls: number
  readonly badRecalls: number
  readonly recallAccuracy: number | undefined
  readonly rssMb: number
  /** What happened before the first violated check, or before the run was stopped; empty where it ran to its end. */
  readonly trace: readonly string[]
  /** How many events there were: lines of the whole trace. */
  readonly events: number
  /** Why it ended before its time. */
  readonly stopped: 'until' | 'memory' | undefined
}

/** Every check costs as much as there is to look at: a long run has no more of them than one of twenty minutes. */
const checkEveryMsMin = 5_000
const checksMax = 240
/** Real time between two looks at how far it is and how much memory it takes: they cost as much as a round of checks. */
const lookEveryMs = 100

export async function run(
  settings: RunSettings,
  outside: Outside,
  tampering: Tampering = {},
  { recorder, until }: Wishes = {},
): Promise<RunResult> {
  const { capacityEntries, minutes, nodes, seed } = settings
  const beganMs = outside.elapsed()
  const adversaries = new Adversaries(settings.adversaries)
  const world: World = new World({
    seed,
    nodes,
    config: { capacityEntries },
    tampering: adversaries.tampering(tampering),
    ...(until && { until }),
    onBug: (where, cause) => checks.violated('no-bug', undefined, `${where}: ${describe(cause)}`),
    onEvent: (machine, event) => {
      checks.onEvent(machine, event)
      measures.onEvent(machine, event)
    },
    onDurable: (machine, ops) => {
      checks.onDurable(machine, ops)
      measures.onDurable(machine, ops)
    },
  })
  const startMs = world.nowMs
  const checks = new Checks(world, capacityEntries)
  const measures = new Measures(world)
  const workload = new Workload(world, checks, measures, outside.topics)
  const operator = new Operator(world, {
    powerLost: machine => checks.onPowerLost(machine),
    started: machine => world.begin(`${machine.name} is looked at`, () => checks.onStarted(machine)),
    restored: (machine, tookMs) => {
      checks.onRestored(machine, tookMs)
      workload.onRestored(machine, tookMs)
    },
  })
  if (recorder !== undefined) checks.onPeers = (machine, views) => recorder.looked(machine, views)
  let convergedAfterHealS: number | undefined
  let isMemoryShort = false
  let lookedMs = Number.NEGATIVE_INFINITY
  const live = async (): Promise<void> => {
    adversaries.draw(world, workload)
    await world.found()
    measures.begin()
    recorder?.begin(world, measures, startMs)
    const endMs = world.nowMs + minutes * 60_000
    const checkEveryMs = Math.max(checkEveryMsMin, (endMs - world.nowMs) / checksMax)
    const context: FaultContext = { world, operator, random: world.random.fork('faults'), endMs }
    beginFaults(context, settings.faults)
    adversaries.begin(endMs)
    workload.begin(settings, endMs)
    while (world.nowMs < endMs && checks.violations.length === 0) {
      await world.run(Math.min(checkEveryMs, endMs - world.nowMs))
      await world.meanwhile(checks.round())
      if (outside.elapsed() < lookedMs + lookEveryMs) continue
      lookedMs = outside.elapsed()
      outside.onProgress((world.nowMs - startMs) / (endMs - startMs))
      isMemoryShort = outside.isMemoryShort?.() ?? false
      if (isMemoryShort) throw new Halt('There is too little memory.')
    }
    if (checks.violations.length > 0) return
    world.note('the faults end')
    endFaults(context)
    recorder?.faultsEnded()
    const wanted = (): Iterable<EntryCid> => workload.lessons.keys()
    convergedAfterHealS = await checkLiveness(world, checks, wanted)
    await checkAnswers(world, checks, () => workload.unanswered())
    if ((await world.meanwhile(checks.round())) === undefined)
      checks.violated('answers', undefined, 'a node has not told how it is')
  }
  const wasStopped = await untilHalted(live())
  const { trace } = world
  return {
    seed,
    nodes,
    simulatedS: (world.nowMs - startMs) / 1000,
    realS: (outside.elapsed() - beganMs) / 1000,
    traceHash: trace.hash,
    violations: checks.violations,
    publishes: workload.lessons.size,
    ...measures.figures(),
    convergedAfterHealS,
    rssMb: Math.round(outside.rssBytes() / 1e6),
    trace: wasStopped && checks.violations.length === 0 ? trace.last(traceLines) : checks.traceBefore,
    events: trace.lines,
    stopped: isMemoryShort ? 'memory' : wasStopped ? 'until' : undefined,
  }
}

/** Whether the work was stopped before its end. */
async function untilHalted(work: Promise<void>): Promise<boolean> {
  try {
    await work
    return false
  } catch (cause) {
    if (cause instanceof Halt) return true
    throw cause
  }
}

function describe(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
}
