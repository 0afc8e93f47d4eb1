/**
 * The command line: global options, the commands, errors and exit status. It imports commander and the thin
 * definitions of the commands; what a command does is loaded when it runs.
 */

import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { commandWord } from './cli/command-word.ts'
import { addEntryCommands } from './cli/commands/entries.ts'
import { addEpisodeCommands } from './cli/commands/episodes.ts'
import { addExperimentCommands } from './cli/commands/experiments.ts'
import { addNodeCommands } from './cli/commands/node.ts'
import { addPeerCommands } from './cli/commands/peers.ts'
import { addRecallCommands } from './cli/commands/recall.ts'
import { addSimCommands } from './cli/commands/sim.ts'
import { addSwarmCommands } from './cli/commands/swarms.ts'
import type { Context, GlobalOptions, Run, SettingFlags } from './cli/context.ts'
import { type ExitStatus, exitStatus, exitStatusOf } from './cli/exit-status.ts'
import { Output, type Sink } from './cli/output.ts'
import type { Program } from './cli/program.ts'
import { expectedFailure } from './failure.ts'

export type { Composed, Program } from './cli/program.ts'

export interface Streams {
  readonly stdout: Sink
  readonly stderr: Sink
}

/** Runs one command line (without the executable and the script) and answers with its exit status. */
export async function runCli(
  program: Program,
  argv: readonly string[],
  streams: Streams = process,
): Promise<ExitStatus> {
  let status: ExitStatus = exitStatus.done
  const run: Run = async (command, action, settingFlags = {}) => {
    const options = command.optsWithGlobals<GlobalOptions>()
    const out = outputOf(options, streams)
    const context: Context = {
      program,
      out,
      dataFlag: options.data,
      settingFlags: { ...bySet(options.set ?? {}), ...settingFlags },
    }
    const result = await action(context)
    status = result.ok ? result.value : exitStatusOf(result.code)
    if (!result.ok) out.failure(result)
  }
  // An experiment keeps nothing: there --data names files of recorded runs, not the data folder.
  const root = commandLine(program, run, streams, commandWord(argv) !== 'experiment')
  try {
    await root.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version end here, too.
      if (error.exitCode === 0) return exitStatus.done
      if (asksForJson(argv)) outputOf({ json: true }, streams).document({ error: usageError(error) })
      return exitStatus.wrongUsage
    }
    const expected = expectedFailure(error)
    if (expected !== undefined) {
      outputOf(root.opts<GlobalOptions>(), streams).failure({ ...expected, cause: error })
      return exitStatusOf(expected.code)
    }
    const reason = error instanceof Error ? error.message : String(error)
    outputOf(root.opts<GlobalOptions>(), streams).failure({
      code: 'internal',
      message: `Something went wrong that should not: ${reason.replace(/\.$/, '')}. Please report it; --verbose shows more.`,
      cause: error,
    })
    return exitStatus.failed
  }
  return status
}

function commandLine(
  program: Program,
  run: Run,
  { stdout, stderr }: Streams,
  withDataFolder: boolean,
): Command {
  const root: Command = new Command('swarmlore')
    .description(
      'A node beside each deployed model: what the model learned becomes small signed lessons, shared with a swarm of peers, and recalled where they help.',
    )
    .version(program.version)
    .option('--json', 'print one JSON document (JSON lines for streams) and nothing else')
    .option('--verbose', 'show the causes of errors')
    .option('--set <name=value>', 'one setting, before environment and config.json; may be repeated', setting)
    // Not those of a command above, as `sim`: it takes them, and its subcommands refuse them.
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: () => [...root.options] })
    .configureOutput({ writeOut: text => stdout.write(text), writeErr: text => stderr.write(text) })
    .showHelpAfterError('(--help shows how it is used)')
    .exitOverride()
    .addHelpText('after', startHere)
  if (withDataFolder)
    root.option(
      '--data <dir>',
      'the data folder (default: $SWARMLORE_DATA, or the usual place of the system)',
    )
  addNodeCommands(root, run)
  addEpisodeCommands(root, run)
  addRecallCommands(root, run)
  addEntryCommands(root, run)
  addPeerCommands(root, run)
  addSwarmCommands(root, run)
  addExperimentCommands(root, run)
  addSimCommands(root, run)
  return root
}

const startHere = `
Example:
  $ swarmlore demo                     three nodes on this machine show the whole way
  $ swarmlore up                       run a node
  $ swarmlore ingest runs.jsonl        lessons out of recorded conversations
  $ swarmlore recall "refund denied"   what would be handed to the model

Exit status: 0 done, 1 failed, 2 wrong usage, 3 no node is running and one is needed,
4 the data folder is in use, 5 partly done.`

function setting(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) {
    throw new InvalidArgumentError('It wants name=value, such as httpPort=7718.')
  }
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

function bySet(texts: Readonly<Record<string, string>>): SettingFlags {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, { flag: `--set ${name}`, text }]),
  )
}

/** By the words themselves: the error may stand before the option, where commander has not read it yet. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end < 0 ? argv.length : end).includes('--json')
}

/** What commander found, and has written to standard error in its own way. */
function usageError(error: CommanderError): { code: string; message: string } {
  if (error.code === 'commander.help') {
    return { code: 'bad-usage', message: 'A command is missing. --help lists the commands.' }
  }
  const text = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, '. ')
  const sentence = text.charAt(0).toUpperCase() + text.slice(1)
  return { code: 'bad-usage', message: /[.?!)]$/.test(sentence) ? sentence : `${sentence}.` }
}

function outputOf(options: GlobalOptions, streams: Streams): Output {
  return new Output({
    json: options.json === true,
    verbose: options.verbose === true,
    stdout: streams.stdout,
    stderr: streams.stderr,
  })
}
