/** Opens what an action needs (settings, then a client) and closes it again, whatever happens in between. */

import type { Result } from '../../../protocol/types.ts'
import { type Client, openClient } from './client.ts'
import type { Context } from './context.ts'
import { dataFolder, loadSettings } from './settings.ts'

export interface Needs {
  /** The command is of no use on stored data. */
  readonly running?: boolean
  /** The command may begin a data folder. */
  readonly mayCreate?: boolean
}

export async function withClient<T>(
  context: Context,
  needs: Needs,
  use: (client: Client) => Promise<Result<T>>,
): Promise<Result<T>> {
  const { program, out } = context
  const folder = await dataFolder(program, context.dataFlag)
  const read = await loadSettings(program, folder, context.settingFlags)
  if (!read.ok) return read
  const opened = await openClient({
    program,
    folder,
    settings: read.value.settings,
    log: (level, message) => {
      if (level === 'error' || (level === 'warn' && out.verbose)) out.note(message)
    },
    needsRunning: needs.running === true,
    mayCreate: needs.mayCreate === true,
  })
  if (!opened.ok) return opened
  try {
    return await use(opened.value)
  } finally {
    await opened.value.close()
  }
}
