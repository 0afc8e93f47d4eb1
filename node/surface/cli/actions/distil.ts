/**
 * What `distil` does, and `distil --dry-run`: the lessons that would come out of some files, and the exact bytes
 * that would be shared. A dry run works without a data folder, so that it can be tried before anything else.
 */

import type { Result } from '../../../../protocol/types.ts'
import type { OutputOf } from '../../operations.ts'
import { localClient } from '../client.ts'
import { type Context, done, usage } from '../context.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import { count } from '../output.ts'
import { withClient } from '../session.ts'
import { dataFolder, loadSettings } from '../settings.ts'
import { parseFormat, placeOf, readTranscripts } from '../transcripts.ts'

type Done = Promise<Result<ExitStatus>>
type Draft = OutputOf<'previewDistil'>['drafts'][number]

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
  const transcripts: object[] = []
  const unread: { readonly what: string; readonly code: string }[] = []
  let size = 0
  for (const file of files) {
    for await (const found of readTranscripts(file, format.value, bytes => (size += bytes))) {
      if (size > dryRunBytesMax) {
        return usage(`A dry run takes ${dryRunBytesMax / 1024 / 1024} MiB at most. Try fewer files.`)
      }
      if ('transcript' in found) transcripts.push(found.transcript)
      else unread.push({ what: `${placeOf(found)}: ${found.message}`, code: found.code })
    }
  }
  const folder = await dataFolder(program, context.dataFlag)
  const read = await loadSettings(program, folder, context.settingFlags)
  if (!read.ok) return read
  const composed = await program.composeInMemory(read.value.settings, () => {})
  if (!composed.ok) return composed
  const client = localClient(composed.value)
  try {
    const found = await client.call('previewDistil', { transcripts })
    if (!found.ok) return found
    const { drafts } = found.value
    const failures = [...unread.map(({ what, code }) => `${what} (${code})`), ...found.value.failures]
    const shared = drafts.filter(draft => draft.heldBack === undefined).length
    out.show({ drafts, failures }, () => [
      ...drafts.flatMap((draft, at) => draftLines(draft, at + 1)),
      `${count(drafts.length, 'lesson')} out of ${count(transcripts.length, 'transcript')}; ${shared} would be shared. Nothing was stored; the author shown is a key made for this look, so that author, time and CID will be others when your node shares them.`,
    ])
    if (!out.json) {
      for (const { what, code } of unread) out.note(`${what} Skipped. (${code})`)
      for (const failure of found.value.failures) out.note(`${failure} Skipped.`)
    }
    if (failures.length === 0) return done
    // A transcript that is none of a known format counts as one that was not read.
    const taken = transcripts.length - found.value.failures.length
    return { ok: true, value: taken > 0 ? exitStatus.partlyDone : exitStatus.failed }
  } finally {
    await client.close()
  }
}

function draftLines(draft: Draft, number: number): string[] {
  const { entry } = draft
  const { support } = entry
  return [
    `${number}. ${entry.kind} (${draft.pattern}), from ${count(support.episodes, 'episode')} of ${count(support.asks, 'ask')}: ${support.solved} solved, ${support.unsolved} not`,
    `   when  ${entry.situation}`,
    `   what  ${entry.insight.summary}`,
    ...(entry.insight.detail === '' ? [] : [`   why   ${entry.insight.detail}`]),
    `   do    ${entry.insight.action}`,
    draft.heldBack === undefined
      ? `   would be shared as ${draft.cid}: ${Buffer.from(draft.bytes, 'base64').length} bytes, in base64`
      : `   stays on this node: ${draft.heldBack}`,
    ...(draft.heldBack === undefined ? [`   ${draft.bytes}`] : []),
    '',
  ]
}
