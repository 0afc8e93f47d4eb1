/**
 * Joins the results of the shards of a sweep. Only runs of the same settings and version are one sweep, and no seed counts
 * twice: anything else is refused, since its figures would mean nothing.
 */

import { toHex, utf8Bytes } from '../crypto/bytes.ts'
import { sha256 } from '../crypto/hash.ts'
import type { Result } from '../protocol/types.ts'
import { type RunLine, readLine } from './lines.ts'
import { quantile } from './quantile.ts'
import { commandOf, writtenOf } from './settings.ts'

/** The lines of a file, and its name for messages. */
export interface LinesFile {
  readonly name: string
  readonly lines: readonly string[]
}

export interface Sweep {
  readonly version: string
  /** What all runs have in common, as it is written on a command line. */
  readonly settings: Readonly<Record<string, string>>
  readonly lines: readonly RunLine[]
}

/** The lines in the order of their seeds. */
export function merge(files: readonly LinesFile[]): Result<Sweep> {
  const seen = new Map<string, { readonly line: RunLine; readonly at: string }>()
  let common: { readonly of: string; readonly at: string; readonly settings: Sweep['settings'] } | undefined
  for (const { name, lines } of files) {
    for (const [number, text] of lines.entries()) {
      if (text.trim() === '') continue
      const at = `${name}, line ${number + 1}`
      const read = readLine(text)
      if (!read.ok) return bad(`${at} ${read.message}.`)
      const { line, settings } = read.value
      const of = `${line.version} ${commandOf({ ...settings, seed: '' })}`
      const { seed: _, ...shared } = writtenOf(settings)
      common ??= { of, at, settings: shared }
      if (of !== common.of)
        return bad(
          `${at} is of other settings, or of another version, than ${common.at}: they are no one sweep.`,
        )
      const before = seen.get(line.seed)
      if (before !== undefined) return bad(`${at} has the seed ${line.seed}, and so has ${before.at}.`)
      seen.set(line.seed, { line, at })
    }
  }
  const lines = [...seen.values()].map(({ line }) => line).sort(bySeed)
  const [first] = lines
  if (first === undefined || common === undefined) return bad('There is no result in these files.')
  return { ok: true, value: { version: first.version, settings: common.settings, lines } }
}

export type SweepFigures = ReturnType<typeof figuresOf>

/** Figures of a whole sweep: sums, shares weighted by what they are shares of, and the middle and the worst of the others. */
export function figuresOf({ lines, settings, version }: Sweep) {
  const failing = lines.filter(({ violations }) => violations.length > 0)
  const of = (pick: (line: RunLine) => number | null): readonly number[] =>
    lines.map(pick).filter(value => value !== null)
  const sum = (pick: (line: RunLine) => number): number => of(pick).reduce((total, value) => total + value, 0)
  const share = (
    pick: (line: RunLine) => number | null,
    weight: (line: RunLine) => number,
  ): number | null => {
    const known = lines.filter(line => pick(line) !== null)
    const whole = known.reduce((total, line) => total + weight(line), 0)
    return whole === 0
      ? null
      : known.reduce((total, line) => total + (pick(line) ?? 0) * weight(line), 0) / whole
  }
  const traces = lines.map(({ seed, traceHash }) => `${seed} ${traceHash}\n`).join('')
  return {
    version,
    settings,
    seeds: lines.length,
    failed: failing.length,
    simulatedS: sum(({ simulatedS }) => simulatedS),
    realS: sum(({ realS }) => realS),
    /** One hash over all trace hashes: two machines that ran the same sweep have the same. */
    traceHashes: toHex(sha256(utf8Bytes(traces))),
    publishes: sum(({ publishes }) => publishes),
    deliveries: sum(({ deliveries }) => deliveries),
    delivered10s: share(
      one => one.delivered10s,
      one => one.deliveries,
    ),
    delivered60s: share(
      one => one.delivered60s,
      one => one.deliveries,
    ),
    medianPropagationP50Ms: middle(of(one => one.propagationP50Ms)),
    maxPropagationP99Ms: most(of(one => one.propagationP99Ms)),
    entries10s: share(
      one => one.entries10s,
      one => one.deliveries,
    ),
    entries60s: share(
      one => one.entries60s,
      one => one.deliveries,
    ),
    medianEntriesP50Ms: middle(of(one => one.entriesP50Ms)),
    maxEntriesP99Ms: most(of(one => one.entriesP99Ms)),
    bytesPerNodeDay: share(
      one => one.bytesPerNodeDay,
      one => one.simulatedS * one.nodes,
    ),
    messagesPerNodeDay: share(
      one => one.messagesPerNodeDay,
      one => one.simulatedS * one.nodes,
    ),
    medianConvergedAfterHealS: middle(of(one => one.convergedAfterHealS)),
    maxConvergedAfterHealS: most(of(one => one.convergedAfterHealS)),
    recalls: sum(({ recalls }) => recalls),
    badRecalls: sum(({ badRecalls }) => badRecalls),
    recallAccuracy: share(
      one => one.recallAccuracy,
      one => one.recalls,
    ),
    maxRssMb: most(of(({ rssMb }) => rssMb)),
    failing: failing.map(({ command, seed, violations }) => ({
      seed,
      checks: [...new Set(violations.map(({ check }) => check))],
      command,
    })),
  }
}

/** Numbers by size, then names. */
function bySeed({ seed: a }: RunLine, { seed: b }: RunLine): number {
  const [aNumber, bNumber] = [a, b].map(seed =>
    /^\d+$/.test(seed) ? Number(seed) : Number.POSITIVE_INFINITY,
  )
  if (aNumber !== bNumber) return (aNumber ?? 0) < (bNumber ?? 0) ? -1 : 1
  return a < b ? -1 : 1
}

function middle(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return quantile(sorted, 0.5) ?? null
}

function most(values: readonly number[]): number | null {
  return values.reduce<number | null>((max, value) => (max === null || value > max ? value : max), null)
}

function bad(message: string): Result<never> {
  return { ok: false, code: 'bad-input', message }
}
