/**
 * Folders of the benchmark, all under the system's temporary one: some for a moment, and some kept from run to run
 * because they are dear to make. What is kept lies under a hash of all that it was made from, so it is never stale.
 */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Root of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

const cache = join(tmpdir(), 'swarmlore-bench-cache')

export async function withTempFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'swarmlore-bench-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The folder of this name and key, made by `make` where it is not there yet. It appears whole or not at all. */
export async function cachedFolder(
  name: string,
  key: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(cache, `${name}-${key.slice(0, 16)}`)
  if (existsSync(folder)) return folder
  await mkdir(cache, { recursive: true, mode: 0o700 })
  const making = await mkdtemp(join(cache, `.${name}-`))
  try {
    await make(making)
    await rename(making, folder)
  } catch (error) {
    await rm(making, { recursive: true, force: true })
    throw error
  }
  return folder
}

export function hashOf(parts: Iterable<string | Uint8Array>): string {
  const hash = createHash('sha256')
  for (const part of parts) {
    hash.update(`${part.length}:`)
    hash.update(part)
  }
  return hash.digest('hex')
}

/** A hash over the sources below these paths of the repository: what they write may change with them. */
export async function sourceHash(paths: readonly string[]): Promise<string> {
  const parts: (string | Uint8Array)[] = []
  for (const path of paths) {
    const files = path.endsWith('.ts') ? [''] : await readdir(join(root, path), { recursive: true })
    for (const file of files.filter(one => one === '' || one.endsWith('.ts')).sort())
      parts.push(file, await readFile(join(root, path, file)))
  }
  return hashOf(parts)
}
