/** `experiment`: the measurements behind the claims, on data that anybody can bring. */

import type { Command } from 'commander'
import { collect, example, type Run } from '../context.ts'
import type { E7CommandOptions } from '../options.ts'

export function addExperimentCommands(root: Command, run: Run): void {
  const experiment = root
    .command('experiment')
    .description('measure what lessons are worth, on recorded runs')
  const e7 = experiment
    .command('e7')
    .description(
      'recorded agent runs: what lessons they give, whether halves agree, and whether recall finds them',
    )
    .option('--data <file>', 'a file of transcripts, one JSON object a line; may be repeated', collect)
    .option('--seed <text>', 'another seed draws other halves, tasks and samples', '1')
    .option('--held-out <n>', 'tasks that are left out in turn for recall', '11')
    .action((options: E7CommandOptions) =>
      run(e7, async context => (await import('../actions/experiments.ts')).runE7(context, options)),
    )
  example(e7, 'experiment e7 --data runs.jsonl --json')
}
