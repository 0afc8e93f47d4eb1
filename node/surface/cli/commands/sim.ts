/** `sim`: many nodes in one process, on a clock and a network of their own, and everything that may go wrong. */

import type { Command } from 'commander'
import { type Context, example, type Run, usage } from '../context.ts'
import type { SimOptions, SpreadOptions } from '../options.ts'

export function addSimCommands(root: Command, run: Run): void {
  const sim = root
    .command('sim')
    .description('simulate a swarm: the same seed gives the same run, whatever goes wrong in it')
    .option('--nodes <n>', 'how many nodes (20)')
    .option('--minutes <n>', 'simulated minutes in which they work and things go wrong (10)')
    .option('--seed <text>', 'what the run follows from (1)')
    .option('--seeds <a..b>', 'one run for each of these seeds')
    .option('--shard <i/n>', 'of these seeds, the i-th of every n: one process or machine for each i')
    .option(
      '--faults <list>',
      'what goes wrong: names with commas between them, each with =strength where it is not the usual one; all (without split), or none (none); any other name is answered with all there are',
    )
    .option(
      '--adversaries <list>',
      'who means harm, by their share of all machines, written like the faults (none); of all kinds so many as two in five machines have room for',
    )
    .option(
      '--workload <name>',
      'what there is to learn: synthetic, clinc150, opentriviaqa or tau_bench (synthetic)',
    )
    .option('--workload-data <dir>', 'the folder with the public data of the others (../shared/data)')
    .option('--publishes <n>', 'lessons that a node publishes in an hour; 0 for none (12)')
    .option('--recalls <n>', 'questions that a node asks in an hour; 0 for none (60)')
    .option(
      '--until <event>',
      'stop at this event, a number as it stands in a trace, at this simulated time (90.5s), or where a replayed run failed (failure), and show what came before',
    )
    .option(
      '--report <dir>',
      'write report.html and report.json there, and a replay file for each failing seed',
    )
    .option('--replay <file>', 'run a failed run again, and say whether it is the same')
    .action((options: SimOptions) =>
      runStrictly(sim, async context => (await import('../actions/sim.ts')).runSim(context, options)),
    )
  example(
    sim,
    'sim --nodes 20 --minutes 10 --seed 7 --faults all --report out/',
    'sim --seed 7 --adversaries sybil=0.3,forger',
    'sim --seeds 1..10000 --shard 3/16 --faults crash=0.2,partition,loss --json > 3.jsonl',
    'sim --replay out/replay-17.json',
  )

  const runStrictly: Run = (command, action) =>
    run(command, async context => strayed(sim, command, context) ?? action(context))

  const calibrate = sim
    .command('calibrate')
    .description('hold the simulated network to real nodes on this machine; takes some ten minutes')
    .action(() =>
      runStrictly(calibrate, async context =>
        (await import('../actions/calibrate.ts')).runCalibrate(context),
      ),
    )
  example(calibrate, 'sim calibrate --json')

  const spread = sim
    .command('spread')
    .description(
      'how far and how fast digests spread in swarms too large for whole nodes, and what that costs',
    )
    .option('--sizes <list>', 'numbers of nodes (100,1000,10000,100000)')
    .option('--lessons <n>', 'lessons in each of them (10)')
    .option(
      '--by <what>',
      'gossip, one lesson after the other, or catch-up, all of one node at once with gossip silent: then the cost is that of three minutes (gossip)',
    )
    .option('--loss <share>', 'share of gossiped messages that vanish (0)')
    .option('--whole <n>', 'beside them a swarm of so many whole nodes')
    .action((options: SpreadOptions) =>
      runStrictly(spread, async context =>
        (await import('../actions/spread.ts')).runSpread(context, options),
      ),
    )
  example(spread, 'sim spread --loss 0.05 --whole 100', 'sim spread --by catch-up --whole 100')

  const merge = sim
    .command('merge')
    .description('join what the shards of a sweep have printed with --json')
    .argument('<file...>', 'files of JSON lines')
    .option('--report <dir>', 'write report.html and report.json of the whole there')
    .action((files: readonly string[]) =>
      runStrictly(merge, async context =>
        (await import('../actions/sim.ts')).runMerge(context, files, merge.optsWithGlobals<SimOptions>()),
      ),
    )
  example(merge, 'sim merge 1.jsonl 2.jsonl 3.jsonl')
}

/** What was given and would be passed over: commander takes the options of `sim`, and those of all, wherever they stand. */
function strayed(
  sim: Command,
  command: Command,
  { dataFlag, settingFlags }: Context,
): ReturnType<typeof usage> | undefined {
  const known = command.options.map(option => option.long)
  const stray = sim.options.find(
    option => sim.getOptionValue(option.attributeName()) !== undefined && !known.includes(option.long),
  )
  if (stray !== undefined) return usage(`sim ${command.name()} takes no ${stray.long}: leave it out.`)
  if (dataFlag === undefined && Object.keys(settingFlags).length === 0) return undefined
  return usage('The simulated nodes have folders and settings of their own: leave out --data and --set.')
}
