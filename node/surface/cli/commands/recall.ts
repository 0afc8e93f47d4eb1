/** `recall`, `feedback`: what would be handed to the model, and whether it helped. */

import type { Command } from 'commander'
import { example, type Run } from '../context.ts'
import type { RecallOptions } from '../options.ts'

export function addRecallCommands(root: Command, run: Run): void {
  const recall = root
    .command('recall')
    .description('what would be handed to the model for a query, a tool call or an error, and why')
    .argument('[query]', 'what the model is about to deal with')
    .option('--call <call>', "the tool call about to be made: 'tool {json arguments}'")
    .option('--error <text>', 'the error just seen')
    .option('--tools <names>', 'the tools on offer, separated by commas')
    .option('--limit <n>', 'at most this many lessons')
    .option('--prompt', 'print the block for the model itself')
    .action((query: string | undefined, options: RecallOptions) =>
      run(recall, async context => (await import('../actions/recall.ts')).recall(context, query, options)),
    )
  example(
    recall,
    'recall "customer wants a refund"',
    `recall --call 'issue_refund {"order":"#1"}' --error "order not delivered yet"`,
  )

  const feedback = root
    .command('feedback')
    .description('say whether recalled lessons helped; this is what trust grows from')
    .argument('<recall-id>', 'as printed by recall')
    .argument('<outcome>', 'helped, hurt or unused; solved or failed says how the task ended')
    .option('--item <cid>', 'the recalled lesson that was used; needed when there were several')
    .action((recallId: string, outcome: string, options: { item?: string }) =>
      run(feedback, async context =>
        (await import('../actions/recall.ts')).feedback(context, recallId, outcome, options.item),
      ),
    )
  example(feedback, 'feedback r-51c0 helped --item bafkrei…')
}
