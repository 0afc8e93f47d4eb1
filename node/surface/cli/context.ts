/**
 * What every command has in hand, and the way from commander to its action. Nothing heavy is imported here: the
 * actions are loaded when their command runs, so that `--help` stays quick.
 */

import type { Command } from 'commander'
import type { Result } from '../../../protocol/types.ts'
import type { ExitStatus } from './exit-status.ts'
import type { Output } from './output.ts'
import type { Program } from './program.ts'

export interface Context {
  readonly program: Program
  readonly out: Output
  /** `--data`, where given. */
  readonly dataFlag: string | undefined
  /** Settings given as flags, by name. */
  readonly settingFlags: SettingFlags
}

export type SettingFlags = Readonly<Record<string, SettingFlag>>

export interface SettingFlag {
  /** As it stands on the command line, for messages: `--http-port`, `--set httpPort`. */
  readonly flag: string
  readonly text: string
}

type Action = (context: Context) => Promise<Result<ExitStatus>>

/** Runs an action with the context of its command. Made by cli.ts. */
export type Run = (command: Command, action: Action, settingFlags?: SettingFlags) => Promise<void>

/** Options that every command has. */
export interface GlobalOptions {
  readonly data?: string
  readonly json?: boolean
  readonly verbose?: boolean
  readonly set?: Readonly<Record<string, string>>
}

export const done: Result<ExitStatus> = { ok: true, value: 0 }

export function usage(message: string): Result<never> {
  return { ok: false, code: 'bad-usage', message }
}

/** Examples in the help of a command; one may go on over several lines. */
export function example(command: Command, ...examples: string[]): Command {
  const lines = examples.map(words => `  $ swarmlore ${words}`)
  return command.addHelpText('after', `\nExample:\n${lines.join('\n')}`)
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

type Given<T> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>
}

/** The object without what is undefined: an input that is not given must not stand there at all. */
export function given<T extends object>(object: T): Given<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Given<T>
}
