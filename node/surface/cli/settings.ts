/**
 * The settings of a command: flags, then environment, then `<data>/config.json`, then defaults. config.ts knows
 * what the settings are; this file knows where they stand.
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Result } from '../../../protocol/types.ts'
import { type ReadSettings, readSettings, type SettingsSource, settingFromText } from '../../config.ts'
import type { SettingFlags } from './context.ts'
import type { Program } from './program.ts'

const environmentPrefix = 'SWARMLORE_'
/** The folder itself cannot stand in the folder's own file. */
const dataVariable = `${environmentPrefix}DATA`

export async function dataFolder(program: Program, flag: string | undefined): Promise<string> {
  return flag ?? nonEmpty(program.env[dataVariable]) ?? (await program.defaultDataFolder())
}

export function configPath(folder: string): string {
  return join(folder, 'config.json')
}

export async function loadSettings(
  program: Program,
  folder: string,
  flags: SettingFlags,
): Promise<Result<ReadSettings>> {
  const file = await readConfigFile(configPath(folder))
  if (!file.ok) return file
  const flagSource: SettingsSource = {
    name: key => flags[key]?.flag ?? key,
    values: Object.fromEntries(
      Object.entries(flags).map(([key, { text }]) => [key, settingFromText(key, text)]),
    ),
  }
  return readSettings([flagSource, environmentSource(program.env), file.value])
}

async function readConfigFile(path: string): Promise<Result<SettingsSource>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { ok: true, value: { name: key => key, values: {} } }
    return bad(`The settings in ${path} cannot be read (${code}). Give this user access to the file.`)
  }
  let values: unknown
  try {
    values = JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return bad(`${path} is not JSON: ${reason}. Mend it, or delete it to go back to the defaults.`)
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    return bad(`${path} must hold one JSON object, such as {"httpPort": 7718}.`)
  }
  return { ok: true, value: { name: key => `${key} in ${path}`, values: { ...values } } }
}

function environmentSource(env: Program['env']): SettingsSource {
  const values: Record<string, unknown> = {}
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(environmentPrefix) || name === dataVariable || text === undefined) continue
    const key = camelCase(name.slice(environmentPrefix.length))
    values[key] = settingFromText(key, text)
  }
  return { name: key => environmentPrefix + snakeCase(key), values }
}

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function bad(message: string): Result<never> {
  return { ok: false, code: 'bad-setting', message }
}
