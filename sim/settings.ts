/**
 * The settings of a run as people write them, read strictly: an unknown name or a number out of its bounds is told before
 * anything runs. What follows from them can be written again as the one command that does the same.
 */

import type { Failure, Result } from '../protocol/types.ts'
import {
  type AdversaryName,
  adversaries,
  adversaryNames,
  hasRoomForAny,
  hostileShareMax,
} from './adversaries.ts'
import { faultNames, faults, mixedFaults } from './faults.ts'
import type { RunSettings } from './run.ts'
import { usualSpread } from './spread.ts'
import { type WorkloadName, workloadNames } from './texts.ts'

/** As given on a command line; what is not given has a default. */
export interface WrittenSettings {
  readonly nodes?: string
  readonly minutes?: string
  readonly seed?: string
  /** `A..B`, both included. */
  readonly seeds?: string
  /** `i/n`: of the seeds, the i-th of every n. */
  readonly shard?: string
  /** Names with or without `=strength`, with commas between them; `all` or `none`. */
  readonly faults?: string
  /** Written like faults. */
  readonly adversaries?: string
  /** What there is to learn and to ask for. */
  readonly workload?: string
  /** Lessons of a node and hour. */
  readonly publishes?: string
  /** Questions of a node and hour. */
  readonly recalls?: string
}

const settingBounds = {
  nodesMin: 2,
  nodesMax: 5_000,
  minutesMin: 1,
  minutesMax: 10_080,
  seedsMax: 100_000,
  /** One a second: more is an attack, and there are adversaries for that. */
  perHourMax: 3_600,
}
const usual = { nodes: 20, minutes: 10, publishesPerHour: 12, recallsPerHour: 60, capacityEntries: 500 }
const seedCharsMax = 64

/** The settings of every run that is asked for, in order. */
export function readSettings(written: WrittenSettings): Result<readonly RunSettings[], 'bad-usage'> {
  const { nodesMin, nodesMax, minutesMin, minutesMax, perHourMax } = settingBounds
  const nodes = readNumber('--nodes', written.nodes, usual.nodes, nodesMin, nodesMax)
  if (!nodes.ok) return nodes
  const minutes = readNumber('--minutes', written.minutes, usual.minutes, minutesMin, minutesMax)
  if (!minutes.ok) return minutes
  const chosen = readStrengths(ofFault, faults, faultNames, mixedFaults, written.faults)
  if (!chosen.ok) return chosen
  const hostile = readAdversaries(written.adversaries)
  if (!hostile.ok) return hostile
  if (hostile.value.size > 0 && !hasRoomForAny(hostile.value, nodes.value))
    return fail(
      `${nodes.value} nodes have no room for so many hostile machines as that takes: take more nodes.`,
    )
  const workload = readWorkload(written.workload)
  if (!workload.ok) return workload
  const publishes = readNumber('--publishes', written.publishes, usual.publishesPerHour, 0, perHourMax)
  if (!publishes.ok) return publishes
  const recalls = readNumber('--recalls', written.recalls, usual.recallsPerHour, 0, perHourMax)
  if (!recalls.ok) return recalls
  const seeds = readSeeds(written)
  if (!seeds.ok) return seeds
  const shard = readShard(written, seeds.value)
  if (!shard.ok) return shard
  const common = {
    nodes: nodes.value,
    minutes: minutes.value,
    faults: chosen.value,
    adversaries: hostile.value,
    workload: workload.value,
    publishesPerHour: publishes.value,
    recallsPerHour: recalls.value,
    capacityEntries: usual.capacityEntries,
  }
  return { ok: true, value: shard.value.map(seed => ({ ...common, seed })) }
}

/** The settings as they are written: reading them gives the same run again. */
export function writtenOf({
  nodes,
  minutes,
  seed,
  faults: chosen,
  adversaries: hostile,
  workload,
  publishesPerHour,
  recallsPerHour,
}: RunSettings) {
  return {
    nodes: `${nodes}`,
    minutes: `${minutes}`,
    seed,
    faults: listOf(chosen, faults),
    adversaries: listOf(hostile, adversaries),
    workload,
    publishes: `${publishesPerHour}`,
    recalls: `${recallsPerHour}`,
  } satisfies WrittenSettings
}

/** The words after `swarmlore` that run the same again. */
export function commandOf(settings: RunSettings): string {
  const words = Object.entries(writtenOf(settings)).map(([name, text]) => ` --${name} ${text}`)
  return `sim${words.join('')}`
}

/** What a kind of fault or adversary is, to who writes it on a command line. */
interface Kind {
  readonly about: string
  readonly strength: number
}

function listOf<Name extends string>(
  chosen: ReadonlyMap<Name, number>,
  kinds: Readonly<Record<Name, Kind>>,
): string {
  const words = [...chosen].map(([name, strength]) =>
    strength === kinds[name].strength ? name : `${name}=${strength}`,
  )
  return words.length === 0 ? 'none' : words.join(',')
}

const ofFault = { what: 'fault', most: 1, share: '' }
const ofAdversary = { what: 'adversary', most: hostileShareMax, share: 'share of machines, each of which ' }

function readStrengths<Name extends string>(
  { most, share: ofWhat, what }: typeof ofFault,
  kinds: Readonly<Record<Name, Kind>>,
  names: readonly Name[],
  all: readonly Name[],
  text = 'none',
): Result<ReadonlyMap<Name, number>, 'bad-usage'> {
  const chosen = new Map<Name, number>()
  if (text === 'none') return { ok: true, value: chosen }
  if (text === 'all') {
    for (const name of all) chosen.set(name, kinds[name].strength)
    return { ok: true, value: chosen }
  }
  for (const word of text.split(',')) {
    const [given = '', strength, ...more] = word.trim().split('=')
    const name = names.find(one => one === given)
    if (given === 'all' || given === 'none')
      return fail(`'${given}' stands for itself: name no other ${what} beside it.`)
    if (name === undefined)
      return fail(`There is no ${what} '${given}'. There are: ${names.join(', ')}; or all, or none.`)
    if (chosen.has(name)) return fail(`The ${what} '${name}' is named twice.`)
    const share = strength === undefined ? kinds[name].strength : Number(strength)
    if (more.length > 0 || strength === '' || !(share > 0 && share <= most))
      return fail(
        `The strength of '${name}' is '${word.trim().slice(name.length + 1)}': it must be above 0 and at most ${most} (${ofWhat}${kinds[name].about}).`,
      )
    chosen.set(name, share)
  }
  return { ok: true, value: chosen }
}

function readAdversaries(text?: string): Result<ReadonlyMap<AdversaryName, number>, 'bad-usage'> {
  const chosen = readStrengths(ofAdversary, adversaries, adversaryNames, adversaryNames, text)
  if (!chosen.ok) return chosen
  // Without the error of adding up fractions.
  const share = Number([...chosen.value.values()].reduce((sum, one) => sum + one, 0).toFixed(6))
  if (share > hostileShareMax)
    return fail(
      `The adversaries together would be ${share} of the machines; at most ${hostileShareMax} may be hostile.`,
    )
  return chosen
}

function readWorkload(text: string = workloadNames[0]): Result<WorkloadName, 'bad-usage'> {
  const name = workloadNames.find(one => one === text)
  return name === undefined
    ? fail(`There is no workload '${text}'. There are: ${workloadNames.join(', ')}.`)
    : { ok: true, value: name }
}

function readSeeds({ seed, seeds }: WrittenSettings): Result<readonly string[], 'bad-usage'> {
  if (seed !== undefined && seeds !== undefined)
    return fail('--seed is one run and --seeds are many: give one of the two.')
  if (seeds === undefined) {
    const one = seed ?? '1'
    if (/^\d+\.\.\d+$/.test(one)) return fail(`--seed is one run: for many, give --seeds ${one}.`)
    if (!/^[\w.-]+$/.test(one) || one.length > seedCharsMax)
      return fail(`--seed wants up to ${seedCharsMax} letters, digits, and of ._- any.`)
    return { ok: true, value: [one] }
  }
  const [, first, last] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(seeds) ?? []
  if (first === undefined || last === undefined) return fail('--seeds wants the first and the last: 1..100.')
  const count = Number(last) - Number(first) + 1
  if (count < 1 || count > settingBounds.seedsMax)
    return fail(`--seeds wants the lower number first, and at most ${settingBounds.seedsMax} of them.`)
  return { ok: true, value: Array.from({ length: count }, (_, at) => String(Number(first) + at)) }
}

function readShard(
  { seeds, shard }: WrittenSettings,
  all: readonly string[],
): Result<readonly string[], 'bad-usage'> {
  if (shard === undefined) return { ok: true, value: all }
  if (seeds === undefined) return fail('--shard takes its part of --seeds: give both.')
  const [, part, parts] = /^(\d{1,6})\/(\d{1,6})$/.exec(shard) ?? []
  const i = Number(part)
  const n = Number(parts)
  if (!(i >= 1 && i <= n)) return fail('--shard wants i/n, with i from 1 to n: 3/16.')
  if (i > all.length) return fail(`--shard ${shard} has no seed: there are only ${all.length}.`)
  return { ok: true, value: all.filter((_, at) => at % n === i - 1) }
}

function readNumber(
  name: string,
  text: string | undefined,
  otherwise: number,
  least: number,
  most: number,
): Result<number, 'bad-usage'> {
  if (text === undefined) return { ok: true, value: otherwise }
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < least || number > most)
    return fail(`${name} wants a whole number from ${least} to ${most}.`)
  return { ok: true, value: number }
}

function fail(message: string): Failure<'bad-usage'> {
  return { ok: false, code: 'bad-usage', message }
}

/** What `sim spread` is asked for. */
export interface SpreadPlan {
  readonly sizes: readonly number[]
  readonly lessons: number
  readonly by: 'gossip' | 'catch-up'
  readonly loss: number
  readonly whole: number | undefined
}

/** A smaller swarm is none for arithmetic: whole nodes show what it does. */
const spreadBounds = { nodesMin: 20, nodesMax: 1_000_000, lessonsMax: 1_000, lossMax: 0.9 }

export function readSpread(
  written: Readonly<Partial<Record<'sizes' | 'lessons' | 'by' | 'loss' | 'whole', string>>>,
): Result<SpreadPlan, 'bad-usage'> {
  const { lessonsMax, lossMax, nodesMax, nodesMin } = spreadBounds
  const sizes: number[] = []
  for (const text of (written.sizes ?? '100,1000,10000,100000').split(',')) {
    const size = readNumber('--sizes', text.trim(), 0, nodesMin, nodesMax)
    if (!size.ok)
      return fail(`--sizes wants whole numbers from ${nodesMin} to ${nodesMax}, with commas between them.`)
    sizes.push(size.value)
  }
  const lessons = readNumber('--lessons', written.lessons, usualSpread.lessons, 1, lessonsMax)
  if (!lessons.ok) return lessons
  const whole = readNumber('--whole', written.whole, 0, nodesMin, settingBounds.nodesMax)
  if (!whole.ok) return whole
  const loss = Number(written.loss ?? 0)
  if (!(loss >= 0 && loss <= lossMax) || written.loss?.trim() === '')
    return fail(`--loss wants a share from 0 to ${lossMax}.`)
  const { by = 'gossip' } = written
  if (by !== 'gossip' && by !== 'catch-up') return fail('--by wants gossip or catch-up.')
  if (by === 'catch-up' && written.loss !== undefined)
    return fail('--loss is of gossip, and --by catch-up is without any: leave one of them out.')
  const wholeNodes = written.whole === undefined ? undefined : whole.value
  return { ok: true, value: { sizes, lessons: lessons.value, by, loss, whole: wholeNodes } }
}
