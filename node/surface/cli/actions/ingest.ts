/**
 * What `ingest` does: transcripts out of files, a few at a time to the node, bad ones reported and skipped, and
 * then what could be distilled from them.
 */

import type { Result } from '../../../../protocol/types.ts'
import type { OutputOf } from '../../operations.ts'
import type { Client } from '../client.ts'
import { type Context, usage } from '../context.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import { count } from '../output.ts'
import { type Progress, showProgress } from '../progress.ts'
import { withClient } from '../session.ts'
import {
  type BadLine,
  type Format,
  parseFormat,
  placeOf,
  type ReadTranscript,
  readTranscripts,
  sizeOf,
  withSource,
} from '../transcripts.ts'
import { distilLines } from './distil.ts'

/** Captures under way at once: enough to share one synced write, few enough to bound the memory. */
const atOnce = 8
/** The document lists no more bad lines than this; the count is exact. */
const badListedMax = 1_000

/** These say that the node is in trouble, and not the line. */
const fatal = /^(no-answer|strange-answer|no-token|bad-token|internal|busy|not-ready|store-[a-z-]+)$/

interface Tally {
  captured: number
  known: number
  badCount: number
  readonly bad: BadLine[]
}

export async function ingest(
  context: Context,
  files: readonly string[],
  formatText: string,
  andDistil: boolean,
): Promise<Result<ExitStatus>> {
  const format = parseFormat(formatText)
  if (!format.ok) return format
  if (files.filter(file => file === '-').length > 1)
    return usage("Standard input ('-') can be read only once.")
  const tally: Tally = { captured: 0, known: 0, badCount: 0, bad: [] }
  const distilled = await takeIn(context, files, format.value, andDistil, tally)
  if (!distilled.ok) return distilled
  const { captured, known, badCount, bad } = tally
  const report = distilled.value
  const document = { captured, known, bad: badCount, badLines: bad, ...(report && { distilled: report }) }
  context.out.show(document, () => [
    `${count(captured, 'episode')} captured${known > 0 ? `, ${known} known already` : ''}${badCount > 0 ? `, ${badCount} bad and skipped` : ''}.`,
    ...(report === undefined ? [] : distilLines(report)),
  ])
  if (badCount === 0) return { ok: true, value: exitStatus.done }
  return { ok: true, value: captured + known > 0 ? exitStatus.partlyDone : exitStatus.failed }
}

/** The data folder is opened, and begun where there is none, only once there is something to put into it. */
async function takeIn(
  context: Context,
  files: readonly string[],
  format: Format,
  andDistil: boolean,
  tally: Tally,
): Promise<Result<OutputOf<'distil'> | undefined>> {
  const progress = await showProgress(context.out, await totalSize(files))
  const bad = (line: BadLine): void => report(context, tally, progress, line)
  const transcripts = readable(files, format, progress, bad)
  try {
    const first = await transcripts.next()
    if (first.done) return { ok: true, value: undefined }
    return await withClient(context, { mayCreate: true }, async client => {
      const captured = await captureAll(client, prepend(first.value, transcripts), tally, bad)
      if (!captured.ok) return captured
      progress.stop()
      return andDistil && tally.captured + tally.known > 0 ? client.call('distil', {}) : captured
    })
  } finally {
    await transcripts.return()
    progress.stop()
  }
}

/** The transcripts of all files; what is none is reported on the way. */
async function* readable(
  files: readonly string[],
  format: Format,
  progress: Progress,
  bad: (line: BadLine) => void,
): AsyncGenerator<ReadTranscript, void, undefined> {
  for (const file of files) {
    for await (const found of readTranscripts(file, format, bytes => progress.add(bytes))) {
      if ('code' in found) bad(found)
      else yield found
    }
  }
}

async function* prepend(
  first: ReadTranscript,
  rest: AsyncGenerator<ReadTranscript>,
): AsyncGenerator<ReadTranscript, void, undefined> {
  yield first
  yield* rest
}

async function captureAll(
  client: Client,
  transcripts: AsyncIterable<ReadTranscript>,
  tally: Tally,
  bad: (line: BadLine) => void,
): Promise<Result<undefined>> {
  const underWay = new Set<Promise<void>>()
  let stopped: Result<undefined> | undefined
  // Kept, and thrown where it is seen: a rejection that nobody waits for yet would end the process.
  let broken: { readonly error: unknown } | undefined
  const halted = (): Result<undefined> | undefined => {
    if (broken !== undefined) throw broken.error
    return stopped
  }
  try {
    for await (const found of transcripts) {
      const { file, line } = found
      const capture = captureOne(client, found).then(
        outcome => {
          if (outcome.ok) tally[outcome.value.known ? 'known' : 'captured']++
          else if (fatal.test(outcome.code)) stopped = outcome
          else bad({ file, line, code: outcome.code, message: outcome.message })
        },
        (error: unknown) => {
          broken = { error }
        },
      )
      const tracked = capture.finally(() => underWay.delete(tracked))
      underWay.add(tracked)
      if (underWay.size >= atOnce) await Promise.race(underWay)
      const halt = halted()
      if (halt !== undefined) return halt
    }
    await Promise.all(underWay)
    return halted() ?? { ok: true, value: undefined }
  } finally {
    await Promise.allSettled(underWay)
  }
}

function captureOne(client: Client, found: ReadTranscript) {
  return client.call('captureEpisode', { transcript: { ...withSource(found) } })
}

function report(context: Context, tally: Tally, progress: Progress, bad: BadLine): void {
  tally.badCount++
  if (tally.bad.length < badListedMax) tally.bad.push(bad)
  progress.interrupt(() => context.out.note(`${placeOf(bad)}: ${bad.message} Skipped. (${bad.code})`))
}

async function totalSize(files: readonly string[]): Promise<number | undefined> {
  let total = 0
  for (const file of files) {
    const size = await sizeOf(file)
    if (size === undefined) return undefined
    total += size
  }
  return total
}
