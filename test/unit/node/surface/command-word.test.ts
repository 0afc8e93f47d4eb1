import { expect, test } from 'vitest'
import { commandWord } from '../../../../node/surface/cli/command-word.ts'

test.each([
  [['up'], 'up'],
  [['--json', '--data', 'up', '--set', 'httpPort=1', 'up', '--no-mdns'], 'up'],
  [['--data=up', 'status'], 'status'],
  [['recall', 'up'], 'recall'],
  [['--data', 'up'], undefined],
  [[], undefined],
] as const)('the command of %j is %s', (argv, word) => {
  expect(commandWord(argv)).toBe(word)
})
