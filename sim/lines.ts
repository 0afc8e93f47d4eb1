/**
 * What is told of a run on one line of JSON, and how such a line is read again. A line names the version and the command of
 * its run, so that lines of several machines are joined only where they are of the same.
 */

import { z } from 'zod'
import type { Result } from '../protocol/types.ts'
import type { RunResult, RunSettings } from './run.ts'
import { commandOf, readSettings, type WrittenSettings } from './settings.ts'

const amount = z.number().nonnegative()
/** A figure without a value is there all the same: JSON has no undefined. */
const perhaps = amount.nullable()

const lineSchema = z.looseObject({
  seed: z.string().max(64),
  nodes: amount,
  simulatedS: amount,
  realS: amount,
  traceHash: z.string().regex(/^[0-9a-f]{64}$/),
  violations: z.array(
    z.looseObject({
      check: z.string().regex(/^[a-z-]{1,64}$/),
      /** Milliseconds. */
      atMs: amount,
      node: z.string().optional(),
      message: z.string(),
      /** Its number in the trace. */
      event: amount,
    }),
  ),
  publishes: amount,
  deliveries: amount,
  delivered10s: perhaps,
  delivered60s: perhaps,
  propagationP50Ms: perhaps,
  propagationP99Ms: perhaps,
  entries10s: perhaps,
  entries60s: perhaps,
  entriesP50Ms: perhaps,
  entriesP99Ms: perhaps,
  bytesPerNodeDay: perhaps,
  messagesPerNodeDay: perhaps,
  convergedAfterHealS: perhaps,
  recalls: amount,
  badRecalls: amount,
  recallAccuracy: perhaps,
  rssMb: amount,
  /** Runs the same again; of a run that failed or was stopped, up to there. */
  command: z.string().max(4_096),
  version: z.string().max(64),
})
export type RunLine = z.infer<typeof lineSchema>

/** Of one run, of the version that made it. */
export function lineOf(result: RunResult, settings: RunSettings, version: string): RunLine {
  const { events, stopped, trace: _trace, ...figures } = result
  const [first] = result.violations
  const end = first?.event ?? (stopped === undefined ? undefined : events)
  const until = end === undefined ? '' : ` --until ${end}`
  return {
    ...figures,
    violations: result.violations.map(({ node, ...violation }) => ({ ...violation, ...(node && { node }) })),
    delivered10s: figures.delivered10s ?? null,
    delivered60s: figures.delivered60s ?? null,
    propagationP50Ms: figures.propagationP50Ms ?? null,
    propagationP99Ms: figures.propagationP99Ms ?? null,
    entries10s: figures.entries10s ?? null,
    entries60s: figures.entries60s ?? null,
    entriesP50Ms: figures.entriesP50Ms ?? null,
    entriesP99Ms: figures.entriesP99Ms ?? null,
    bytesPerNodeDay: figures.bytesPerNodeDay ?? null,
    messagesPerNodeDay: figures.messagesPerNodeDay ?? null,
    convergedAfterHealS: figures.convergedAfterHealS ?? null,
    recallAccuracy: figures.recallAccuracy ?? null,
    command: `swarmlore ${commandOf(settings)}${until}`,
    version,
  }
}

export interface ReadLine {
  readonly line: RunLine
  /** All that the run follows from, as it is written. */
  readonly settings: RunSettings
}

export function readLine(text: string): Result<ReadLine> {
  const value = parsed(text)
  if (value === undefined) return bad('is no JSON')
  const read = lineSchema.safeParse(value)
  if (!read.success) {
    const [issue] = read.error.issues
    return bad(`is no result of a simulation: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
  }
  const settings = settingsOf(read.data.command)
  if (settings === undefined) return bad('has no command that this version could run')
  if (read.data.violations.length === 0 && read.data.command.includes(' --until '))
    return bad('is of a run that was stopped before its end')
  if (settings.seed !== read.data.seed) return bad('has the command of another seed')
  return { ok: true, value: { line: read.data, settings } }
}

/** Of the command as `lineOf` writes it. */
function settingsOf(command: string): RunSettings | undefined {
  const [, words] = /^swarmlore sim((?: --[a-z-]+ \S+)+)$/.exec(command) ?? []
  if (words === undefined) return undefined
  const written: Record<string, string> = {}
  for (const [, name, text] of words.matchAll(/ --([a-z-]+) (\S+)/g))
    if (name !== undefined && text !== undefined && name !== 'until') written[name] = text
  if (written.seed === undefined) return undefined
  const read = readSettings(written satisfies WrittenSettings)
  return read.ok ? read.value[0] : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Told to the caller as a bad line.
    return undefined
  }
}

function bad(message: string): Result<never> {
  return { ok: false, code: 'bad-input', message }
}
