/** `entries`: the lessons that this node holds, its own and received ones. */

import type { Command } from 'commander'
import { collect, example, type Run } from '../context.ts'
import type { AddOptions, ListOptions } from '../options.ts'

export function addEntryCommands(root: Command, run: Run): void {
  const entries = root.command('entries').description('the lessons this node holds')
  example(entries, 'entries ls --status shared')

  const list = entries
    .command('ls')
    .description('list entries')
    .option('--status <status>', 'local, review, shared or received')
    .option('--author <did>', 'by this author')
    .option('--domain <domain>', 'in this domain')
    .option('--text <text>', 'that hold this text')
    .option('--swarm <id>', 'of this swarm')
    .option('--limit <n>', 'at most this many', '20')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action((options: ListOptions) =>
      run(list, async context => (await import('../actions/entries.ts')).list(context, options)),
    )
  example(list, 'entries ls --status received --text refund')

  const show = entries
    .command('show')
    .description('one entry, with its provenance and its alternatives')
    .argument('<cid>')
    .action((cid: string) =>
      run(show, async context => (await import('../actions/entries.ts')).show(context, cid)),
    )
  example(show, 'entries show bafkrei…')

  const add = entries
    .command('add')
    .description('write an entry by hand, and share it')
    .requiredOption('--situation <text>', 'when it applies: what recall matches')
    .requiredOption('--summary <text>', 'what happened, in a sentence or two')
    .requiredOption('--action <text>', 'what to do')
    .option('--detail <text>', 'why it matters')
    .option('--kind <kind>', 'fact, procedure, pitfall or preference', 'fact')
    .requiredOption('--domain <domain>', 'what it is about; may be repeated', collect)
    .option('--tool <name:args>', "a tool it speaks of: 'name' or 'name:arg,arg'; may be repeated", collect)
    .option('--swarm <id>', 'into this swarm')
    .action((options: AddOptions) =>
      run(add, async context => (await import('../actions/entries.ts')).add(context, options)),
    )
  example(
    add,
    `entries add --domain shop --situation "issue_refund: order not delivered yet" \\
      --summary "Refunds are refused before delivery." --action "Call cancel_order instead."`,
  )

  const retract = entries
    .command('retract')
    .description('take an own entry back, here and at every peer that hears of it')
    .argument('[cid]')
    .option('--before <date>', 'all of your own that were made before this time, in every swarm')
    .action((cid: string | undefined, options: { before?: string }) =>
      run(retract, async context =>
        (await import('../actions/entries.ts')).retract(context, cid, options.before),
      ),
    )
  example(retract, 'entries retract bafkrei…', 'entries retract --before 2026-03-01')

  const review = entries
    .command('review')
    .description('approve or reject what waits for review; without arguments, list it')
    .argument('[cid]')
    .argument('[verdict]', 'approve or reject')
    .action((cid: string | undefined, verdict: string | undefined) =>
      run(review, async context => (await import('../actions/entries.ts')).review(context, cid, verdict)),
    )
  example(review, 'entries review', 'entries review bafkrei… approve')
}
