/** Recorded runs and, where they lie beside them, the databases that their tools read: what E7 measures on. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

export interface RecordedCall {
  readonly tool: string
  readonly arguments: string
  /** The result's text where it is an error. */
  readonly error: string | undefined
}

export interface RecordedRun {
  /** The line of the file, as the node takes it in. */
  readonly transcript: Record<string, unknown>
  readonly task: string
  readonly firstMessage: string
  /** What the operator's prompt says. */
  readonly rules: string
  readonly text: string
  readonly calls: readonly RecordedCall[]
  readonly tools: ReadonlySet<string>
  /** Names of arguments and of fields in results: what a lesson may name. */
  readonly names: ReadonlySet<string>
  /** Words of tool errors. */
  readonly errorWords: ReadonlySet<string>
}

export interface Recorded {
  readonly name: string
  readonly runs: readonly RecordedRun[]
  /** Text values of the tools' databases that stand in under 1 % of the records; empty where there is no database. */
  readonly rareValues: ReadonlySet<string>
}

export function readRecorded(file: string): Recorded {
  const runs = readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line.trim() !== '')
    .map((line, index) => toRun(JSON.parse(line), index))
  return { name: basename(file).replace(/\.jsonl$/, ''), runs, rareValues: rareValues(file) }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toRun(value: unknown, index: number): RecordedRun {
  const transcript = isObject(value) ? value : {}
  const list = transcript.messages ?? transcript.traj
  const messages = Array.isArray(list) ? list.filter(isObject) : []
  const names = new Set<string>()
  const errorWords = new Set<string>()
  const results = new Map<string, string>()
  for (const message of messages) {
    if (message.role !== 'tool') continue
    const text = textOf(message.content)
    if (typeof message.tool_call_id === 'string') results.set(message.tool_call_id, text)
    const value = parse(text)
    collectNames(value, names)
    // Of JSON with escapes the words are those that they spell.
    const spelled = value === undefined ? text : JSON.stringify(value)
    if (isError(text)) for (const word of wordsOf(spelled)) errorWords.add(word)
  }
  const calls = messages.flatMap(message => callsOf(message, results, names))
  const first = messages.find(message => message.role === 'user')
  return {
    transcript,
    task: String(transcript.task_id ?? index),
    firstMessage: first === undefined ? '' : textOf(first.content),
    rules: messages
      .filter(message => message.role === 'system' || message.role === 'developer')
      .map(message => textOf(message.content))
      .join('\n'),
    text: messages
      .map(message => `${textOf(message.content)} ${JSON.stringify(message.tool_calls ?? '')}`)
      .join('\n'),
    calls,
    tools: new Set(calls.map(call => call.tool)),
    names,
    errorWords,
  }
}

function callsOf(
  message: Record<string, unknown>,
  results: ReadonlyMap<string, string>,
  names: Set<string>,
): RecordedCall[] {
  const list = Array.isArray(message.tool_calls) ? message.tool_calls : []
  return list.filter(isObject).map(call => {
    const target = isObject(call.function) ? call.function : call
    const given =
      typeof target.arguments === 'string' ? target.arguments : JSON.stringify(target.arguments ?? {})
    collectNames(parse(given), names)
    const result = typeof call.id === 'string' ? (results.get(call.id) ?? '') : ''
    return { tool: String(target.name), arguments: given, error: isError(result) ? result : undefined }
  })
}

/** Wider than the node's own reading: only its words are looked up here. */
function isError(text: string): boolean {
  return /error|exception|not found|could not|invalid|failed|returncode>[^0]|no such|cannot|"success": ?false/i.test(
    text.slice(0, 400),
  )
}

function textOf(content: unknown): string {
  return typeof content === 'string'
    ? content
    : content === undefined || content === null
      ? ''
      : JSON.stringify(content)
}

function parse(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

function collectNames(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collectNames(item, names)
  else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      names.add(key)
      collectNames(item, names)
    }
  }
}

export function wordsOf(text: string): readonly string[] {
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/\p{L}[\p{L}\p{N}'-]*/gu) ?? []
  )
}

/** The databases lie in the file's folder, named after its domain: `airline_db_users.json` for `…_airline.jsonl`. */
function rareValues(file: string): ReadonlySet<string> {
  const folder = dirname(file)
  if (!existsSync(folder)) return new Set()
  const rare = new Set<string>()
  for (const name of readdirSync(folder)) {
    const domain = /^(.+?)_db(?:_.*)?\.json$/.exec(name)?.[1]
    if (domain === undefined || !basename(file).includes(domain)) continue
    for (const value of rareOf(JSON.parse(readFileSync(join(folder, name), 'utf8')))) rare.add(value)
  }
  return rare
}

function rareOf(root: unknown): readonly string[] {
  const records = recordsOf(root, 0)
  const counts = new Map<string, number>()
  for (const record of records)
    for (const value of new Set(textsIn(record))) counts.set(value, (counts.get(value) ?? 0) + 1)
  const limit = Math.max(2, records.length / 100)
  return [...counts].filter(([, count]) => count < limit).map(([value]) => value.toLowerCase())
}

/** Tables lie at the top or one or two levels below it: an object or list of ten members or more is one. */
function recordsOf(value: unknown, depth: number): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value
  const members: readonly unknown[] = Object.values(value)
  if (members.length >= 10 || depth >= 3) return members
  return members.flatMap(member => recordsOf(member, depth + 1))
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.length >= 4 ? [value] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
