/**
 * What a command prints. On standard output stands either text for people or, with `--json`, documents and
 * nothing else; what is about the work (progress, notes, errors) goes to standard error. Text of peers and of
 * transcripts ends up on a terminal here, now or out of a file later, so control characters are made visible before
 * they can steer it. Only the styles that this file puts in itself pass.
 */

import { randomUUID } from 'node:crypto'
import { styleText } from 'node:util'
import type { Failure } from '../../../protocol/types.ts'

/** Standard output and error, or what stands in for them. */
export type Sink = NodeJS.WritableStream & { readonly isTTY?: boolean }

export interface OutputOptions {
  readonly json: boolean
  readonly verbose: boolean
  readonly stdout: Sink
  readonly stderr: Sink
}

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'

export class Output {
  readonly json: boolean
  readonly verbose: boolean
  readonly stdout: Sink
  readonly stderr: Sink

  constructor(options: OutputOptions) {
    this.json = options.json
    this.verbose = options.verbose
    this.stdout = options.stdout
    this.stderr = options.stderr
  }

  /** The result of a command: the document itself, or lines for people. */
  show(document: unknown, lines: () => readonly string[]): void {
    if (this.json) this.document(document)
    else for (const line of lines()) this.line(line)
  }

  document(document: unknown): void {
    // The same document: in JSON a character may always stand as its escape.
    this.stdout.write(`${JSON.stringify(document).replace(hidden, escaped)}\n`)
  }

  line(text: string): void {
    this.stdout.write(`${visible(text)}\n`)
  }

  /** Bytes as they are: what goes into a model's prompt. */
  raw(text: string): void {
    this.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`)
  }

  note(text: string): void {
    this.stderr.write(`${visible(text)}\n`)
  }

  failure(failure: Omit<Failure, 'ok'> & { readonly cause?: unknown }): void {
    if (this.json) this.document({ error: { code: failure.code, message: failure.message } })
    this.note(`${this.styleFor(this.stderr, 'red', 'Error:')} ${failure.message} (${failure.code})`)
    if (this.verbose) for (const line of causes(failure.cause)) this.note(`  ${line}`)
  }

  /** Colour, where standard output is a terminal and `NO_COLOR` is not set. */
  style(style: Style, text: string): string {
    return this.styleFor(this.stdout, style, text)
  }

  private styleFor(stream: Sink, style: Style, text: string): string {
    const [begin, end] = styleText(style, '|', { stream }).split('|')
    return begin && end ? `${own}${begin}${text}${own}${end}` : text
  }
}

/** Columns side by side, two spaces apart; the last one is not padded. */
export function table(given: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  // A line break within a cell could pass for a row of its own.
  const rows = given.map(row => row.map(cell => cell.replace(/[\n\t]/g, '\ufffd')))
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, width(cell))
  }
  return rows.map(row =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd(),
  )
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** The causes of an error, outermost first, without stacks. */
export function causes(error: unknown): string[] {
  const lines: string[] = []
  for (let at = error; at !== undefined && at !== null && lines.length < 10; ) {
    lines.push(withoutStack(at instanceof Error ? `${at.name}: ${at.message}` : String(at)))
    at = at instanceof Error ? at.cause : undefined
  }
  return lines
}

/** Stands before each style of our own while a line is put together. New in each process, so that no text has it. */
const own = `<${randomUUID()}>`
const ownStyle = new RegExp(`${own}(${String.fromCharCode(0x1b)}\\[\\d+m)`, 'g')
/** Control and format characters (bidirectional ones among them), but for line breaks and tabs. */
const hidden = /(?![\n\t])[\p{Cc}\p{Cf}]/gu

function visible(text: string): string {
  // The pieces at odd places are the styles.
  return text
    .split(ownStyle)
    .map((piece, at) => (at % 2 === 1 ? piece : piece.replace(hidden, '\ufffd')))
    .join('')
}

/** The escape of JSON: one for each of the one or two code units. */
function escaped(character: string): string {
  return character
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

/** Some libraries put the stack of a cause into their own message. */
function withoutStack(text: string): string {
  return text
    .split('\n')
    .filter(line => line.trim() !== '' && !/^\s+at /.test(line))
    .join('\n')
}

function width(text: string): number {
  return text.replace(ownStyle, '').length
}
