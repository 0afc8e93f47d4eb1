/**
 * Transcripts out of files: one JSON object a line, one JSON document, or the session log of a coding agent. What
 * cannot be read is given out as such, with its line, and reading goes on.
 */

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import type { Result } from '../../../protocol/types.ts'
import { usage } from './context.ts'
import { type Line, readLines } from './lines.ts'
import { isSessionEvent, SessionLog } from './session-log.ts'

export type Format = 'auto' | 'lines' | 'document'

export interface ReadTranscript {
  readonly file: string
  readonly line: number
  readonly transcript: object
}

/** What cannot be taken in, and why. */
export interface BadLine {
  readonly file: string
  /** 0 where it is not about a line. */
  readonly line: number
  readonly code: string
  readonly message: string
}

export type Found = ReadTranscript | BadLine

/** A line that is longer could not be captured: the API takes bodies of 8 MiB, and an episode has 4. */
const lineBytesMax = 8 * 1024 * 1024
/** A document is read as a whole. */
const documentBytesMax = 64 * 1024 * 1024
/** As capture has it. What nests deeper could not even be written as JSON again: that is recursive. */
const depthMax = 64
/** An event's message or arguments stand up to four levels deeper in the transcript that is made of it. */
const eventDepthMax = depthMax - 4

export function parseFormat(text: string): Result<Format> {
  if (text === 'auto' || text === 'lines' || text === 'document') return { ok: true, value: text }
  return usage(`--format is auto, lines or document, and not '${text}'.`)
}

/** The size in bytes; undefined for standard input and for what is no regular file. */
export async function sizeOf(file: string): Promise<number | undefined> {
  if (file === '-') return undefined
  try {
    const found = await stat(file)
    return found.isFile() ? found.size : undefined
  } catch {
    // Reading it will say what is wrong.
    return undefined
  }
}

export async function* readTranscripts(
  file: string,
  format: Format,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Found, void, undefined> {
  const stream = file === '-' ? process.stdin : createReadStream(file)
  const lines = readLines(counted(stream, onBytes), format === 'document' ? documentBytesMax : lineBytesMax)
  const name = file === '-' ? 'standard input' : file
  try {
    if (format === 'lines') yield* fromLines(name, lines)
    else if (format === 'document') yield* fromDocument(name, await gather(lines, documentBytesMax))
    else yield* guess(name, lines)
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    yield {
      file: name,
      line: 0,
      code: 'unreadable-file',
      message: unreadable[String(error.code)] ?? `It cannot be read: ${error.message}.`,
    }
  }
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'It does not exist.',
  ENOTDIR: 'It does not exist.',
  EISDIR: 'It is a folder, and a file is wanted.',
  EACCES: 'This user may not read it.',
  EPERM: 'This user may not read it.',
}

/** As it is captured: with where it came from, unless it says so itself. Its asks are told from those of other files. */
export function withSource({ file, transcript }: ReadTranscript): object {
  return { source: basename(file), ...transcript }
}

/** For people: the file, and the line where there is one. */
export function placeOf({ file, line }: { readonly file: string; readonly line: number }): string {
  return line > 0 ? `${file}:${line}` : file
}

/**
 * One transcript a line unless the first line is no JSON by itself and all lines together are: then the file is a
 * document over many lines. The first line also tells a session log.
 */
async function* guess(file: string, lines: AsyncGenerator<Line>): AsyncGenerator<Found> {
  const first = await firstFilled(lines)
  if (first === undefined) return
  const value = 'text' in first ? parse(first.text) : undefined
  if (value === undefined && 'text' in first && /^\s*[[{]/.test(first.text)) {
    const gathered = await gather(prepend([first], lines), documentBytesMax)
    const document = gathered.complete ? parse(gathered.text) : undefined
    if (document !== undefined) yield* fromValue(file, first.number, document)
    else yield* fromLines(file, prepend(gathered.lines, lines))
  } else if (isSessionEvent(value)) {
    yield* fromSession(file, prepend([first], lines))
  } else {
    yield* fromLines(file, prepend([first], lines))
  }
}

async function* fromLines(file: string, lines: AsyncIterable<Line>): AsyncGenerator<Found> {
  for await (const line of lines) {
    if ('problem' in line) yield { file, line: line.number, ...complaint(line.problem) }
    else if (line.text.trim() !== '') {
      const value = parse(line.text)
      if (value === undefined) yield { file, line: line.number, ...complaint('not-json') }
      else yield* fromValue(file, line.number, value)
    }
  }
}

function* fromDocument(file: string, gathered: Gathered): Generator<Found> {
  const value = gathered.complete ? parse(gathered.text) : undefined
  if (value !== undefined) yield* fromValue(file, 1, value)
  else yield { file, line: 1, ...complaint(gathered.complete ? 'not-json' : 'too-long') }
}

/** A list of objects with roles is one conversation; any other list holds a transcript in each place. */
function* fromValue(file: string, line: number, value: unknown): Generator<Found> {
  const transcripts = transcriptsIn(value)
  if (transcripts === undefined) yield { file, line, ...complaint('not-an-object') }
  else if (transcripts.length === 0) yield { file, line, ...complaint('holds-none') }
  else for (const transcript of transcripts) yield checked(file, line, transcript)
}

function transcriptsIn(value: unknown): readonly object[] | undefined {
  if (isObject(value)) return spansOf(value) ?? [value]
  if (!Array.isArray(value) || !value.every(isObject)) return undefined
  return value.length > 0 && value.every(item => 'role' in item) ? [{ messages: value }] : value
}

function checked(file: string, line: number, transcript: object): Found {
  if (deeperThan(transcript, depthMax)) return { file, line, ...complaint('too-deep') }
  return { file, line, transcript }
}

/** The spans of an OpenTelemetry export, which wraps them twice; undefined for everything else. */
function spansOf(value: object): object[] | undefined {
  if (!('resourceSpans' in value)) return undefined
  const listed = (from: unknown, key: string): unknown[] => {
    const inner = isObject(from) ? Object.entries(from).find(([name]) => name === key)?.[1] : undefined
    return Array.isArray(inner) ? inner : []
  }
  return listed(value, 'resourceSpans')
    .flatMap(resource => listed(resource, 'scopeSpans'))
    .flatMap(scope => listed(scope, 'spans'))
    .filter(isObject)
}

async function* fromSession(file: string, lines: AsyncIterable<Line>): AsyncGenerator<Found> {
  const log = new SessionLog(lineBytesMax)
  for await (const line of lines) {
    if ('problem' in line) yield { file, line: line.number, ...complaint(line.problem) }
    else if (line.text.trim() !== '') {
      const event = parse(line.text)
      if (event === undefined) yield { file, line: line.number, ...complaint('not-json') }
      else if (deeperThan(event, eventDepthMax)) yield { file, line: line.number, ...complaint('too-deep') }
      else if (!log.add(event, line.text.length)) {
        yield { file, line: line.number, ...complaint('too-long') }
      }
    }
  }
  const transcripts = log.transcripts()
  if (transcripts.length === 0) yield { file, line: 1, ...complaint('holds-none') }
  for (const transcript of transcripts) yield { file, line: 1, transcript }
}

const sentences = {
  'too-long': `It is longer than a transcript may be (${lineBytesMax / 1024 / 1024} MiB a line or session).`,
  'not-utf8': 'It is not UTF-8 text.',
  'not-json': 'It is not JSON: a transcript is one JSON object a line.',
  'not-an-object': 'It is JSON, and no object.',
  'holds-none': 'It is JSON, and holds no transcript.',
  'too-deep': `It nests deeper than ${depthMax} levels.`,
} as const

function complaint(code: keyof typeof sentences): { code: string; message: string } {
  return { code, message: sentences[code] }
}

interface Gathered {
  readonly text: string
  readonly lines: readonly Line[]
  /** All lines are in the text. */
  readonly complete: boolean
}

async function gather(lines: AsyncGenerator<Line>, most: number): Promise<Gathered> {
  const gathered: Line[] = []
  const texts: string[] = []
  let size = 0
  while (size <= most) {
    const next = await lines.next()
    if (next.done)
      return { text: texts.join('\n'), lines: gathered, complete: texts.length === gathered.length }
    gathered.push(next.value)
    if ('text' in next.value) {
      texts.push(next.value.text)
      size += next.value.text.length
    }
  }
  return { text: '', lines: gathered, complete: false }
}

async function firstFilled(lines: AsyncGenerator<Line>): Promise<Line | undefined> {
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    if (!('text' in next.value) || next.value.text.trim() !== '') return next.value
  }
  return undefined
}

async function* prepend(first: readonly Line[], rest: AsyncGenerator<Line>): AsyncGenerator<Line> {
  yield* first
  yield* rest
}

async function* counted(stream: Readable, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    onBytes(chunk.length)
    yield chunk
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller reports it, with the line.
    return undefined
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Level by level and not by recursion, so that depth cannot exhaust the stack. */
function deeperThan(value: unknown, most: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true
    level = level.flatMap(item => (typeof item === 'object' && item !== null ? Object.values(item) : []))
  }
  return false
}
