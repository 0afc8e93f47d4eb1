/** Public data that may lie beside the repository, in `../shared/data`. It is not part of the project. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './folders.ts'

const folder = join(root, '../shared/data')

/** The rows of a JSON-lines file, or undefined where it is absent. */
export async function sharedRows(file: string): Promise<Record<string, unknown>[] | undefined> {
  let text: string
  try {
    text = await readFile(join(folder, file), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const rows: Record<string, unknown>[] = []
  for (const line of text.split('\n')) if (line !== '') rows.push(JSON.parse(line))
  return rows
}

export function absent(file: string): string {
  return `../shared/data/${file} is not there`
}
