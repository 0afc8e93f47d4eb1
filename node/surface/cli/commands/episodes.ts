/** `ingest`, `distil`, `episodes`: what was captured, and the lessons in it. */

import type { Command } from 'commander'
import { example, type Run } from '../context.ts'

export function addEpisodeCommands(root: Command, run: Run): void {
  const ingest = root
    .command('ingest')
    .description('take in transcripts, and distil them: recorded conversations, one JSON object a line')
    .argument('<file...>', "transcript files; '-' reads standard input")
    .option('--format <format>', 'auto, lines (one transcript a line) or document (one JSON value)', 'auto')
    .option('--no-distil', 'only take them in; the node distils when it is idle')
    .action((files: string[], options: { format: string; distil: boolean }) =>
      run(ingest, async context =>
        (await import('../actions/ingest.ts')).ingest(context, files, options.format, options.distil),
      ),
    )
  example(ingest, 'ingest runs.jsonl', 'ingest - < runs.jsonl')

  const distil = root
    .command('distil')
    .description('distil the episodes that wait')
    .option('--dry-run', 'show the lessons in these files, and the exact bytes that would be shared')
    .option('--format <format>', 'of the files: auto, lines or document', 'auto')
    .argument('[file...]', 'transcript files, with --dry-run')
    .action((files: string[], options: { dryRun?: boolean; format: string }) =>
      run(distil, async context =>
        (await import('../actions/distil.ts')).distil(
          context,
          files,
          options.dryRun === true,
          options.format,
        ),
      ),
    )
  example(distil, 'distil --dry-run runs.jsonl')

  const episodes = root.command('episodes').description('what was captured; it never leaves the node')
  example(episodes, 'episodes ls')
  const list = episodes
    .command('ls')
    .description('list the captured episodes')
    .option('--limit <n>', 'at most this many', '20')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action((options: { limit: string; cursor?: string }) =>
      run(list, async context =>
        (await import('../actions/episodes.ts')).list(context, options.limit, options.cursor),
      ),
    )
  example(list, 'episodes ls --limit 5')
  const show = episodes
    .command('show')
    .description('one episode with its interactions, and the entries that came from it')
    .argument('<id>')
    .action((id: string) =>
      run(show, async context => (await import('../actions/episodes.ts')).show(context, id)),
    )
  example(show, 'episodes show 3f0c…')
  const forget = episodes
    .command('forget')
    .description('forget an episode; lessons that rest on it alone are dropped, and retracted where shared')
    .argument('[id]')
    .option('--before <date>', 'all that were captured before this time')
    .action((id: string | undefined, options: { before?: string }) =>
      run(forget, async context =>
        (await import('../actions/episodes.ts')).forget(context, id, options.before),
      ),
    )
  example(forget, 'episodes forget 3f0c…', 'episodes forget --before 2026-03-01')
}
