/**
 * The folder that holds everything a node keeps. It is made for its owner alone and tried before anything opens it,
 * so that a full, read-only or mistaken folder is a sentence with a way out and not a failure deep in the database.
 */

import { randomBytes } from 'node:crypto'
import { mkdir, readdir, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import envPaths from 'env-paths'
import type { Failure, Result } from '../../protocol/types.ts'

export type DataFolderCode =
  | 'data-folder-not-a-folder'
  | 'data-folder-read-only'
  | 'data-folder-full'
  | 'data-folder-unusable'

/** `$XDG_DATA_HOME/swarmlore` where that is set, on every system; else the system's usual place. */
export function defaultDataFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const base = environment.XDG_DATA_HOME
  return base ? join(base, 'swarmlore') : envPaths('swarmlore', { suffix: '' }).data
}

/** The folder's absolute path, once it exists and a file could be written in it. */
export async function prepareDataFolder(folder: string): Promise<Result<string, DataFolderCode>> {
  const path = resolve(folder)
  const probe = join(path, `.${randomBytes(6).toString('hex')}.probe`)
  try {
    await makeFolder(path)
    await writeFile(probe, 'swarmlore', { flag: 'wx', mode: 0o600 })
    await unlink(probe)
    return { ok: true, value: path }
  } catch (error) {
    await unlink(probe).catch(() => undefined)
    return explain(path, error)
  }
}

export function keyPath(folder: string): string {
  return join(folder, 'key')
}

export function storePath(folder: string): string {
  return join(folder, 'store')
}

/** Whether a node has kept anything here. What cannot be looked into is taken to hold something: it must not be begun anew. */
export async function holdsStore(folder: string): Promise<boolean> {
  try {
    return (await readdir(storePath(folder))).length > 0
  } catch (error) {
    return !isAbsent(error)
  }
}

/** Whether a node was begun here: reading commands begin none. */
export async function holdsNode(folder: string): Promise<boolean> {
  try {
    await stat(keyPath(folder))
    return true
  } catch (error) {
    return !isAbsent(error) || (await holdsStore(folder))
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

/** Whatever keeps it from being looked at: the caller has the failure that it will tell. */
async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() ?? false
}

/** For the owner alone, parents included. Node's own recursive mkdir never ends where the system refuses with ENOENT. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return
    const parent = dirname(path)
    if (code !== 'ENOENT' || parent === path || (await isFolder(parent))) throw error
    await makeFolder(parent)
    await mkdir(path, { mode: 0o700 })
  }
}

function explain(path: string, error: unknown): Failure<DataFolderCode> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return fail(
        'data-folder-not-a-folder',
        `${path} is a file, or lies below one. Name another data folder with --data.`,
      )
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return fail(
        'data-folder-read-only',
        `The data folder ${path} cannot be written (${code}). Make it writable for this user, or name another with --data.`,
      )
    case 'ENOSPC':
    case 'EDQUOT':
      return fail(
        'data-folder-full',
        `There is no room left for the data folder ${path} (${code}). Make room, or name another with --data.`,
      )
    default:
      return fail(
        'data-folder-unusable',
        `The data folder ${path} cannot be used (${code}). Name another with --data.`,
      )
  }
}

function fail(code: DataFolderCode, message: string): Failure<DataFolderCode> {
  return { ok: false, code, message }
}
