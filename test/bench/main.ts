/**
 * `npm run bench [-- --json] [NAME…]`: measures and prints, against the goals that this project set itself. A NAME
 * is a figure, or the beginning of several. Medians and percentiles, after a warm-up; slow on a busy machine.
 */

import { loadavg } from 'node:os'
import { parseArgs, styleText } from 'node:util'
import { bulkSyncGroup } from './bulk-sync.ts'
import { churnGroup } from './churn.ts'
import { cranfieldGroup } from './cranfield.ts'
import { distilGroup } from './distil.ts'
import { BenchFailure, type Figure, type Group, type Measured } from './figure.ts'
import { lateJoinerGroup } from './late-joiner.ts'
import { processGroup } from './process.ts'
import { propagationGroup } from './propagation.ts'
import { rangesGroup } from './ranges.ts'
import { recallGroup } from './recall.ts'
import { recordsGroup } from './records.ts'
import { refineGroup } from './refine.ts'
import { replicationGroup } from './replication.ts'
import { simulatorGroup } from './simulator.ts'
import { trustGroup } from './trust.ts'

const groups: readonly Group[] = [
  distilGroup,
  recallGroup,
  recordsGroup,
  rangesGroup,
  bulkSyncGroup,
  trustGroup,
  refineGroup,
  propagationGroup,
  lateJoinerGroup,
  replicationGroup,
  churnGroup,
  simulatorGroup,
  processGroup,
  cranfieldGroup,
]

/** Above this load another program takes part of what is measured. */
const quietLoad = 1.5

interface Row {
  readonly name: string
  readonly value: number | null
  readonly unit: string
  readonly goal: string | null
  readonly met: boolean | null
  /** Why there is no value. */
  readonly skipped?: string
}

const { json, wanted } = readArguments()
const isWatched = process.stderr.isTTY
const [load = 0] = loadavg()
if (load > quietLoad)
  note(`The machine is busy (load ${load.toFixed(1)}): times will be longer than they are.`)
try {
  const rows: Row[] = []
  if (!json) print(['figure', 'value', 'goal', ''])
  for (const group of groups) {
    if (!group.figures.some(figure => wanted.has(figure.name))) continue
    for await (const measured of group.measure({ wanted, say })) {
      const figure = group.figures.find(one => one.name === measured.name)
      if (figure === undefined || !wanted.has(figure.name)) continue
      const row = rowOf(figure, measured)
      rows.push(row)
      say('')
      if (!json) print(cellsOf(row))
    }
  }
  say('')
  if (json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
} catch (error) {
  say('')
  if (!(error instanceof BenchFailure)) throw error
  note(`Error: ${error.message}`)
  process.exitCode = 1
}

function readArguments(): { json: boolean; wanted: ReadonlySet<string> } {
  const figures = groups.flatMap(group => group.figures)
  const all = figures.map(figure => figure.name)
  const usual = figures.filter(figure => !figure.onlyByName).map(figure => figure.name)
  try {
    const { values, positionals } = parseArgs({
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    const found = positionals.map(name => {
      const names = all.includes(name) ? [name] : all.filter(one => one.startsWith(name))
      if (names.length === 0) throw new BenchFailure(`There is no figure '${name}'.`)
      return names
    })
    return { json: values.json, wanted: new Set(positionals.length === 0 ? usual : found.flat()) }
  } catch (error) {
    const isUsage = error instanceof BenchFailure || (error instanceof TypeError && 'code' in error)
    if (!isUsage) throw error
    note(`Error: ${error.message}`)
    note(`Usage: npm run bench [-- --json] [NAME…], where NAME is one of these, or the beginning of some:`)
    for (const name of all) note(`  ${name}`)
    process.exit(2)
  }
}

function rowOf({ name, unit, goal }: Figure, measured: Measured): Row {
  const row = { name, unit, goal: goal?.text ?? null }
  if ('skipped' in measured) return { ...row, value: null, met: null, skipped: measured.skipped }
  const value = Math.round(measured.value * 10_000) / 10_000
  return { ...row, value, met: measured.met ?? goal?.met?.(value) ?? null }
}

function cellsOf({ name, value, unit, goal, met, skipped }: Row): readonly string[] {
  if (value === null) return [name, '–', goal ?? '', `skipped: ${skipped}`]
  const digits = { maximumFractionDigits: value < 1 ? 4 : value < 100 ? 1 : 0 }
  const verdict = met === null ? '' : met ? styleText('green', 'met') : styleText('red', 'missed')
  return [name, `${value.toLocaleString('en', digits)} ${unit}`.trim(), goal ?? '', verdict]
}

function print([name = '', value = '', goal = '', verdict = '']: readonly string[]): void {
  process.stdout.write(
    `${name.padEnd(32)} ${value.padStart(12)}  ${goal.padStart(14)}  ${verdict}`.trimEnd().concat('\n'),
  )
}

/** What is going on, on one line of standard error that is written over; an empty one takes it away. */
function say(line: string): void {
  if (isWatched) process.stderr.write(`\r\x1b[K${line}`)
}

function note(line: string): void {
  process.stderr.write(`${line}\n`)
}
