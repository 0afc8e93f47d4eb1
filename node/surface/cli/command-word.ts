/**
 * Which command a command line names, before it is read as a whole: a node's process is set up otherwise than that of
 * a short command, and an experiment has options of its own.
 */

/** Global options that take the next word. */
const withValue: ReadonlySet<string> = new Set(['--data', '--set'])

export function commandWord(argv: readonly string[]): string | undefined {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (withValue.has(word)) at++
    else if (!word.startsWith('-')) return word
  }
  return undefined
}
