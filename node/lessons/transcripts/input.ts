/**
 * What every transcript format is turned into, and the small readers that they share. The values come from
 * files and requests of strangers: nothing here trusts a type, and nothing throws.
 */

import type { Failure, Result } from '../../../protocol/types.ts'
import type { Interaction, Json, Outcome } from '../../ports.ts'

export type CaptureCode =
  | 'not-an-object'
  | 'unknown-format'
  | 'bad-field'
  | 'bad-outcome'
  | 'empty-episode'
  | 'too-large'
  | 'too-deep'
  | 'too-many-interactions'

/** An episode as its transcript tells it: without id and time of capture. */
export interface EpisodeInput {
  readonly interactions: readonly Interaction[]
  /** The task's own id, where the transcript gives one. */
  readonly task?: string
  /** Which of several runs of the task this is. */
  readonly trial?: string
  readonly domain?: string
  readonly source?: string
  readonly model?: string
  readonly outcome?: Outcome
  /** It tells of success and of failure: there is no outcome, and a person may want to know why. */
  readonly contradictory?: true
}

export type JsonObject = { readonly [key: string]: unknown }

/** Reads one format. `undefined`: this is some other format. */
export type TranscriptFormat = (value: JsonObject) => Result<EpisodeInput, CaptureCode> | undefined

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function failure(code: CaptureCode, message: string): Failure<CaptureCode> {
  return { ok: false, code, message }
}

/** A label such as a task id or a model's name: short text or a number, else undefined. */
export function label(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value !== 'string' || value === '') return undefined
  return value.slice(0, 500).toWellFormed()
}

/** The fields that any format may carry beside its interactions. */
export function labels(value: JsonObject): Omit<EpisodeInput, 'interactions' | 'outcome'> {
  const task = label(value.task_id ?? value.taskId)
  const trial = label(value.trial)
  const domain = label(value.domain)
  const source = label(value.source)
  const model = label(value.model)
  return {
    ...(task === undefined ? {} : { task }),
    ...(trial === undefined ? {} : { trial }),
    ...(domain === undefined ? {} : { domain }),
    ...(source === undefined ? {} : { source }),
    ...(model === undefined ? {} : { model }),
  }
}

/** Parsed JSON as the type that says so. Depth was checked when the episode came in. */
function toJson(value: unknown): Json | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (Array.isArray(value)) return value.map(item => toJson(item) ?? null)
  if (!isObject(value)) return undefined
  // fromEntries defines own properties, so that a key `__proto__` stays a key.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item) ?? null]))
}

/** A tool's arguments: text that holds JSON in most logs, a JSON value in some. */
export function readArguments(raw: unknown): { readonly arguments: Json | undefined; readonly text: string } {
  if (typeof raw !== 'string') {
    const value = raw === undefined ? {} : toJson(raw)
    return { arguments: value, text: value === undefined ? '' : JSON.stringify(value) }
  }
  if (raw.trim() === '') return { arguments: {}, text: raw }
  return { arguments: parseJson(raw), text: raw }
}

/** Undefined where the text is not JSON, or is nested deeper than anything that a tool would want. */
export function parseJson(text: string): Json | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
  return deeperThan(value, DEPTH_MAX) ? undefined : toJson(value)
}

/** No recorded run nests deeper than 12; beyond this a walk could exhaust the stack. */
export const DEPTH_MAX = 64

/** Whether the value nests deeper than `limit`. Walks with a list of its own, so that depth cannot exhaust the stack. */
export function deeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true
    const next: unknown[] = []
    for (const item of level) {
      if (Array.isArray(item)) for (const child of item) next.push(child)
      else if (isObject(item)) for (const child of Object.values(item)) next.push(child)
    }
    level = next
  }
  return false
}

/** The text of a message's content: a string, or a list of parts of which only the text is kept. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return isObject(content) ? JSON.stringify(content) : ''
  const texts: string[] = []
  for (const part of content) {
    if (typeof part === 'string') texts.push(part)
    else if (isObject(part) && typeof part.text === 'string') texts.push(part.text)
    else if (isObject(part) && typeof part.content === 'string') texts.push(part.content)
  }
  return texts.join('\n')
}
