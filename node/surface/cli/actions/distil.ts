/**
 * What `distil` does, and `distil --dry-run`: the lessons that would come out of some files, and the exact bytes
 * that would be shared. A dry run works without a data folder, so that it can be tried before anything else.
 */

import type { Result } from '../../../../protocol/types.ts'
import type { OutputOf } from '../../operations.ts'
import { localClient } from '../client.ts'
import { type Context, done, usage } from '../context.ts'
import { type DryRun, dryRunDocument, dryRunLines } from '../dry-run.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import { count } from '../output.ts'
import { withClient } from '../session.ts'
import { dataFolder, loadSettings } from '../settings.ts'
import {
  type BadLine,
  type Format,
  parseFormat,
  placeOf,
  type ReadTranscript,
  readTranscripts,
  withSource,
} from '../transcripts.ts'

type Done = Promise<Result<ExitStatus>>

/** What a dry run holds in memory at once. */
const dryRunBytesMax = 256 * 1024 * 1024

export async function distil(
  context: Context,
  files: readonly string[],
  dryRun: boolean,
  formatText: string,
): Done {
  if (dryRun) return files.length > 0 ? preview(context, files, formatText) : usage('Name the files to try.')
  if (files.length > 0) {
    return usage("Files go with --dry-run; 'swarmlore ingest' takes them in and distils them.")
  }
  return withClient(context, {}, async client => {
    const report = await client.call('distil', {})
    if (!report.ok) return report
    context.out.show(report.value, () => distilLines(report.value))
    return done
  })
}

const askExplained = 'An ask is one distinct task; it is solved when a run of it has ended well.'

export function distilLines(report: OutputOf<'distil'>): string[] {
  const local = Object.entries(report.local)
  return [
    `Distilled ${count(report.episodes, 'episode')}: ${count(report.drafts, 'lesson')} found, ${report.newDrafts} of them new; ${report.published} shared.`,
    ...(report.heldOver === 0
      ? []
      : [
          `${count(report.heldOver, 'lesson')} wait for a quiet moment: more came at once than a run is given time for.`,
        ]),
    ...(local.length === 0 ? [] : ['Still on this node only, in all:']),
    ...local.map(([reason, number]) => `  ${number}: ${reason}`),
    ...(local.some(([reason]) => /\basks?\b/.test(reason)) ? [askExplained] : []),
  ]
}

async function preview(context: Context, files: readonly string[], formatText: string): Done {
  const { program, out } = context
  const format = parseFormat(formatText)
  if (!format.ok) return format
  const input = await readAll(files, format.value)
  if (!input.ok) return input
  const { transcripts, bad } = input.value
  const folder = await dataFolder(program, context.dataFlag)
  const read = await loadSettings(program, folder, context.settingFlags)
  if (!read.ok) return read
  const composed = await program.composeInMemory(read.value.settings, () => {})
  if (!composed.ok) return composed
  const client = localClient(composed.value)
  try {
    const found = await client.call('previewDistil', { transcripts: transcripts.map(withSource) })
    if (!found.ok) return found
    const dropped: string[] = []
    for (const { transcript, code, message } of found.value.failures) {
      const place = transcript === undefined ? undefined : transcripts[transcript]
      if (place === undefined) dropped.push(`${message} (${code})`)
      else bad.push({ file: place.file, line: place.line, code, message })
    }
    const run: DryRun = { found: found.value, transcripts, bad, dropped }
    out.show(dryRunDocument(run), () => dryRunLines(run, out))
    for (const line of out.json ? [] : bad)
      out.note(`${placeOf(line)}: ${line.message} Skipped. (${line.code})`)
    if (bad.length + dropped.length === 0) return done
    return { ok: true, value: found.value.episodes.length > 0 ? exitStatus.partlyDone : exitStatus.failed }
  } finally {
    await client.close()
  }
}

async function readAll(
  files: readonly string[],
  format: Format,
): Promise<Result<{ readonly transcripts: ReadTranscript[]; readonly bad: BadLine[] }>> {
  const transcripts: ReadTranscript[] = []
  const bad: BadLine[] = []
  let size = 0
  for (const file of files) {
    for await (const found of readTranscripts(file, format, bytes => (size += bytes))) {
      if (size > dryRunBytesMax)
        return usage(`A dry run takes ${dryRunBytesMax / 1024 / 1024} MiB at most. Try fewer files.`)
      if ('transcript' in found) transcripts.push(found)
      else bad.push(found)
    }
  }
  return { ok: true, value: { transcripts, bad } }
}
