/** What `config show|path` do. They read no store and need no node. */

import type { Result } from '../../../../protocol/types.ts'
import { settingsSchema } from '../../../config.ts'
import { type Context, done } from '../context.ts'
import type { ExitStatus } from '../exit-status.ts'
import { table } from '../output.ts'
import { configPath, dataFolder, loadSettings } from '../settings.ts'

export async function show(context: Context): Promise<Result<ExitStatus>> {
  const folder = await dataFolder(context.program, context.dataFlag)
  const read = await loadSettings(context.program, folder, context.settingFlags)
  if (!read.ok) return read
  const from: Readonly<Record<string, string | undefined>> = read.value.from
  const values: Readonly<Record<string, unknown>> = read.value.settings
  // By the schema: a setting without a default has no place among the values while it is not set.
  const settings = Object.fromEntries(
    Object.keys(settingsSchema.shape).map(name => [
      name,
      { value: values[name] ?? null, from: from[name] ?? 'default' },
    ]),
  )
  context.out.show({ data: folder, settings }, () => [
    `Data folder: ${folder}`,
    ...table(
      Object.entries(settings).map(([name, { value, from }]) =>
        value === null ? [name, 'not set'] : [name, JSON.stringify(value), from],
      ),
    ),
  ])
  return done
}

export async function path(context: Context): Promise<Result<ExitStatus>> {
  const folder = await dataFolder(context.program, context.dataFlag)
  const config = configPath(folder)
  context.out.show({ data: folder, config }, () => [folder, config])
  return done
}
