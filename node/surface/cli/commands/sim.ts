/** `sim`: many nodes in one process, on a clock and a network of their own, and everything that may go wrong. */

import type { Command } from 'commander'
import { example, type Run } from '../context.ts'
import type { SimOptions } from '../options.ts'

export function addSimCommands(root: Command, run: Run): void {
  const sim = root
    .command('sim')
    .description('simulate a swarm: the same seed gives the same run, whatever goes wrong in it')
    .option('--nodes <n>', 'how many nodes (20)')
    .option('--minutes <n>', 'simulated minutes in which they work and things go wrong (10)')
    .option('--seed <text>', 'what the run follows from (1)')
    .option('--seeds <a..b>', 'one run for each of these seeds')
    .option(
      '--faults <list>',
      'what goes wrong: names with commas between them, each with =strength where it is not the usual one; all, or none (none)',
    )
    .action((options: SimOptions) =>
      run(sim, async context => (await import('../actions/sim.ts')).runSim(context, options)),
    )
  example(
    sim,
    'sim --nodes 20 --minutes 10 --seed 7 --faults all',
    'sim --seeds 1..100 --faults crash=0.2,partition,loss --json',
  )

  const calibrate = sim
    .command('calibrate')
    .description('hold the simulated network to real nodes on this machine; takes some eight minutes')
    .action(() =>
      run(calibrate, async context => (await import('../actions/calibrate.ts')).runCalibrate(context)),
    )
  example(calibrate, 'sim calibrate --json')
}
