/**
 * The files of a simulation: results to join and a run to see again are read within a limit; a report's folder is tried
 * before anything runs, and what belongs together stands in it whole or not at all.
 */

import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Result } from '../../protocol/types.ts'

export async function readTextFile(path: string, bytesMax: number): Promise<Result<string>> {
  // As it is where a variable on the command line is not set.
  if (path === '') return bad('A file to read has an empty name.')
  try {
    const found = await stat(path)
    // A pipe or a device may never end.
    if (!found.isFile()) return bad(`${path} is no file.`)
    if (found.size > bytesMax)
      return bad(`${path} is larger than the ${bytesMax} bytes that such a file may have.`)
    return { ok: true, value: await readFile(path, 'utf8') }
  } catch (cause) {
    return bad(`${path} cannot be read: ${reasonOf(cause)}.`)
  }
}

export interface ReportFolder {
  /** Texts by the names of their files: all of them, or none. */
  write(texts: Readonly<Record<string, string>>): Promise<Result<undefined>>
}

/** Every report has these; hours of work would come to nothing where they cannot be written. */
const reportFiles = ['report.html', 'report.json']

/** Made where it is not there. Fails where nothing can be written into it. */
export async function openReportFolder(path: string): Promise<Result<ReportFolder>> {
  // Else it would be the working folder, where a variable on the command line is not set.
  if (path === '') return bad('--report wants the name of a folder.')
  const write: ReportFolder['write'] = async texts => {
    const files = Object.entries(texts).map(([name, text]) => ({
      name: join(path, basename(name)),
      temporary: join(path, `.${basename(name)}.${randomUUID()}.new`),
      text,
    }))
    try {
      // A full disk shows here, before any of them has its name.
      for (const { temporary, text } of files) await writeFile(temporary, text)
      await refuseFolders(path, Object.keys(texts))
      for (const { name, temporary } of files) await rename(temporary, name)
      return { ok: true, value: undefined }
    } catch (cause) {
      for (const { temporary } of files) await rm(temporary, { force: true })
      const names = files.map(({ name }) => name).join(' and ')
      return {
        ok: false,
        code: 'store-write-failed',
        message: `${names} could not be written: ${reasonOf(cause)}.`,
      }
    }
  }
  const probe = join(path, `.${randomUUID()}.new`)
  try {
    await makeFolder(resolve(path))
    // Permissions alone do not tell: a disk may be full or mounted to be read.
    await (await open(probe, 'wx')).close()
    await rm(probe)
    await refuseFolders(path, reportFiles)
  } catch (cause) {
    return bad(
      `Nothing can be written into the folder ${path}: ${reasonOf(cause)}. Name another one with --report.`,
    )
  }
  return { ok: true, value: { write } }
}

/** No file can take the name of a folder, and others would have theirs by then. */
async function refuseFolders(path: string, names: readonly string[]): Promise<void> {
  const there = await readdir(path, { withFileTypes: true })
  const folder = there.find(one => one.isDirectory() && names.includes(one.name))
  if (folder !== undefined) throw new TypeError(`${join(path, folder.name)} is a folder.`)
}

/** With the folders above it. Node's own way to do that never ends where a system without files, as /proc, refuses. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path) throw cause
    await makeFolder(dirname(path))
    await mkdir(path)
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause)
}

function bad(message: string): Result<never> {
  return { ok: false, code: 'bad-usage', message }
}
